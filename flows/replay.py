"""Replay: the same steps as by schedule, with a clock that jumps from tick to tick."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from types import MappingProxyType

from prefect import flow, task
from prefect.cache_policies import NO_CACHE

from flows.pulse import take_pulse
from flows.watch import catch_up
from flows.world import World
from policies.load import LoadedPolicy
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.window import Window

Tell = Callable[[str, datetime, Sequence[Verdict]], None]
# What else happens to a model at a moment.
Happens = Callable[[str, datetime], None]
PULSE_EVERY = timedelta(minutes=5)


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


def pulses(window: Window | None, since: datetime, until: datetime) -> Iterator[datetime]:
    """Yield the moments of a window and since < moment <= until at which a schedule would take a pulse."""
    if window is None:
        return
    moment = window.start
    while (moment := moment + PULSE_EVERY) <= min(until, window.end):
        if moment > since:
            yield moment


def _nothing(_model: str, _now: datetime) -> None:
    return None


def replay(
    fleet: Mapping[str, LoadedPolicy],
    world: World,
    spans: Mapping[str, Window],
    tell: Tell,
    pulsed: Mapping[str, Window] = MappingProxyType({}),
    before: Happens = _nothing,
    after: Happens = _nothing,
) -> None:
    """Watch the windows of a fleet in one flow run, each when a schedule would have.

    `fleet` holds the policies by model, `spans` the time in which each model's windows start, and `pulsed`
    the time in which a model's pulse is taken as well, as often as the schedule does. `tell` is called after
    every tick with the model, the simulated time and the verdicts. Runs go through Prefect, so that they can
    be looked at on its pages. `before` every tick happens what is to be found then, `after` it what follows.
    """
    due = sorted(
        (now, model, tuple(pulses(pulsed.get(model), before, now)))
        for model, loaded in fleet.items()
        for before, now in pairwise(
            [spans[model].start, *ticks(loaded.policy, spans[model].start, spans[model].end)]
        )
    )

    # Inside, because what they work on (an open ledger, a clock) is no parameter that a page could show.
    @task(name="watch-model", task_run_name="watch-{model}-at-{now}", cache_policy=NO_CACHE)
    def watch_model_at(model: str, now: datetime, pulse_at: tuple[datetime, ...]) -> None:
        for moment in pulse_at:
            take_pulse(fleet[model], replace(world, clock=partial(_at, moment)))
        before(model, now)
        verdicts = catch_up(fleet[model], replace(world, clock=partial(_at, now)))
        after(model, now)
        tell(model, now, verdicts)

    @flow(name="replay", flow_run_name="replay-{since}-{until}")
    def replay_windows(models: list[str], since: str, until: str) -> None:  # noqa: ARG001 - shown on the page
        for now, model, pulse_at in due:
            watch_model_at(model, now, pulse_at)

    if due:
        replay_windows(sorted(fleet), f"{due[0][0]:%Y-%m-%d}", f"{due[-1][0]:%Y-%m-%d}")


def _at(moment: datetime) -> datetime:
    return moment
