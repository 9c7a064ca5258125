"""Replay: the same steps as by schedule, with a clock that jumps from tick to tick."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.watch import catch_up
from flows.world import World
from policies.load import LoadedPolicy
from policies.policy import Policy
from policies.verdict import Verdict

Tell = Callable[[str, datetime, Sequence[Verdict]], None]


def ticks(policy: Policy, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments at which a schedule would watch `policy`'s windows that start in since..until.

    The last one comes when the labels of the last window have matured, so that no score stays provisional.
    """
    moment = since
    for window in policy.cadence.closed(since, until, timedelta(0)):
        moment = window.end + policy.allowed_lateness
        yield moment
    if policy.labels is not None:
        yield moment + policy.labels.arrives_within


def replay(
    fleet: Mapping[str, LoadedPolicy], world: World, since: datetime, until: datetime, tell: Tell
) -> None:
    """Watch a fleet's windows from `since` to `until` in one flow run, each when a schedule would have.

    `fleet` holds the policies by model. `tell` is called after every tick with the model, the simulated
    time and the verdicts. Runs go through Prefect, so that they can be looked at on its pages.
    """
    due = sorted((now, model) for model in fleet for now in ticks(fleet[model].policy, since, until))

    # Inside, because what they work on (an open ledger, a clock) is no parameter that a page could show.
    @task(name="watch-model", task_run_name="watch-{model}-at-{now}", cache_policy=NO_CACHE)
    def watch_model_at(model: str, now: datetime) -> None:
        tell(model, now, catch_up(fleet[model], replace(world, clock=lambda: now)))

    @flow(name="replay", flow_run_name="replay-{since}-{until}")
    def replay_windows(models: list[str], since: str, until: str) -> None:  # noqa: ARG001 - shown on the page
        for now, model in due:
            watch_model_at(model, now)

    replay_windows(sorted(fleet), f"{since:%Y-%m-%d}", f"{until:%Y-%m-%d}")
