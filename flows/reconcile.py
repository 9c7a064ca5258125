"""Reconciling: a run every few minutes finishes what another began, or nobody yet."""

from dataclasses import replace

from prefect import flow, get_run_logger
from prefect.states import Completed, Failed, State

from flows.bodies import bodies_of
from flows.dead_runs import bury
from flows.orchestrator import explained, orchestrator
from flows.predicting import open_copies
from flows.proposals_form import show_proposals
from flows.reconciliation import reconcile
from flows.run import fleet_of_settings, flow_run_id, world_of
from flows.telling import secret_block, telling
from flows.world import World, wall_clock
from profiles.errors import MusterError, OrchestratorUnavailable
from registry.settings import load_settings
from registry.versions import MlflowVersions


@flow(name="reconcile", flow_run_name="reconcile-fleet")
def reconcile_fleet() -> State:
    """Finish what is due: intents that wait, messages, aliases, runs whose worker died."""
    log = get_run_logger()
    settings = load_settings()
    fleet = fleet_of_settings()
    world = replace(world_of(settings), flow_run=flow_run_id())
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    dead = (*_buried(settings.instance), *_proposals_shown(world))
    bodies, copies = bodies_of(fleet, settings), open_copies(settings)
    done = reconcile(fleet, world, settings, bodies, versions, copies, show=log.info, block=secret_block)
    for each in done.carried:
        log.info("%s of %s %s: %s", each.intent.key, each.intent.model, each.came, each.sentence)
    for grade in done.grades:
        log.info("%s of %s: %s", grade.intent, grade.model, grade.sentence)
    for said in (*done.aliases, *done.notes, *dead):
        log.warning(said)
    for fault in done.faults:
        log.error(fault)
    ended = Completed if done.is_well else Failed
    return ended(message=done.sentence)


def tell_now() -> None:
    """Deliver what this run has recorded; what cannot be delivered now, reconcile delivers later."""
    log, settings = get_run_logger(), load_settings()
    world = world_of(settings)
    try:
        with telling(world, settings, f"flow run {flow_run_id()}", log.info, secret_block) as deliver:
            deliver()
    except MusterError as error:
        log.warning("messages wait for the next reconcile: %s", error)


def _buried(instance: str) -> tuple[str, ...]:
    try:
        with orchestrator() as client, explained():
            names = bury(client, instance, wall_clock())
    except OrchestratorUnavailable as error:
        return (f"dead runs were not looked for: {error}",)
    return tuple(f"the run {name} was dead, and is marked as crashed" for name in names)


def _proposals_shown(world: World) -> tuple[str, ...]:
    """Put the proposals that wait into the form of the promotion."""
    try:
        with orchestrator() as client:
            show_proposals(world, client)
    except OrchestratorUnavailable as error:
        return (f"the form of promotions was not renewed: {error}",)
    return ()
