"""Watching: one flow run for a team and cadence, one task per model, plain steps below."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.artifacts import show_change, show_run
from flows.deployments import shard_of
from flows.late import look, remember
from flows.reconcile import tell_now
from flows.run import THREADS, fleet_of_settings, flow_run_id, outcome, scheduled, world_of
from flows.step import begin, due, step
from flows.world import World
from policies.load import LoadedPolicy
from policies.verdict import Verdict
from registry.settings import load_settings


@task(name="watch-model", task_run_name="watch-{model}", cache_policy=NO_CACHE)
def watch_model(model: str, now: datetime, loaded: LoadedPolicy) -> list[str]:
    """Catch up `model` to `now`; return how each window that was watched stands."""
    world = replace(world_of(load_settings()), clock=lambda: now, flow_run=flow_run_id())
    before = world.ledger.judged(model)
    verdicts = catch_up(loaded, world)
    show_change(before, world.ledger.judged(model))
    get_run_logger().info("%s: %s", model, _counted(verdicts))
    return [str(verdict.status) for verdict in verdicts]


def catch_up(loaded: LoadedPolicy, world: World) -> tuple[Verdict, ...]:
    """Watch every window of a model that is due, oldest first; return their verdicts."""
    watched = begin(loaded.policy, loaded.source, world)
    looked = look(watched.policy, world)
    verdicts = tuple(step(watched, window, world) for window in due(watched, world, looked.windows))
    remember(looked, world)
    return verdicts


@flow(
    name="watch",
    flow_run_name="watch-{team}-{cadence}",
    task_runner=ThreadPoolTaskRunner(max_workers=THREADS),
)
def watch_team(team: str = "", cadence: str = "", shard: int = 0, shards: int = 1) -> State:
    """Watch all models of a team that share a cadence; empty means every team, every cadence.

    One model's fault fails its own task and this run's final state, never its neighbours' work.
    """
    now = scheduled()
    fleet = fleet_of_settings()
    mine = [loaded for loaded in fleet.policies if _belongs(loaded, team, cadence, shard, shards)]
    runs = [watch_model.submit(loaded.policy.model, now, quote(loaded)) for loaded in mine]
    ended = outcome("watched", mine, runs, fleet)
    tell_now()
    _show(mine)
    return ended


def _show(watched: Sequence[LoadedPolicy]) -> None:
    models = {loaded.policy.model for loaded in watched}
    newest = world_of(load_settings()).ledger.latest()
    show_run([each.verdict for each in newest if each.verdict.model in models])


def _counted(verdicts: Sequence[Verdict]) -> str:
    statuses = Counter(str(verdict.status) for verdict in verdicts)
    return ", ".join(f"{count} {status}" for status, count in sorted(statuses.items())) or "nothing due"


def _belongs(loaded: LoadedPolicy, team: str, cadence: str, shard: int, shards: int) -> bool:
    policy = loaded.policy
    return (
        team in {"", policy.team}
        and cadence in {"", str(policy.cadence)}
        and shard_of(policy.model, shards) == shard
    )
