"""Promotion by approval in Prefect's pages: one deployment, whose form names the proposal that waits."""

from datetime import timedelta

from prefect import flow, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import deployment
from prefect.states import Completed, Failed, State

from flows.acting_deployments import PROMOTE_FLOW
from flows.contest import contest
from flows.orchestrator import orchestrator
from flows.predicting import keep, open_copies
from flows.promoting import approve, chosen
from flows.proposals_form import show_proposals
from flows.rollback import claimed_actor
from flows.rolling_back import policy_of
from flows.rollout import open_rollout
from flows.run import world_of
from profiles.errors import MusterError
from registry.settings import load_settings

PATIENCE = timedelta(minutes=2)


@flow(name=PROMOTE_FLOW, flow_run_name="promote-{proposal}")
def promote_proposed(proposal: str = "", reason: str = "approved in Prefect", who: str = "") -> State:
    """Approve a proposal and promote its version; with nothing filled in, the only one that waits."""
    log = get_run_logger()
    settings = load_settings()
    world = world_of(settings)
    try:
        found = chosen(world, proposal)
        create_markdown_artifact(
            contest(found, world), key=f"promote-{found.model}".replace(".", "-").replace("_", "-")
        )
        done = approve(found, claimed_actor(who), reason, world, open_rollout(settings), PATIENCE)
    except MusterError as error:
        log.error("%s", error)  # noqa: TRY400 - a refusal is told, not traced
        return Failed(message=str(error))
    for line in (*done.said, *keep(policy_of(done.model, world), world.ledger, open_copies(settings))):
        log.info("%s: %s", done.model, line)
    if deployment.id is not None:
        with orchestrator() as client:
            show_proposals(world, client)
    if done.verified is False:
        return Completed(name="Not verified", message=done.said[-1])
    return Completed(message=done.said[-1])
