"""What can be asked of the ledger; answers are frozen values, never rows."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from policies.incidents import Incident
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.errors import LedgerUnavailable
from profiles.reading import Reading
from profiles.window import Window
from registry import incidents
from registry.assignments import assignment_of, transition_of
from registry.canonical import load
from registry.chain import FACTS
from registry.database import Database
from registry.records import (
    DEFAULT,
    PROPOSED,
    Assignment,
    Judged,
    ModelVersion,
    RecordedModel,
    RecordedPolicy,
    RegisteredBaseline,
    Transition,
    Verification,
    VersionState,
)
from registry.tables import (
    AssignmentRow,
    BaselineRow,
    EntryRow,
    ModelRow,
    PolicyRow,
    ReadingRow,
    SettlementRow,
    TransitionRow,
    VerdictRow,
    VersionRow,
)
from registry.windows import reading_of


class Questions:
    """Everything that reads the ledger; each question sees one snapshot and raises LedgerUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def models(self) -> tuple[RecordedModel, ...]:
        """Return every model that a policy was recorded for, by name."""
        with self._database.reading() as session:
            rows = session.exec(select(ModelRow).order_by(col(ModelRow.model))).all()
        return tuple(RecordedModel(**row.model_dump()) for row in rows)

    def policy(self, digest: str) -> RecordedPolicy:
        """Return the policy under a digest; LedgerUnavailable when there is none."""
        with self._database.reading() as session:
            row = session.get(PolicyRow, digest)
        if row is None:
            raise LedgerUnavailable(f"the ledger at {self._database.where} has no policy {digest}")
        return _policy_of(row)

    def current_policy(self, model: str) -> RecordedPolicy | None:
        """Return the policy that was recorded last for a model, be it for the second time."""
        with self._database.reading() as session:
            digest = current_policy_digest(session, model)
            row = None if digest is None else session.get(PolicyRow, digest)
        return None if row is None else _policy_of(row)

    def assignment(self, model: str) -> Assignment | None:
        """Return who serves a model, or None before its first transition."""
        with self._database.reading() as session:
            row = session.get(AssignmentRow, model)
        return None if row is None else assignment_of(row)

    def served_at(self, model: str, at: datetime) -> str | None:
        """Return the version that served at a time, as far as is known.

        A version that was adopted had been serving before anybody noticed: before a first transition of
        that kind, its champion is the answer.
        """
        of_model = select(TransitionRow).where(TransitionRow.model == model)
        with self._database.reading() as session:
            past = of_model.where(col(TransitionRow.at) <= at).order_by(col(TransitionRow.revision).desc())
            row = session.exec(past.limit(1)).first()
            if row is None:
                row = session.exec(of_model.order_by(col(TransitionRow.revision)).limit(1)).first()
                if row is None or row.kind != "adopted":
                    return None
        return transition_of(row).after.champion

    def transitions(self, model: str) -> tuple[Transition, ...]:
        """Return every change of who serves a model, oldest first."""
        with self._database.reading() as session:
            rows = session.exec(
                select(TransitionRow)
                .where(TransitionRow.model == model)
                .order_by(col(TransitionRow.revision))
            ).all()
        return tuple(transition_of(row) for row in rows)

    def version(self, model: str, version: str) -> ModelVersion | None:
        """Return a recorded version with its state."""
        with self._database.reading() as session:
            row = session.get(VersionRow, (model, version))
        if row is None:
            return None
        fields = row.model_dump(exclude={"recorded_at"})
        return ModelVersion(**{**fields, "state": VersionState(row.state)})

    def baseline(self, model: str, version: str, name: str = DEFAULT) -> RegisteredBaseline | None:
        """Return a baseline of a version by its name; in place of a missing default the proposed one."""
        with self._database.reading() as session:
            row = session.get(BaselineRow, (model, version, name))
            if row is None and name == DEFAULT:
                row = session.get(BaselineRow, (model, version, PROPOSED))
        return None if row is None else baseline_of(row)

    def baselines(self, model: str) -> tuple[RegisteredBaseline, ...]:
        """Return every baseline of a model's versions, in the order they were recorded."""
        query = select(BaselineRow).where(BaselineRow.model == model)
        with self._database.reading() as session:
            rows = session.exec(query.order_by(col(BaselineRow.recorded_at), BaselineRow.version)).all()
        return tuple(baseline_of(row) for row in rows)

    def policies(self, model: str) -> tuple[tuple[datetime, RecordedPolicy], ...]:
        """Return every policy that a model was watched by and since when, oldest first.

        One that came back after another had been current is there twice.
        """
        query = select(EntryRow.at, EntryRow.key).where(
            EntryRow.model == model, EntryRow.kind == FACTS[PolicyRow].kind
        )
        with self._database.reading() as session:
            changes = [(at, key.split("/")[0]) for at, key in session.exec(query.order_by(col(EntryRow.seq)))]
            rows = session.exec(select(PolicyRow).where(PolicyRow.model == model)).all()
        recorded = {row.digest: _policy_of(row) for row in rows}
        return tuple((at, recorded[digest]) for at, digest in changes)

    def watermark(self, model: str) -> datetime | None:
        """Return the end of the newest recorded window."""
        newest = self._windows(model, col(ReadingRow.window_start).desc(), 1)
        return newest[0].end if newest else None

    def recorded(self, model: str) -> tuple[Window, ...]:
        """Return every recorded window, oldest first."""
        return self._windows(model, col(ReadingRow.window_start), None)

    def first_window(self, model: str) -> Window | None:
        """Return the oldest recorded window."""
        oldest = self._windows(model, col(ReadingRow.window_start), 1)
        return oldest[0] if oldest else None

    def windows(
        self, model: str, since: datetime | None = None, until: datetime | None = None
    ) -> tuple[Judged, ...]:
        """Return the judged windows that start in since <= start < until, oldest first."""
        query = _judged().where(col(ReadingRow.model) == model)
        if since is not None:
            query = query.where(col(ReadingRow.window_start) >= since)
        if until is not None:
            query = query.where(col(ReadingRow.window_start) < until)
        return self._judged(query.order_by(col(ReadingRow.window_start)))

    def unsettled(self, model: str, now: datetime) -> tuple[Window, ...]:
        """Return the windows to look at again: due to settle by `now`, or never measured; oldest first."""
        settled = select(SettlementRow.revision).where(
            SettlementRow.model == ReadingRow.model,
            SettlementRow.window_start == ReadingRow.window_start,
            SettlementRow.revision == ReadingRow.revision,
        )
        return self._windows(
            model,
            col(ReadingRow.window_start),
            None,
            col(ReadingRow.settles_at) > col(ReadingRow.recorded_at),
            or_(col(ReadingRow.settles_at) <= now, col(ReadingRow.measured).is_(False)),
            ~settled.exists(),
        )

    def judged(self, model: str, start: datetime | None = None) -> Judged | None:
        """Return the window that starts at `start`, or the newest one."""
        query = _judged().where(col(ReadingRow.model) == model)
        if start is not None:
            query = query.where(col(ReadingRow.window_start) == start)
        found = self._judged(query.order_by(col(ReadingRow.window_start).desc()).limit(1))
        return found[0] if found else None

    def recent(self, model: str, before: datetime, count: int) -> tuple[Judged, ...]:
        """Return up to `count` windows that start before a time, the oldest of them first."""
        query = _judged().where(col(ReadingRow.model) == model, col(ReadingRow.window_start) < before)
        return self._judged(query.order_by(col(ReadingRow.window_start).desc()).limit(count))[::-1]

    def latest(self) -> tuple[Judged, ...]:
        """Return the newest window of every model, by model, in a single query."""
        other = aliased(ReadingRow)
        newest = select(func.max(other.window_start)).where(other.model == ModelRow.model)
        query = (
            _judged()
            .join(ModelRow, col(ModelRow.model) == ReadingRow.model)
            .where(col(ReadingRow.window_start) == newest.correlate(ModelRow).scalar_subquery())
        )
        return self._judged(query.order_by(col(ReadingRow.model)))

    def incidents(self, model: str | None = None, *, open_only: bool = False) -> tuple[Incident, ...]:
        """Return incidents as they are now, of one model or of all, the last changed one last."""
        with self._database.reading() as session:
            return incidents.incidents_of(session, model, open_only=open_only)

    def incidents_opened(self, model: str, since: datetime, until: datetime) -> int:
        """Return how many incidents of a model were opened by windows that start in since <= start < until.

        Beside the policy's `false_pages` this is the most that can have been for nothing.
        """
        with self._database.reading() as session:
            return incidents.opened_in(session, model, since, until)

    def readings_at(self, model: str, starts: Sequence[datetime]) -> dict[datetime, Reading]:
        """Return the newest readings of those of the windows at `starts` that are recorded."""
        newest = select(ReadingRow).where(
            ReadingRow.model == model, col(ReadingRow.window_start).in_(starts), _is_newest_revision()
        )
        with self._database.reading() as session:
            return {row.window_start: reading_of(row) for row in session.exec(newest).all()}

    def verify(self) -> Verification:
        """Recompute every chain and every row's digest, and say where the ledger was tampered with."""
        from registry.verification import verify

        with self._database.reading() as session:
            return verify(session)

    def content(self) -> dict[str, Any]:
        """Return all facts without wall times, hashes and flow runs, to compare two ledgers."""
        from registry.verification import content

        with self._database.reading() as session:
            return content(session)

    def _windows(
        self, model: str, order: Any, count: int | None, *where: ColumnElement[bool]
    ) -> tuple[Window, ...]:
        query = (
            select(ReadingRow.window_start, ReadingRow.window_end)
            .where(ReadingRow.model == model, _is_newest_revision(), *where)
            .order_by(order)
            .limit(count)
        )
        with self._database.reading() as session:
            return tuple(Window(start, end) for start, end in session.exec(query).all())

    def _judged(self, query: Any) -> tuple[Judged, ...]:
        with self._database.reading() as session:
            rows: Iterable[tuple[ReadingRow, VerdictRow]] = session.exec(query).all()
        return tuple(
            Judged(
                reading=reading_of(reading),
                verdict=load(Verdict, verdict.content),
                policy_digest=verdict.policy_digest,
                revision=reading.revision,
                recorded_at=verdict.recorded_at,
            )
            for reading, verdict in rows
        )


def current_policy_digest(session: Session, model: str) -> str | None:
    """Return the digest of the policy that was recorded last for a model."""
    key = session.exec(
        select(EntryRow.key)
        .where(EntryRow.model == model, EntryRow.kind == FACTS[PolicyRow].kind)
        .order_by(col(EntryRow.seq).desc())
        .limit(1)
    ).first()
    return None if key is None else key.split("/")[0]


def _policy_of(row: PolicyRow) -> RecordedPolicy:
    return RecordedPolicy(row.digest, load(Policy, row.resolved), row.source, row.recorded_at)


def baseline_of(row: BaselineRow) -> RegisteredBaseline:
    """Return the value of a row."""
    known = row.period_start is not None and row.period_end is not None
    return RegisteredBaseline(
        model=row.model,
        version=row.version,
        profile_digest=row.profile_digest,
        rows=row.rows,
        kind=row.kind,
        name=row.name,
        period=Window(row.period_start, row.period_end) if known else None,  # type: ignore[arg-type]
        scores=json.loads(row.scores),
    )


def _judged() -> Select[tuple[ReadingRow, VerdictRow]]:
    """Every window's newest reading beside the newest verdict on it."""
    other = aliased(VerdictRow)
    newest = (
        select(other.policy_digest)
        .where(
            other.model == ReadingRow.model,
            other.window_start == ReadingRow.window_start,
            other.reading_revision == ReadingRow.revision,
        )
        .order_by(col(other.recorded_at).desc(), other.policy_digest)
        .limit(1)
        .correlate(ReadingRow)
    )
    on = and_(
        col(VerdictRow.model) == ReadingRow.model,
        col(VerdictRow.window_start) == ReadingRow.window_start,
        col(VerdictRow.reading_revision) == ReadingRow.revision,
        col(VerdictRow.policy_digest) == newest.scalar_subquery(),
    )
    return select(ReadingRow, VerdictRow).join(VerdictRow, on).where(_is_newest_revision())


def _is_newest_revision() -> ColumnElement[bool]:
    other = aliased(ReadingRow)
    newest = select(func.max(other.revision)).where(
        other.model == ReadingRow.model, other.window_start == ReadingRow.window_start
    )
    return col(ReadingRow.revision) == newest.correlate(ReadingRow).scalar_subquery()
