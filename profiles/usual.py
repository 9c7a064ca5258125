"""What is usual in a sample's times: how often to look, how long a silence lasts, where it was quiet."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from profiles.guess import Guess
from profiles.window import Cadence, Window, spelled

_CADENCES = ("1h", "6h", "1d", "1w", "1mo", "3mo")
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)
_SPANS = (
    *(timedelta(minutes=minutes) for minutes in (5, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 3, 7, 14, 30, 60, 90, 180, 365, 730, 3650)),
)
_ENOUGH_WINDOWS = 0.9  # share of the windows with rows that must have enough of them
_NOT_EMPTY = 0.5  # share of the windows that must have rows: nights and weekends may be empty
_TIMES = 3  # a silence that came three times is usual
_SLACK = 1.5
_LATEST_SHARE = 0.99
_QUIET_SHARE = 3  # a third of the sample is proposed as baseline, the rest can be compared with it

Micros = NDArray[np.int64]


@dataclass(frozen=True)
class Rhythm:
    """How a model's traffic comes: cadence, longest usual silence, and the first quiet period.

    `windows` are those of the sample that are complete, oldest first.
    """

    cadence: Guess[Cadence]
    silence: Guess[timedelta]
    quiet: Guess[Window] | None
    windows: tuple[Window, ...]


def rhythm(times: Micros, minimum_rows: int) -> Rhythm:
    """Infer the rhythm from the times of a sample's rows (microseconds since 1970, UTC, any order).

    ValueError for a sample without rows.
    """
    if not times.size:
        raise ValueError("a sample without rows has no rhythm")
    times = np.sort(times)
    cadence = _cadence(times, minimum_rows)
    counted = tuple(windows_of(times, cadence.value))
    return Rhythm(
        cadence=cadence,
        silence=_silence(times),
        quiet=_quiet(counted, minimum_rows),
        windows=tuple(window for window, _ in counted),
    )


def windows_of(times: Micros, cadence: Cadence) -> Iterator[tuple[Window, int]]:
    """Yield the windows that sorted times span, with their rows, oldest first.

    One that the sample begins or ends within by more than a tenth of its length is left out, unless there
    is no other.
    """
    first, last = _moment(times[0]), _moment(times[-1])
    windows = []
    at = cadence.floor(first)
    while at <= last:
        windows.append(Window(at, cadence.after(at)))
        at = cadence.after(at)
    whole = [w for w in windows if first - w.start <= w.length / 10 and w.end - last <= w.length / 10]
    for window in whole or windows:
        low, high = np.searchsorted(times, [_micros(window.start), _micros(window.end)])
        yield window, int(high - low)


def nice(span: timedelta) -> timedelta:
    """Return the smallest round duration that is not shorter than `span`."""
    return next((each for each in _SPANS if each >= span), _SPANS[-1])


def lateness(lags: NDArray[np.float64]) -> Guess[timedelta] | None:
    """Infer when labels are complete from their lags (seconds); None when there is none to go by."""
    lags = lags[np.isfinite(lags) & (lags >= 0)]
    if not lags.size:
        return None
    seen = timedelta(seconds=float(np.quantile(lags, _LATEST_SHARE)))
    value = nice(seen)
    return Guess(value, f"99 % of the labels came within {_said(seen)}")


def _cadence(times: Micros, minimum_rows: int) -> Guess[Cadence]:
    """Return the shortest cadence whose windows have enough rows, else the one with the fullest windows."""
    best, fullest = Cadence(_CADENCES[-1]), -1.0
    for text in _CADENCES:
        cadence = Cadence(text)
        if (_moment(times[-1]) - _moment(times[0])) / cadence.length > len(times):
            continue  # more windows than rows
        rows = np.array([count for _, count in windows_of(times, cadence)])
        filled = rows[rows > 0]
        enough = float((filled >= minimum_rows).mean()) if filled.size else 0.0
        if enough >= _ENOUGH_WINDOWS and filled.size >= _NOT_EMPTY * rows.size:
            typical = f"{int(np.median(filled)):,} rows in a typical window"
            return Guess(cadence, f"the shortest with enough rows; {typical}, {minimum_rows} are needed")
        if enough > fullest:
            best, fullest = cadence, enough
    return Guess(best, f"no cadence gives every window the {minimum_rows} rows it needs; this comes nearest")


def _silence(times: Micros) -> Guess[timedelta]:
    gaps = np.sort(np.diff(times))
    if gaps.size < _TIMES:
        return Guess(_DAY, "too few rows to tell; a day is the default")
    usual = timedelta(microseconds=int(gaps[-_TIMES]))
    return Guess(
        nice(usual * _SLACK), f"silences of {_said(usual)} came {_TIMES} times, half as much is slack"
    )


def _quiet(counted: tuple[tuple[Window, int], ...], minimum_rows: int) -> Guess[Window] | None:
    """Return the first stretch of windows with an ordinary number of rows, a third of the sample at most."""
    rows = [count for _, count in counted]
    usual = float(np.median([count for count in rows if count] or [0]))
    longest = max(1, math.ceil(len(counted) / _QUIET_SHARE))
    stretch: list[Window] = []
    for window, count in counted:
        if count >= minimum_rows and usual / 2 <= count <= 2 * usual:
            stretch.append(window)
            if len(stretch) == longest:
                break
        elif stretch:
            break
    if not stretch:
        return None
    span = Window(stretch[0].start, stretch[-1].end)
    many = "window" if len(stretch) == 1 else f"{len(stretch)} windows"
    return Guess(span, f"the first {many} with an ordinary number of rows, about {usual:,.0f} each")


def _said(span: timedelta) -> str:
    """Say a span that was measured, to the unit in which a person thinks of it."""
    for unit in (_DAY, _HOUR, timedelta(minutes=1)):
        if span >= 2 * unit:
            return spelled(round(span / unit) * unit)
    return f"{span.total_seconds():.0f}s"


def _moment(micros: np.int64) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=int(micros))


def _micros(at: datetime) -> int:
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
