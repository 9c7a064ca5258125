"""Half-open UTC spans of time, and the cadence that lays them out."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Self

from dateutil.relativedelta import relativedelta

_SPAN = re.compile(r"(?P<count>[1-9]\d{0,3})(?P<unit>mo|m|h|d|w)")
_FIXED = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
_MONTH = timedelta(days=146_097) / 4800  # of the Gregorian calendar: 400 years have so many days
# Monday 1970-01-05, so that weeks begin on Mondays; days and hours align with it as well.
_EPOCH = datetime(1970, 1, 5, tzinfo=UTC)


def as_utc(at: datetime) -> datetime:
    """Return `at` in UTC; a naive time raises ValueError, because guessing a zone moves windows."""
    if at.tzinfo is None:
        raise ValueError(f"time {at.isoformat()} has no time zone; write it as {at.isoformat()}Z")
    return at.astimezone(UTC)


def duration(text: str) -> timedelta:
    """Read a span such as `30m`, `12h`, `7d` or `2w`; ValueError names what is allowed."""
    match = _SPAN.fullmatch(text)
    if match is None or match["unit"] == "mo":
        raise ValueError(f"{text!r} is not a duration; write a number and m, h, d or w, such as 12h")
    return int(match["count"]) * _FIXED[match["unit"]]


def spelled(span: timedelta) -> str:
    """Write a duration with the largest unit that divides it (`7d`, `90m`); inverse of `duration`."""
    for unit in ("d", "h", "m"):
        if span and span % _FIXED[unit] == timedelta(0):
            return f"{span // _FIXED[unit]}{unit}"
    return f"{span.total_seconds():.0f}s"


@dataclass(frozen=True, order=True)
class Window:
    """The span start <= t < end, both aware and in UTC."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        object.__setattr__(self, "start", as_utc(self.start))
        object.__setattr__(self, "end", as_utc(self.end))
        if self.start >= self.end:
            raise ValueError(f"window ends at {self.end} before it starts at {self.start}")

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%dT%H:%MZ}/{self.end:%Y-%m-%dT%H:%MZ}"

    @property
    def length(self) -> timedelta:
        """The span's length."""
        return self.end - self.start

    def contains(self, at: datetime) -> bool:
        """Say whether `at` lies in the half-open span."""
        return self.start <= at < self.end


@dataclass(frozen=True)
class Cadence:
    """How often a model is watched: windows aligned to UTC hours, days, Mondays or months."""

    text: str

    def __post_init__(self) -> None:
        if _SPAN.fullmatch(self.text) is None:
            raise ValueError(
                f"{self.text!r} is not a cadence; write a number and m, h, d, w or mo, such as 1h or 1d"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `15m`, `1h`, `1d`, `1w`, `1mo`; ValueError says what is allowed."""
        return cls(text)

    def __str__(self) -> str:
        return self.text

    @cached_property
    def _parts(self) -> tuple[int, str]:
        match = _SPAN.fullmatch(self.text)
        assert match is not None  # noqa: S101 - checked in __post_init__
        return int(match["count"]), match["unit"]

    @property
    def length(self) -> timedelta:
        """The nominal length; a month counts as 30 days."""
        count, unit = self._parts
        return count * (timedelta(days=30) if unit == "mo" else _FIXED[unit])

    def floor(self, at: datetime) -> datetime:
        """Return the start of the window that holds `at`."""
        count, unit = self._parts
        at = as_utc(at)
        if unit == "mo":
            month = (at.year * 12 + at.month - 1) // count * count
            return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)
        step = count * _FIXED[unit]
        return _EPOCH + (at - _EPOCH) // step * step

    def after(self, start: datetime) -> datetime:
        """Return the start of the window that follows the one starting at `start`."""
        count, unit = self._parts
        if unit == "mo":
            return start + relativedelta(months=count)
        return start + count * _FIXED[unit]

    def before(self, start: datetime, count: int) -> datetime:
        """Return the start of the window that lies `count` windows before the one starting at `start`."""
        size, unit = self._parts
        if unit == "mo":
            return start - relativedelta(months=count * size)
        return start - count * size * _FIXED[unit]

    def count(self, span: timedelta) -> int:
        """Return how many windows cover a span, rounded up; months count with their mean length."""
        size, unit = self._parts
        return -(-span // (size * (_MONTH if unit == "mo" else _FIXED[unit])))

    def window(self, at: datetime) -> Window:
        """Return the window that holds `at`."""
        start = self.floor(at)
        return Window(start, self.after(start))

    def closed(self, since: datetime, now: datetime, lateness: timedelta) -> Iterator[Window]:
        """Yield the windows starting at or after floor(`since`) whose allowed lateness is over at `now`."""
        start = self.floor(since)
        while (end := self.after(start)) + lateness <= now:
            yield Window(start, end)
            start = end
