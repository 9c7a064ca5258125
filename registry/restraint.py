"""Restraint: what Muster wants to do of itself is checked once more under the lock, and stopped in time."""

from datetime import datetime

from sqlmodel import Session, col, select

from policies.alerting import Alert, channels_for, sends
from policies.policy import Policy
from policies.verdict import Severity
from profiles.window import as_utc
from registry import assignments, freezes
from registry.canonical import load
from registry.intents import record_intents
from registry.limits import COUNTED, LOOKED_BACK, AutomaticMove, BlastRadius, Excess, excess
from registry.moves import Standing, Unchanged, Wish, freeze
from registry.policy_rows import current_policy_digest
from registry.records import Actor, TransitionRequest
from registry.tables import AssignmentRow, PolicyRow, TransitionRow

_MUSTER = Actor("muster", "muster")
# The end of a bake only takes note of what is.
_TAKES_NOTE = ("baked", "frozen")


def restrained(session: Session, request: TransitionRequest, radius: BlastRadius, at: datetime) -> str | None:
    """Return why an automatic request may not be carried out now; None when it may, or is somebody's own.

    One that would exceed the blast radius freezes the model, or everything, and pages: the caller has to
    commit that.
    """
    if request.actor_kind != "muster" or request.kind in _TAKES_NOTE:
        return None
    if _is_recorded(session, request):
        return None
    freezes.lock(session)
    if (held := freezes.held(session, request.model)) is not None:
        return f"Muster does nothing of itself to {request.model}: {held}"
    exceeded = excess(_recent(session, at), AutomaticMove(request.model, request.kind, at), radius)
    if exceeded is None:
        return None
    _freeze(session, request, exceeded, at)
    _page(session, request, exceeded, at)
    return exceeded.sentence


def _is_recorded(session: Session, request: TransitionRequest) -> bool:
    found = session.exec(
        select(TransitionRow.revision).where(
            TransitionRow.model == request.model, TransitionRow.request_key == request.key
        )
    ).first()
    return found is not None


def _recent(session: Session, at: datetime) -> list[AutomaticMove]:
    rows = session.exec(
        select(TransitionRow)
        .where(
            TransitionRow.actor_kind == "muster",
            col(TransitionRow.kind).in_(COUNTED),
            col(TransitionRow.at) > at - LOOKED_BACK,
        )
        .order_by(col(TransitionRow.at))
    ).all()
    return [AutomaticMove(row.model, row.kind, as_utc(row.at)) for row in rows]  # type: ignore[arg-type]


def _freeze(session: Session, request: TransitionRequest, exceeded: Excess, at: datetime) -> None:
    if exceeded.scope == "all":
        row = freezes.freeze_row(freezes.ALL, _MUSTER, exceeded.sentence, at, frozen=True)
        freezes.record_freeze(session, row)
        return
    assigned = session.get(AssignmentRow, request.model)
    current = None if assigned is None else assignments.assignment_of(assigned)
    wish = Wish(f"freeze for {request.key}", _MUSTER, exceeded.sentence)
    move = freeze(Standing(request.model, current), wish)
    if not isinstance(move, Unchanged):
        assignments.transit(session, move, at)


def _page(session: Session, request: TransitionRequest, exceeded: Excess, at: datetime) -> None:
    digest = current_policy_digest(session, request.model)
    row = None if digest is None else session.get(PolicyRow, digest)
    if row is None:
        return
    policy = load(Policy, row.resolved)
    alert = Alert(
        model=request.model,
        team=policy.team,
        kind="held",
        severity=Severity.CRITICAL,
        subject=f"{request.kind.replace('_', ' ')} held back",
        sentence=exceeded.sentence,
        since=at,
        doing="Muster has frozen what it does of itself; muster unfreeze allows it again",
        owners=policy.owners,
    )
    wanted = sends(alert, f"held {request.key}", channels_for(alert, policy.routes))
    record_intents(session, wanted, digest, at)
