"""Bringing a Prefect server in line with the policies: plan what differs, then carry it out.

Importing this imports Prefect, which takes a second and reads the environment: embedded mode calls
`flows.embedded.configure` first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentScheduleCreate, DeploymentUpdate, WorkPoolCreate
from prefect.client.schemas.filters import (
    DeploymentFilter,
    DeploymentFilterName,
    DeploymentFilterTags,
)
from prefect.client.schemas.objects import ConcurrencyOptions, DeploymentSchedule
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.client.schemas.sorting import DeploymentSort
from prefect.exceptions import ObjectNotFound
from prefect.flows import load_flow_from_entrypoint
from prefect.utilities.callables import parameter_schema

from flows.deployments import SCHEDULE_SLUG, DeploymentSpec, instance_tag
from flows.orchestrator import explained
from profiles.effects import effect
from profiles.errors import DeploymentTaken

# The most that Prefect's API returns in one answer.
_PAGE = 200
# What Prefect calls the queue of a work pool that serves deployments which name none.
_DEFAULT_QUEUE = "default"


@dataclass(frozen=True)
class Change:
    """A deployment that is there and differs from its specification in `fields`."""

    spec: DeploymentSpec
    deployment_id: UUID
    schedule_id: UUID | None
    fields: tuple[str, ...]


@dataclass(frozen=True)
class Removal:
    """A deployment of this instance that no policy needs any more."""

    full_name: str
    deployment_id: UUID


@dataclass(frozen=True)
class Plan:
    """What has to be done for a server to run exactly the wanted deployments.

    `unchanged` holds the full names of those that need nothing, `pools` the work pools that are missing.
    """

    add: tuple[DeploymentSpec, ...]
    change: tuple[Change, ...]
    remove: tuple[Removal, ...]
    unchanged: tuple[str, ...]
    pools: tuple[str, ...] = ()


@explained()
def plan(specs: Sequence[DeploymentSpec], client: SyncPrefectClient, *, instance: str) -> Plan:
    """Return what has to be done for `instance` to have exactly the deployments `specs`; changes nothing.

    Only deployments tagged with this instance are considered; DeploymentTaken when a wanted name belongs
    to another. Compared are the version digest and every field that Muster sets. Whether a schedule or a
    deployment is paused, further schedules and job variables are an operator's decisions: they are never
    compared and never changed. Raises OrchestratorUnavailable.
    """
    found = _deployments(client, DeploymentFilterTags(all_=[instance_tag(instance)]), None)
    owned = {name: response for name, response in found.items() if instance_tag(instance) in response.tags}
    missing = [spec for spec in specs if spec.full_name not in owned]
    _refuse_taken(missing, client, instance)
    change, unchanged = [], []
    for spec in specs:
        if (response := owned.get(spec.full_name)) is None:
            continue
        schedule = _schedule(response)
        fields = _differing(spec, response, schedule)
        if fields:
            change.append(Change(spec, response.id, None if schedule is None else schedule.id, fields))
        else:
            unchanged.append(spec.full_name)
    wanted = {spec.full_name for spec in specs}
    stale = [Removal(name, response.id) for name, response in owned.items() if name not in wanted]
    return Plan(
        add=tuple(missing),
        change=tuple(change),
        remove=tuple(sorted(stale, key=lambda removal: removal.full_name)),
        unchanged=tuple(unchanged),
        pools=tuple(pool for pool in sorted({spec.work_pool for spec in specs}) if _lacks(pool, client)),
    )


@explained()
def carry_out(todo: Plan, client: SyncPrefectClient, *, prune: bool) -> None:
    """Do what `todo` says; remove deployments only when `prune` is true.

    Missing work pools are made with the type `process`. What is unchanged causes no call. A paused
    schedule stays paused when its deployment changes. Raises OrchestratorUnavailable; what was done
    before stays done, and the next plan finds the rest.
    """
    for pool in todo.pools:
        make_pool(pool, client)
    for spec in todo.add:
        with effect("create deployment"):
            _create(spec, client)
    for change in todo.change:
        with effect("update deployment"):
            _update(change, client)
    for removal in todo.remove if prune else ():
        with effect("delete deployment"):
            client.delete_deployment(removal.deployment_id)


@explained()
def make_pool(pool: str, client: SyncPrefectClient) -> None:
    """Make a work pool of the type `process`, unless there is one of its name."""
    if _lacks(pool, client):
        with effect("create work pool"):
            client.create_work_pool(WorkPoolCreate(name=pool, type="process"))


def _deployments(
    client: SyncPrefectClient, tags: DeploymentFilterTags | None, name: DeploymentFilterName | None
) -> dict[str, DeploymentResponse]:
    """Return all deployments that pass the filters, by full name."""
    responses: dict[UUID, DeploymentResponse] = {}
    offset = 0
    while True:
        page = client.read_deployments(
            deployment_filter=DeploymentFilter(tags=tags, name=name),
            sort=DeploymentSort.CREATED_DESC,
            limit=_PAGE,
            offset=offset,
        )
        responses |= {response.id: response for response in page}
        offset += _PAGE
        if len(page) < _PAGE:
            break
    flows = {
        flow_id: client.read_flow(flow_id).name
        for flow_id in {response.flow_id for response in responses.values()}
    }
    return {f"{flows[response.flow_id]}/{response.name}": response for response in responses.values()}


def _refuse_taken(missing: Sequence[DeploymentSpec], client: SyncPrefectClient, instance: str) -> None:
    """Raise DeploymentTaken when a deployment that would be created is there and not ours.

    Prefect's create is an upsert by name: without this check, one instance would take over another's.
    """
    for first in range(0, len(missing), _PAGE):
        wanted = missing[first : first + _PAGE]
        names = DeploymentFilterName(any_=[spec.name for spec in wanted])
        there = _deployments(client, None, names)
        for spec in wanted:
            if (response := there.get(spec.full_name)) is not None:
                tags = ", ".join(response.tags) or "none"
                raise DeploymentTaken(
                    f"Instance {instance!r} needs the deployment {spec.full_name}, but the Prefect server has"
                    f" one of that name without the tag {instance_tag(instance)} (its tags: {tags}). Give one"
                    " of the two its own Prefect server, or delete the old one with `prefect deployment"
                    f" delete {spec.full_name}`."
                )


def _lacks(pool: str, client: SyncPrefectClient) -> bool:
    try:
        client.read_work_pool(pool)
    except ObjectNotFound:
        return True
    return False


def _wanted(spec: DeploymentSpec) -> dict[str, Any]:
    """Return the fields as `prefect deploy` would send them, but for schedules and work pool.

    The schema of the parameters comes from the flow itself, so that the run form fits the code.
    """
    flow = load_flow_from_entrypoint(spec.entrypoint, use_placeholder_flow=False)
    return {
        "version": spec.version,
        "description": spec.description,
        "tags": list(spec.tags),
        "parameters": dict(spec.parameters),
        "entrypoint": spec.entrypoint,
        "path": None,
        "pull_steps": [],
        "enforce_parameter_schema": True,
        "parameter_openapi_schema": parameter_schema(flow).model_dump(mode="json", exclude_unset=True),
    }


def _differing(
    spec: DeploymentSpec, response: DeploymentResponse, schedule: DeploymentSchedule | None
) -> tuple[str, ...]:
    """Return the names of the fields in which a deployment differs from its specification."""
    wanted: Mapping[str, Any] = _wanted(spec) | {
        "work_pool": spec.work_pool,
        "work_queue": spec.work_queue or _DEFAULT_QUEUE,
        "concurrency_limit": spec.concurrency_limit,
        "collision_strategy": spec.collision_strategy,
        "schedule": None if spec.cron is None else (spec.cron, spec.timezone),
    }
    limit, options = response.global_concurrency_limit, response.concurrency_options
    actual: Mapping[str, Any] = response.model_dump(mode="json") | {
        "pull_steps": response.pull_steps or [],
        "work_pool": response.work_pool_name,
        "work_queue": response.work_queue_name,
        "concurrency_limit": limit and limit.limit,
        "collision_strategy": options and str(options.collision_strategy.value),
        "schedule": schedule and _rhythm(schedule),
    }
    return tuple(name for name, value in wanted.items() if name not in spec.living and actual[name] != value)


def _schedule(response: DeploymentResponse) -> DeploymentSchedule | None:
    """Return the schedule that Muster made; others beside it are a person's."""
    return next((each for each in response.schedules if each.slug == SCHEDULE_SLUG), None)


def _rhythm(schedule: DeploymentSchedule) -> tuple[str, str | None] | None:
    rhythm = schedule.schedule
    return (rhythm.cron, rhythm.timezone) if isinstance(rhythm, CronSchedule) else None


def _create(spec: DeploymentSpec, client: SyncPrefectClient) -> None:
    client.create_deployment(
        flow_id=client.create_flow_from_name(spec.flow_name),
        name=spec.name,
        work_pool_name=spec.work_pool,
        work_queue_name=spec.work_queue,
        schedules=_schedules(spec),
        concurrency_limit=spec.concurrency_limit,
        concurrency_options=ConcurrencyOptions(collision_strategy=spec.collision_strategy),
        **_wanted(spec),
    )


def _update(change: Change, client: SyncPrefectClient) -> None:
    """Set everything but the schedules at once, then the one schedule that is Muster's.

    Schedules sent along would replace all that are there, a person's own and the pause included.
    """
    spec = change.spec
    client.update_deployment(
        change.deployment_id,
        DeploymentUpdate(
            work_pool_name=spec.work_pool,
            work_queue_name=spec.work_queue,
            concurrency_limit=spec.concurrency_limit,
            concurrency_options=ConcurrencyOptions(collision_strategy=spec.collision_strategy),
            **{name: value for name, value in _wanted(spec).items() if name not in spec.living},
        ),
    )
    if "schedule" not in change.fields:
        return
    if change.schedule_id is None:
        client.create_deployment_schedules(change.deployment_id, _schedules(spec))
    elif spec.cron is None:
        client.delete_deployment_schedule(change.deployment_id, change.schedule_id)
    else:
        rhythm = CronSchedule(cron=spec.cron, timezone=spec.timezone)
        client.update_deployment_schedule(change.deployment_id, change.schedule_id, schedule=rhythm)


def _schedules(spec: DeploymentSpec) -> list[DeploymentScheduleCreate]:
    if spec.cron is None:
        return []
    rhythm = CronSchedule(cron=spec.cron, timezone=spec.timezone)
    return [DeploymentScheduleCreate(schedule=rhythm, slug=SCHEDULE_SLUG)]
