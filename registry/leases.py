"""Leases: who may carry out an intent, and until when; each change is a compare-and-swap on its token."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, and_, delete, literal, or_, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from policies.intents import MOVED_BY, NEVER_HELD, PROMOTED_BY, SHADOWED_FOR
from registry.act_tables import IntentRow, LeaseRow
from registry.tables import AssignmentRow, ModelRow, TransitionRow


def lease_of(row: IntentRow, due: datetime, *, automatic: bool) -> LeaseRow:
    """Return the lease of an intent that nobody carries out yet."""
    return LeaseRow(
        model=row.model,
        key=row.key,
        nth=row.nth,
        kind=row.kind,
        automatic=automatic,
        queue=row.queue,
        due=due,
        worker=None,
        until=None,
        token=0,
        attempts=0,
        note=None,
    )


def is_first_of_its_queue() -> ColumnElement[bool]:
    """Those before which nothing waits in their model's queue."""
    other = aliased(LeaseRow)
    before = select(other.nth).where(
        other.model == LeaseRow.model, other.queue == LeaseRow.queue, other.nth < LeaseRow.nth
    )
    return or_(col(LeaseRow.queue).is_(None), ~before.correlate(LeaseRow).exists())


def may_run(frozen: Collection[str]) -> ColumnElement[bool]:
    """What is not automatic runs always; the rest where neither model nor team nor everything is frozen.

    What has moved its model already runs too, as only its end is missing: a rollback itself freezes.
    """
    names = [literal(before) + col(LeaseRow.key) for before in (MOVED_BY, PROMOTED_BY, SHADOWED_FOR)]
    moved = select(TransitionRow.revision).where(
        TransitionRow.model == LeaseRow.model, col(TransitionRow.request_key).in_(names)
    )
    free = or_(
        col(LeaseRow.automatic).is_(False),
        col(LeaseRow.kind).in_(NEVER_HELD),
        moved.correlate(LeaseRow).exists(),
    )
    if "all" in frozen:
        return free
    alone = select(AssignmentRow.model).where(col(AssignmentRow.frozen_by).is_not(None))
    teams = select(ModelRow.model).where(col(ModelRow.team).in_([s.removeprefix("team:") for s in frozen]))
    return or_(free, and_(col(LeaseRow.model).not_in(alone), col(LeaseRow.model).not_in(teams)))


def swapped(session: Session, model: str, key: str, token: int, changes: Mapping[str, Any]) -> bool:
    """Change a lease if it still has this token, and say whether it had."""
    values = {"token": token, **changes}
    changed: CursorResult[object] = session.exec(
        update(LeaseRow)
        .where(col(LeaseRow.model) == model, col(LeaseRow.key) == key, col(LeaseRow.token) == token)
        .values(**values)
    )
    return changed.rowcount == 1


def remove_lease(session: Session, model: str, key: str) -> None:
    """Remove the lease of an intent that has come to its end."""
    session.exec(delete(LeaseRow).where(col(LeaseRow.model) == model, col(LeaseRow.key) == key))
