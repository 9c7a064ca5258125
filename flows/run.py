"""What the runs over a fleet share: the clock, the policies, the world, and how they end."""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from prefect import get_run_logger
from prefect.exceptions import FailedRun
from prefect.runtime import flow_run
from prefect.states import Completed, Failed, State

from flows.world import World, open_world
from policies.load import Fleet, LoadedPolicy, load_policies
from profiles.errors import SettingsInvalid
from registry.settings import Settings, load_settings

# A window is mostly Arrow and numpy, which leave the interpreter's lock; more threads than this only wait.
THREADS = 4


def scheduled() -> datetime:
    """Return the time this run was scheduled for, so that a late or repeated run finds the same due."""
    at: datetime = flow_run.scheduled_start_time
    # Prefect's is a pendulum time, whose differences are not quite timedeltas: they have no `//`.
    return datetime.fromisoformat(at.isoformat())


def flow_run_id() -> str | None:
    """Return the run's id on the Prefect server."""
    found: str | None = flow_run.id
    return found


def fleet_of_settings() -> Fleet:
    """Return the policies that the worker's settings name; SettingsInvalid when they name none."""
    roots = load_settings().policies
    if not roots:
        # A worker runs in a folder of its own: without settings it would watch nothing and call it done.
        raise SettingsInvalid(
            "this worker knows no policy roots; start it with MUSTER_CONFIG (the path of a muster.toml) "
            "or with MUSTER_POLICIES and MUSTER_STATE in its environment"
        )
    return load_policies([Path(root) for root in roots])


@lru_cache(maxsize=1)
def world_of(settings: Settings) -> World:
    """Return one world per process, so that the tasks' threads share a pool of ledger connections."""
    return open_world(settings)


def refused(sentence: str) -> State:
    """Tell why a run does not do what a person asked, and fail it.

    Prefect would add the traceback of its own engine, below which nobody finds the sentence any more.
    """
    log = get_run_logger()
    logging.getLogger("prefect.flow_runs").addFilter(_is_news)
    log.error(sentence)
    return Failed(message=sentence)


def _is_news(record: logging.LogRecord) -> bool:
    return record.exc_info is None or not isinstance(record.exc_info[1], FailedRun)


def outcome(done: str, models: Sequence[LoadedPolicy], runs: Sequence[Any], fleet: Fleet) -> State:
    """Wait for the tasks of `models`; a fault of any, or of any policy, fails the run in the end.

    `done` is what was done to each: `watched`.
    """
    log = get_run_logger()
    failed = []
    for loaded, run in zip(models, runs, strict=True):
        answer = run.result(raise_on_failure=False)
        if not isinstance(answer, list):
            failed.append(f"{loaded.policy.model}: {answer}")
    failed += [str(fault) for fault in fleet.faults]
    for fault in failed:
        log.error(fault)
    if failed:
        return Failed(message=f"{len(models)} models {done}, {len(failed)} faults; first: {failed[0]}")
    return Completed(message=f"{len(models)} models {done}")
