"""Rollback by one click in Prefect's pages. Nothing heavy is imported here: the click waits for it."""

from datetime import UTC, datetime, timedelta

from prefect import flow, get_run_logger
from prefect.runtime import deployment, flow_run
from prefect.states import Completed, State

from flows.artifacts import show_act, show_acts
from flows.predicting import open_predictions
from flows.rehearsing import preflight
from flows.rolling_back import RolledBack, roll_back
from flows.rollout import open_rollout
from flows.run import refused, world_of
from flows.world import World
from profiles.errors import MoveRefused, MusterError
from registry.records import Actor
from registry.settings import load_settings
from reports.acts import Act, headline

# A run waits this long for the restored version to answer; after that the order stays open.
PATIENCE = timedelta(minutes=2)
_REASON = "pressed in Prefect"


def claimed_actor(who: str) -> Actor:
    """Return the actor of a run: Prefect knows nobody, so that a name is only claimed."""
    run = flow_run.name or "without a server"
    return Actor(f"{who.strip() or 'somebody'} (Prefect run {run})", "claimed")


@flow(name="rollback", flow_run_name="rollback-{model}")
def roll_back_model(model: str = "", reason: str = _REASON, who: str = "", anyway: bool = False) -> State:
    """Roll one model back: the champion before its last promotion serves again.

    The run is Completed when the restored version was seen to answer, and called "Not verified" when it was
    not yet.

    Args:
        model: The model of this deployment; another one is refused.
        reason: Why; it is kept in the ledger and told to the model's owners.
        who: Your name, if you like. Nobody checks it, so that it is kept as claimed.
        anyway: Also to a version that fails on the newest logged rows.
    """
    if deployment.name not in {None, model}:
        return refused(f"this deployment rolls {deployment.name} back, not {model!r}: nothing was done")
    try:
        done = _rolled_back(model, reason, who, PATIENCE, anyway=anyway)
    except MusterError as error:
        return refused(f"{model}: {error}")
    show_act(done)
    return _ended([done])


@flow(name="rollback", flow_run_name="rollback-fleet")
def roll_back_fleet(
    team: str = "",
    models: list[str] | None = None,
    promoted_since: datetime | None = None,
    reason: str = _REASON,
    who: str = "",
    anyway: bool = False,
) -> State:
    """Roll back the models of a team, those listed, or those promoted since a time; all that is said holds.

    With nothing said nothing is rolled back. One model's refusal does not stop the others.

    Args:
        team: All models of this team.
        models: These models, by their full names.
        promoted_since: Those whose champion changed since then.
        reason: Why; it is kept in the ledger and told to the models' owners.
        who: Your name, if you like. Nobody checks it, so that it is kept as claimed.
        anyway: Also to versions that fail on the newest logged rows.
    """
    log = get_run_logger()
    if not (team or models or promoted_since):
        return refused("say which models: a team, a list, or since when they were promoted")
    done, left = [], []
    try:
        wanted = chosen_models(world_of(load_settings()), team, models or [], promoted_since)
    except MusterError as error:
        return refused(str(error))
    for model in wanted:
        try:
            done.append(_rolled_back(model, reason, who, timedelta(0), anyway=anyway))
        except MusterError as error:
            left.append(f"{model}: {error}")
            log.error("%s: %s", model, error)  # noqa: TRY400 - a refusal is told, not traced
    if done or left:
        show_acts(done, left)
    if left:
        return refused(f"{len(done)} rolled back, {len(left)} not; first: {left[0]}")
    return _ended(done)


def chosen_models(
    world: World, team: str, models: list[str], promoted_since: datetime | None
) -> tuple[str, ...]:
    """Return the models that fit everything that was said, by name; MoveRefused for an unknown one."""
    known = {each.model: each.team for each in world.ledger.models()}
    if unknown := sorted(set(models) - set(known)):
        raise MoveRefused(f"the ledger knows no model {', '.join(unknown)}: nothing was rolled back")
    since = promoted_since
    if since is not None and since.tzinfo is None:
        since = since.replace(tzinfo=UTC)

    def was_promoted(model: str) -> bool:
        return since is None or any(
            each.kind == "promoted" and each.at >= since for each in world.ledger.transitions(model)
        )

    return tuple(
        model
        for model, owner in sorted(known.items())
        if (not team or owner == team) and (not models or model in models) and was_promoted(model)
    )


def _rolled_back(model: str, reason: str, who: str, patience: timedelta, *, anyway: bool) -> Act:
    settings, log = load_settings(), get_run_logger()
    world = world_of(settings)
    with open_predictions(settings) as predict:
        fit = preflight(world, predict)
        done = roll_back(
            model,
            claimed_actor(who),
            reason,
            world,
            open_rollout(settings),
            fit,
            anyway=anyway,
            patience=patience,
            tell=lambda line: log.info("%s: %s", model, line),
        )
    return _act(done, world)


def _act(done: RolledBack, world: World) -> Act:
    """Name the version that was left as well: the ledger knows it from the last rollback."""
    back = [each for each in world.ledger.transitions(done.model) if each.kind == "rolled_back"]
    left = back[-1].before.champion if back and back[-1].before is not None else None
    return Act("rollback", done.model, str(done.version), left, done.changed, done.verified, done.said)


def _ended(done: list[Act]) -> State:
    if not done:
        return Completed(message="no model fits what was said: nothing was rolled back")
    told = "; ".join(headline(each) for each in done)
    if all(each.verified is not False for each in done):
        return Completed(message=told)
    return Completed(name="Not verified", message=told)
