"""Watching: one flow run for a team and cadence, one task per model, plain steps below."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.futures import PrefectFuture
from prefect.runtime import flow_run
from prefect.states import Completed, Failed, State
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.deployments import shard_of
from flows.step import begin, due, step
from flows.world import World, open_world
from policies.load import Fleet, LoadedPolicy, load_policies
from policies.verdict import Verdict
from profiles.errors import SettingsInvalid
from registry.settings import Settings, load_settings

# A window is mostly Arrow and numpy, which leave the interpreter's lock; more threads than this only wait.
_THREADS = 4


@task(name="watch-model", task_run_name="watch-{model}", cache_policy=NO_CACHE)
def watch_model(model: str, now: datetime, loaded: LoadedPolicy) -> list[str]:
    """Catch up `model` to `now`; return how each window that was watched stands."""
    world = replace(_world(load_settings()), clock=lambda: now, flow_run=_flow_run_id())
    verdicts = catch_up(loaded, world)
    get_run_logger().info("%s: %s", model, _counted(verdicts))
    return [str(verdict.status) for verdict in verdicts]


def catch_up(loaded: LoadedPolicy, world: World) -> tuple[Verdict, ...]:
    """Watch every window of a model that is due, oldest first; return their verdicts."""
    watched = begin(loaded.policy, loaded.source, world)
    return tuple(step(watched, window, world) for window in due(watched, world))


@flow(
    name="watch",
    flow_run_name="watch-{team}-{cadence}",
    task_runner=ThreadPoolTaskRunner(max_workers=_THREADS),
)
def watch_team(team: str = "", cadence: str = "", shard: int = 0, shards: int = 1) -> State:
    """Watch all models of a team that share a cadence; empty means every team, every cadence.

    One model's fault fails its own task and this run's final state, never its neighbours' work.
    """
    now = _scheduled()
    roots = load_settings().policies
    if not roots:
        # A worker runs in a folder of its own: without settings it would watch nothing and call it done.
        raise SettingsInvalid(
            "this worker knows no policy roots; start it with MUSTER_CONFIG (the path of a muster.toml) "
            "or with MUSTER_POLICIES and MUSTER_STATE in its environment"
        )
    fleet = load_policies([Path(root) for root in roots])
    mine = [loaded for loaded in fleet.policies if _belongs(loaded, team, cadence, shard, shards)]
    runs = [watch_model.submit(loaded.policy.model, now, quote(loaded)) for loaded in mine]
    return _outcome(mine, runs, fleet)


def _outcome(
    watched: Sequence[LoadedPolicy], runs: Sequence[PrefectFuture[list[str]]], fleet: Fleet
) -> State:
    log = get_run_logger()
    failed = []
    for loaded, run in zip(watched, runs, strict=True):
        answer = run.result(raise_on_failure=False)
        if not isinstance(answer, list):
            failed.append(f"{loaded.policy.model}: {answer}")
    failed += [str(fault) for fault in fleet.faults]
    for fault in failed:
        log.error(fault)
    if failed:
        return Failed(message=f"{len(watched)} models watched, {len(failed)} faults; first: {failed[0]}")
    return Completed(message=f"{len(watched)} models watched")


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


def _scheduled() -> datetime:
    """The time this run was scheduled for, so that a late or repeated run watches the same windows."""
    scheduled: datetime = flow_run.scheduled_start_time
    return scheduled


def _flow_run_id() -> str | None:
    found: str | None = flow_run.id
    return found


@lru_cache(maxsize=1)
def _world(settings: Settings) -> World:
    """One ledger connection pool per process, shared by the tasks' threads."""
    return open_world(settings)
