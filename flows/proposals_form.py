"""The form of the one deployment that promotes: the proposals that wait, kept up to date on the server."""

from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.actions import DeploymentUpdate
from prefect.exceptions import ObjectNotFound

from flows.acting_deployments import PROMOTE_FLOW
from flows.contest import contest
from flows.deployment_spec import FLEET
from flows.orchestrator import explained
from flows.promoting import proposals
from flows.world import World

_END = "\n\n<!-- proposals -->"


@explained()
def show_proposals(world: World, client: SyncPrefectClient) -> None:
    """Put the proposals that wait into the run form: the oldest as its default, all of them described.

    Nothing happens where `muster apply` has not made the deployment.
    """
    try:
        found = client.read_deployment_by_name(f"{PROMOTE_FLOW}/{FLEET}")
    except ObjectNotFound:
        return
    waiting = proposals(world)
    told = "\n\n".join(contest(each, world) for each in waiting) or "No proposal waits."
    plain = (found.description or "").partition(_END)[0]
    wanted = f"{plain}{_END}\n\n{told}"
    default = {**found.parameters, "proposal": waiting[0].id if waiting else ""}
    if (found.description, found.parameters) != (wanted, default):
        update = DeploymentUpdate(description=wanted, parameters=default)
        client.update_deployment(found.id, update)
