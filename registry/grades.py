"""Recording and reading what observed acts would have gained; the caller holds the session."""

from datetime import datetime

from sqlmodel import Session, col, select

from policies.grading import GRADED, Grade
from profiles.window import as_utc
from registry.act_tables import IntentRow
from registry.canonical import dump, load
from registry.chain import record
from registry.grade_tables import GradeRow
from registry.intent_records import RecordedIntent
from registry.intents import intent_of


def record_grade(session: Session, grade: Grade, at: datetime) -> None:
    """Record it once, under its model's lock; a grade that is known by its intent stands."""
    if session.get(GradeRow, (grade.model, grade.intent)) is None:
        row = GradeRow(model=grade.model, key=grade.intent, recorded_at=at, content=dump(grade))
        record(session, grade.model, row, at)


def grades_of(session: Session, model: str | None) -> tuple[Grade, ...]:
    """Return the grades of a model or of all, in the order they were given."""
    query = select(GradeRow).order_by(col(GradeRow.recorded_at), col(GradeRow.model), col(GradeRow.key))
    if model is not None:
        query = query.where(GradeRow.model == model)
    return tuple(load(Grade, row.content) for row in session.exec(query).all())


def ungraded(session: Session) -> tuple[RecordedIntent, ...]:
    """Return the acts that were only observed and have no grade yet, by model and oldest first."""
    graded = select(GradeRow.key).where(GradeRow.model == IntentRow.model, GradeRow.key == IntentRow.key)
    rows = session.exec(
        select(IntentRow)
        .where(
            IntentRow.automation == "observe",
            col(IntentRow.kind).in_(GRADED),
            ~graded.correlate(IntentRow).exists(),
        )
        .order_by(col(IntentRow.model), col(IntentRow.nth))
    ).all()
    return tuple(RecordedIntent(intent_of(row), as_utc(row.at), "observed") for row in rows)
