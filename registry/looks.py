"""How a model's log was when rows that come late were looked for last, and what had been counted then."""

import json
import zlib
from datetime import datetime

from sqlmodel import Session, col, select

from profiles.window import Window
from registry.canonical import canonical_json, iso
from registry.records import Look
from registry.tables import LookRow, ReadingRow


def look_of(session: Session, model: str) -> Look | None:
    """Return the last look at a model's log."""
    row = session.get(LookRow, model)
    if row is None:
        return None
    odd = {datetime.fromisoformat(start): rows for start, rows in json.loads(row.odd).items()}
    return Look(model, row.mark, odd)


def remember(session: Session, look: Look) -> None:
    """Replace the last look, under its model's lock."""
    odd = canonical_json({iso(start): rows for start, rows in look.odd.items()})
    session.merge(LookRow(model=look.model, mark=look.mark, odd=odd))


def counted(session: Session, model: str, since: datetime) -> tuple[tuple[Window, int], ...]:
    """Return the windows that end after `since` and could be read, with the rows of their newest readings."""
    rows = session.exec(
        select(ReadingRow)
        .where(ReadingRow.model == model, col(ReadingRow.window_end) > since)
        .order_by(col(ReadingRow.window_start), col(ReadingRow.revision))
    ).all()
    newest = {row.window_start: row for row in rows}
    return tuple(
        (Window(row.window_start, row.window_end), _rows(row)) for row in newest.values() if row.measured
    )


def _rows(row: ReadingRow) -> int:
    """Return how many rows a reading counted, without building all the rest of it."""
    found: int = json.loads(zlib.decompress(row.packed))["arrivals"]["rows"]
    return found
