"""Who serves: compare-and-swap with its transition, and the states of versions that follow from it."""

import json
from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CursorResult, insert, update
from sqlmodel import Session, col, select

from profiles.errors import LedgerConflict, LedgerUnavailable
from profiles.window import as_utc
from registry.canonical import canonical_json, dump, load
from registry.chain import record
from registry.records import Assignment, Transition, TransitionKind, TransitionRequest, VersionState
from registry.tables import AssignmentRow, TransitionRow, VersionRow


def transit(session: Session, request: TransitionRequest, at: datetime) -> Assignment:
    """Carry out a request under its model's lock and return the assignment it leads to.

    Raises LedgerConflict when the request was decided on another revision than the current one.
    """
    replayed = session.exec(
        select(TransitionRow).where(
            TransitionRow.model == request.model, TransitionRow.request_key == request.key
        )
    ).first()
    if replayed is not None:
        return load(Assignment, replayed.after)
    after = request.after
    _require_versions(session, after)
    assigned = session.get(AssignmentRow, request.model)
    before = None if assigned is None else assignment_of(assigned)
    _swap(session, request, after, before)
    row = TransitionRow(
        model=request.model,
        revision=after.revision,
        at=at,
        request_key=request.key,
        actor=request.actor,
        actor_kind=request.actor_kind,
        kind=request.kind,
        reason=request.reason,
        evidence=canonical_json(dict(request.evidence)),
        policy_digest=request.policy_digest,
        before=None if before is None else dump(before),
        after=dump(after),
    )
    record(session, request.model, row, at)
    for version, state in states_after(before, after, request.kind).items():
        session.exec(
            update(VersionRow)
            .where(col(VersionRow.model) == request.model, col(VersionRow.version) == version)
            .values(state=state)
        )
    return after


def states_after(
    before: Assignment | None, after: Assignment, kind: TransitionKind
) -> dict[str, VersionState]:
    """Return the states that a transition gives to the versions it touches.

    A champion that no longer serves is retired, after a rollback rolled back; a challenger that no
    longer contends without having become champion is rejected.
    """
    states = {}
    if before is not None and before.champion is not None:
        rolled_back = kind == "rolled_back"
        states[before.champion] = VersionState.ROLLED_BACK if rolled_back else VersionState.RETIRED
    if before is not None and before.challenger is not None:
        states[before.challenger] = VersionState.REJECTED
    if after.challenger is not None and after.challenger_role is not None:
        states[after.challenger] = VersionState(after.challenger_role)
    if after.champion is not None:
        states[after.champion] = VersionState.CHAMPION
    return states


def states_of(transitions: Iterable[Transition]) -> dict[str, VersionState]:
    """Return the state of every version that the transitions touched, in the order they happened."""
    states: dict[str, VersionState] = {}
    for transition in transitions:
        states |= states_after(transition.before, transition.after, transition.kind)
    return states


def assignment_of(row: AssignmentRow) -> Assignment:
    """Return the value of a row."""
    return Assignment(**row.model_dump())


def transition_of(row: TransitionRow) -> Transition:
    """Return the value of a row."""
    return Transition(
        model=row.model,
        revision=row.revision,
        at=row.at,
        key=row.request_key,
        kind=row.kind,  # type: ignore[arg-type]  # written from a TransitionRequest
        actor=row.actor,
        actor_kind=row.actor_kind,  # type: ignore[arg-type]  # checked by the database
        reason=row.reason,
        before=None if row.before is None else load(Assignment, row.before),
        after=load(Assignment, row.after),
        evidence=json.loads(row.evidence),
        policy_digest=row.policy_digest,
    )


def _swap(session: Session, request: TransitionRequest, after: Assignment, before: Assignment | None) -> None:
    values = {name: getattr(after, name) for name in AssignmentRow.model_fields}
    if request.seen_revision == 0:
        if before is not None:
            raise _conflict(session, request, before.revision)
        session.exec(insert(AssignmentRow).values(values))
        return
    swapped: CursorResult[object] = session.exec(
        update(AssignmentRow)
        .where(
            col(AssignmentRow.model) == request.model, col(AssignmentRow.revision) == request.seen_revision
        )
        .values(values)
    )
    if swapped.rowcount != 1:
        raise _conflict(session, request, 0 if before is None else before.revision)


def _conflict(session: Session, request: TransitionRequest, current: int) -> LedgerConflict:
    last = session.get(TransitionRow, (request.model, current))
    told = "nobody serves yet"
    if last is not None:
        served = load(Assignment, last.after).champion
        told = (
            f"the last transition ({last.kind} by {last.actor} at {as_utc(last.at):%Y-%m-%d %H:%M}Z: "
            f"{last.reason}) made version {served} serve"
        )
    return LedgerConflict(
        f"{request.model}: {request.kind} was decided on revision {request.seen_revision}, but the current "
        f"revision is {current}: {told}. Read who serves again and decide anew"
    )


def _require_versions(session: Session, after: Assignment) -> None:
    for version in (after.champion, after.previous, after.challenger):
        if version is not None and session.get(VersionRow, (after.model, version)) is None:
            raise LedgerUnavailable(
                f"version {version} of {after.model} is not in the ledger: "
                "record the version before it serves"
            )
