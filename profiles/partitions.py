"""Logs whose paths say their date: `logs/{date:%Y-%m-%d}/*.parquet` is read for a window's days alone.

`{date}` alone stands for `{date:%Y-%m-%d}`. The format is strftime's; with `%H` in it the folders are
hours, else days or longer. The date is that of the rows' own time (of a label's arrival), in UTC.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

_PLACE = re.compile(r"\{date(?::([^{}]+))?\}")
_DAILY = "%Y-%m-%d"


def is_dated(path: str) -> bool:
    """Say whether the path holds a date."""
    return _PLACE.search(path) is not None


def anywhere(path: str) -> str:
    """Return the glob of every date."""
    return _PLACE.sub("*", path)


def of_span(path: str, since: datetime, until: datetime) -> tuple[str, ...]:
    """Return the path for each date of the span since <= t < until (aware times), in order."""
    return tuple(dict.fromkeys(_written(path, at) for at in _moments(path, since, until)))


def date_of(path: str, file: str) -> datetime | None:
    """Return the date that `file`, found by the glob of `path`, lies under; None where it tells none."""
    formats = [match[1] or _DAILY for match in _PLACE.finditer(path)]
    pieces = re.split(r"\{date(?::[^{}]+)?\}", path)
    found = re.search("(.+?)".join(_glob_as_regex(piece) for piece in pieces), file)
    if found is None:
        return None
    try:
        return datetime.strptime("\n".join(found.groups()), "\n".join(formats)).replace(tzinfo=UTC)
    except ValueError:
        return None


def fault_in(path: str) -> str | None:
    """Say what is wrong with a path's placeholders, or None."""
    if left := re.search(r"\{date[^}]*\}?", _PLACE.sub("", path)):
        return f"{left[0]!r} is no placeholder; write {{date}} or {{date:%Y-%m-%d}}"
    formats = [match[1] or _DAILY for match in _PLACE.finditer(path)]
    if formats and not any("%Y" in each or "%F" in each for each in formats):
        return "a date needs its year; write {date:%Y-%m-%d}"
    return None


def _written(path: str, at: datetime) -> str:
    return _PLACE.sub(lambda match: at.strftime(match[1] or _DAILY), path)


def _moments(path: str, since: datetime, until: datetime) -> Iterator[datetime]:
    hourly = any("%H" in (match[1] or "") for match in _PLACE.finditer(path))
    at = since.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    if not hourly:
        at = at.replace(hour=0)
    while at < until:
        yield at
        at += timedelta(hours=1) if hourly else timedelta(days=1)


def _glob_as_regex(piece: str) -> str:
    parts = re.split(r"(\*\*|\*)", piece)
    return "".join({"**": ".*", "*": "[^/]*"}.get(part, re.escape(part)) for part in parts)
