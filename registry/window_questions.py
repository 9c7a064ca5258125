"""What can be asked of the ledger about windows: each in its newest reading, beside the newest verdict."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import col, select

from policies.verdict import Verdict
from profiles.reading import Reading
from profiles.window import Window
from registry import looks
from registry.canonical import load
from registry.database import Database
from registry.records import Judged, Look
from registry.tables import ModelRow, ReadingRow, SettlementRow, VerdictRow
from registry.windows import reading_of


class WindowQuestions:
    """Everything that reads windows; each question sees one snapshot and raises LedgerUnavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

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

    def readings_at(self, model: str, starts: Sequence[datetime]) -> dict[datetime, Reading]:
        """Return the newest readings of those of the windows at `starts` that are recorded."""
        newest = select(ReadingRow).where(
            ReadingRow.model == model, col(ReadingRow.window_start).in_(starts), _is_newest_revision()
        )
        with self._database.reading() as session:
            return {row.window_start: reading_of(row) for row in session.exec(newest).all()}

    def look(self, model: str) -> Look | None:
        """Return how a model's log was when rows that come late were looked for last."""
        with self._database.reading() as session:
            return looks.look_of(session, model)

    def counted(self, model: str, since: datetime) -> tuple[tuple[Window, int], ...]:
        """Return the windows that end after `since` and could be read, with the rows counted in them.

        Oldest first; the rows are those of the newest readings.
        """
        with self._database.reading() as session:
            return looks.counted(session, model, since)

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
