"""The nightly rehearsal of every rollback."""

from prefect import flow, get_run_logger
from prefect.artifacts import create_table_artifact
from prefect.states import Completed, Failed, State

from flows.acting_deployments import REHEARSE_FLOW
from flows.predicting import keep, open_copies, open_predictions
from flows.rehearsing import Rehearsal, rehearse_model
from flows.run import fleet_of_settings, world_of
from profiles.errors import MusterError
from registry.settings import load_settings


@flow(name=REHEARSE_FLOW, flow_run_name="rehearse-fleet")
def rehearse_fleet(team: str = "") -> State:
    """Let every version that a rollback would restore answer the newest rows; empty means every team.

    One that is not ready is an incident of its model; the run fails only when a rehearsal itself did.
    """
    log, settings = get_run_logger(), load_settings()
    world, models = world_of(settings), open_copies(settings)
    done: list[Rehearsal] = []
    failed: list[str] = []
    with open_predictions(settings) as predict:
        for loaded in fleet_of_settings().policies:
            policy = loaded.policy
            if team not in {"", policy.team} or world.ledger.assignment(policy.model) is None:
                continue
            try:
                for sentence in keep(policy, world.ledger, models):
                    log.warning(sentence)
                rehearsal = rehearse_model(policy, world, predict)
            except MusterError as error:
                failed.append(f"{policy.model}: {error}")
                log.error("%s: %s", policy.model, error)  # noqa: TRY400 - told, not traced
                continue
            if rehearsal is not None:
                done.append(rehearsal)
                log.info("%s: %s", rehearsal.model, rehearsal.sentence)
    if done:
        create_table_artifact(
            [_row(each) for each in done], key="rehearsal", description="Rollbacks rehearsed"
        )
    if failed:
        return Failed(message=f"{len(done)} rehearsed, {len(failed)} not; first: {failed[0]}")
    unready = sum(each.ready is not True for each in done)
    return Completed(message=f"{len(done)} rollbacks rehearsed, {unready} not ready")


def _row(done: Rehearsal) -> dict[str, str]:
    return {"model": done.model, "version": done.version, "outcome": done.sentence}
