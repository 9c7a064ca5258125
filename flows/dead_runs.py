"""Flow runs whose worker was killed stay Running for ever: those without a heartbeat have crashed."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flows.deployments import instance_tag

# Three times Prefect's default pause between two heartbeats, and a minute.
SILENT_FOR = timedelta(minutes=10)
_HEARTBEAT = "prefect.flow-run.heartbeat"


def bury(client: Any, instance: str, at: datetime, silent_for: timedelta = SILENT_FOR) -> tuple[str, ...]:
    """Mark the dead runs of an instance's deployments as crashed, and return their names.

    A run is dead that had a heartbeat once and none for `silent_for`. Where no run at all has had one, the
    events themselves do not arrive, and nothing is said of anybody.
    """
    from prefect.states import Crashed

    since = at - silent_for
    if not _beats(client, since, at):
        return ()
    dead = [
        run
        for run in _running(client, instance, since)
        if _beats(client, run.start_time, at, run.id) and not _beats(client, since, at, run.id)
    ]
    minutes = silent_for // timedelta(minutes=1)
    for run in dead:
        said = (
            f"no heartbeat for {minutes} minutes: whoever ran it was killed. What it left undone is due again"
        )
        client.set_flow_run_state(run.id, Crashed(message=said), force=True)
    return tuple(run.name for run in dead)


def _running(client: Any, instance: str, before: datetime) -> list[Any]:
    from prefect.client.schemas import filters as by

    found: list[Any] = client.read_flow_runs(
        deployment_filter=by.DeploymentFilter(tags=by.DeploymentFilterTags(all_=[instance_tag(instance)])),
        flow_run_filter=by.FlowRunFilter(
            state=by.FlowRunFilterState(type=by.FlowRunFilterStateType(any_=["RUNNING"])),
            start_time=by.FlowRunFilterStartTime(before_=before),
        ),
    )
    return found


def _beats(client: Any, since: datetime, until: datetime, run: UUID | None = None) -> bool:
    """Say whether a run, or any, had a heartbeat in a span of time."""
    from prefect.events import filters as by

    wanted = by.EventFilter(
        occurred=by.EventOccurredFilter(since=since, until=until),
        event=by.EventNameFilter(name=[_HEARTBEAT]),
        resource=None if run is None else by.EventResourceFilter(id=[f"prefect.flow-run.{run}"]),
    )
    return bool(client.read_events(filter=wanted, limit=1).events)
