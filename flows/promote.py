"""Promotion by approval in Prefect's pages: one deployment, whose form names the proposal that waits."""

from datetime import timedelta

from prefect import flow, get_run_logger
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, State

from flows.acting_deployments import PROMOTE_FLOW
from flows.artifacts import show_act, show_contest
from flows.contest import contest
from flows.deployment_spec import FLEET
from flows.orchestrator import orchestrator
from flows.predicting import keep, open_copies
from flows.promoting import Promoted, approve, chosen
from flows.proposals_form import show_proposals
from flows.rollback import claimed_actor
from flows.rolling_back import policy_of
from flows.rollout import open_rollout
from flows.run import refused, world_of
from flows.world import World
from profiles.errors import MusterError
from registry.settings import load_settings
from reports.acts import Act, headline

PATIENCE = timedelta(minutes=2)


def _named() -> str:
    """Return the name of a run: that of the model, which a proposal begins with."""
    return f"promote-{str(flow_run.parameters.get('proposal') or FLEET).partition(':')[0]}"


@flow(name=PROMOTE_FLOW, flow_run_name=_named)
def promote_proposed(proposal: str = "", reason: str = "approved in Prefect", who: str = "") -> State:
    """Approve a proposal: its version becomes the champion.

    Args:
        proposal: What is approved. With nothing filled in it is the only proposal that waits.
        reason: Why; it is kept in the ledger.
        who: Your name, if you like. Nobody checks it, so that it is kept as claimed.
    """
    log = get_run_logger()
    settings = load_settings()
    world = world_of(settings)
    try:
        found = chosen(world, proposal)
        show_contest(found.model, contest(found, world))
        done = approve(found, claimed_actor(who), reason, world, open_rollout(settings), PATIENCE)
    except MusterError as error:
        return refused(str(error))
    for line in (*done.said, *keep(policy_of(done.model, world), world.ledger, open_copies(settings))):
        log.info("%s: %s", done.model, line)
    if deployment.id is not None:
        with orchestrator() as client:
            show_proposals(world, client)
    act = _act(done, world)
    show_act(act)
    if done.verified is False:
        return Completed(name="Not verified", message=headline(act))
    return Completed(message=headline(act))


def _act(done: Promoted, world: World) -> Act:
    now = world.ledger.assignment(done.model)
    left = None if now is None else now.previous
    return Act("promotion", done.model, done.version, left, done.changed, done.verified, done.said)
