"""Columns of times, however a team stored them, as moments in UTC."""

from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from profiles.errors import TrafficUnavailable

MOMENT = pa.timestamp("us", "UTC")
# A zone follows a time of day; without one, `-01` at the end of a date would look like an offset.
_ZONED = r":\d{2}(\.\d+)?\s?(Z|[+-]\d{2}(:?\d{2})?)$"


def moments(name: str, column: Any) -> Any:
    """Return a column as timestamp(us, UTC): timestamps, dates (midnight) or ISO 8601 text.

    A time without a zone is read as UTC. `column` is an Arrow array, chunked or not. Raises
    TrafficUnavailable, naming the column and never a value, where it holds something else.
    """
    kind = column.type
    if pa.types.is_timestamp(kind):
        plain = column if kind.tz else pc.assume_timezone(column, "UTC")
        return plain.cast(MOMENT, safe=False)
    if pa.types.is_date(kind) or pa.types.is_null(kind):
        return column.cast(pa.timestamp("us")).cast(MOMENT)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return _parsed(name, column)
    raise TrafficUnavailable(
        f"column {name} holds {kind}, not timestamps; name the column of times in the policy"
    )


def micros(at: datetime) -> int:
    """Return an aware time as whole microseconds since 1970, as Arrow stores it."""
    return int(at.timestamp()) * 1_000_000 + at.microsecond


def in_utc(batch: Any) -> Any:
    """Give every timestamp column of a record batch the type timestamp(us, UTC)."""
    for index, field in enumerate(batch.schema):
        if pa.types.is_timestamp(field.type) and field.type != MOMENT:
            batch = batch.set_column(index, field.name, moments(field.name, batch.column(index)))
    return batch


def within(at: Any, since: datetime | None, until: datetime | None, *, undated: bool = False) -> Any:
    """Return which of the moments lie in the span; those that are null only where `undated`."""
    keep = at.is_valid()
    if since is not None:
        keep = pc.and_(keep, pc.fill_null(pc.greater_equal(at, pa.scalar(since, at.type)), False))
    if until is not None:
        keep = pc.and_(keep, pc.fill_null(pc.less(at, pa.scalar(until, at.type)), False))
    return pc.or_(keep, at.is_null()) if undated else keep


def _parsed(name: str, text: Any) -> Any:
    """Parse ISO 8601; digits beyond the microsecond are cut."""
    short = pc.replace_substring_regex(text, r"(\.\d{6})\d+", r"\1")
    zoned = pc.match_substring_regex(short, _ZONED)
    nothing = pa.scalar(None, short.type)
    try:
        return pc.coalesce(
            pc.if_else(zoned, short, nothing).cast(MOMENT),
            pc.if_else(zoned, nothing, short).cast(pa.timestamp("us")).cast(MOMENT),
        )
    except pa.ArrowInvalid:
        # Arrow's message quotes the value, which may be anybody's.
        raise TrafficUnavailable(
            f"column {name} holds text that is not a time; write times as 2026-03-01T12:00:00Z"
        ) from None
