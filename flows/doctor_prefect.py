"""What is wrong with the Prefect server that the environment names. Importing this imports Prefect."""

from collections.abc import Iterator

from prefect.client.schemas.objects import WorkerStatus
from prefect.exceptions import ObjectNotFound

from flows.apply import plan
from flows.deployments import deployments_for
from flows.orchestrator import explained, orchestrator
from policies.load import Fleet
from profiles.errors import OrchestratorUnavailable
from registry.settings import Settings


def complaints(settings: Settings, fleet: Fleet) -> Iterator[tuple[str, str]]:
    """Yield what is wrong, each with what mends it."""
    try:
        yield from _found(settings, fleet)
    except OrchestratorUnavailable as error:
        yield str(error), "muster up"


def _found(settings: Settings, fleet: Fleet) -> Iterator[tuple[str, str]]:
    wanted = deployments_for(
        [loaded.policy for loaded in fleet.policies],
        instance=settings.instance,
        work_pool=settings.work_pool,
    )
    with orchestrator() as client, explained():
        todo = plan(wanted, client, instance=settings.instance)
        if todo.add or todo.change:
            names = [spec.full_name for spec in todo.add] + [each.spec.full_name for each in todo.change]
            yield (
                f"{len(names)} deployments are not what the policies say, such as {names[0]}",
                "muster apply",
            )
        if todo.remove:
            name = todo.remove[0].full_name
            yield (
                f"{len(todo.remove)} deployments have no policy any more, such as {name}",
                "muster apply --prune",
            )
        try:
            workers = client.read_workers_for_work_pool(settings.work_pool)
        except ObjectNotFound:
            yield f"there is no work pool {settings.work_pool}", "muster apply"
            return
        if not any(worker.status == WorkerStatus.ONLINE for worker in workers):
            start = f"prefect worker start --pool {settings.work_pool}"
            yield f"no worker takes runs from the work pool {settings.work_pool}", f"muster up, or {start}"
        if client.read_work_pool(settings.work_pool).is_paused:
            resume = f"prefect work-pool resume {settings.work_pool}"
            yield f"the work pool {settings.work_pool} is paused", resume
