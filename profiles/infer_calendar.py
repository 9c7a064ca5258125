"""Inputs that say what the calendar says: one value throughout a window, another in the next."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn
from profiles.window import Window

_TOLD = 0.8  # share of a column's variation that knowing the window has to explain
_CHANGES = 2  # a single change is what drift looks like
_ROWS = 10  # of a window, for it to count
_WINDOWS = 3


def infer_calendar(
    columns: Sequence[SampleColumn], times: NDArray[np.int64], windows: Sequence[Window]
) -> tuple[Guess[str], ...]:
    """Return the columns whose value the window tells: a window of them always differs from a baseline.

    `times` are those of the rows (microseconds since 1970, UTC), `windows` are in order and do not overlap.
    A column counts by Goodman and Kruskal's lambda (1954), sum over windows of (the commonest value's rows)
    less the commonest value's rows overall, by the rows that do not have the latter.
    """
    if len(windows) < _WINDOWS:
        return ()
    place = _placed(times, windows)
    found = []
    for column in columns:
        if column.nature != "other" and 1 < column.distinct <= len(windows):
            table = _counted(column, place)
            if len(table) >= _WINDOWS and _told(table) >= _TOLD and _changes(table) >= _CHANGES:
                reason = f"constant within nearly all of {len(table)} windows, not between them"
                found.append(Guess(column.name, reason))
    return tuple(found)


def _placed(times: NDArray[np.int64], windows: Sequence[Window]) -> NDArray[np.int64]:
    """Return for each time the number of its window, -1 for none."""
    starts = np.array([_micros(each.start.timestamp()) for each in windows], np.int64)
    ends = np.array([_micros(each.end.timestamp()) for each in windows], np.int64)
    place = np.searchsorted(starts, times, side="right") - 1
    inside = (place >= 0) & (times < ends[place])
    return np.where(inside, place, -1)


def _counted(column: SampleColumn, place: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return how often each value (across) is in each window (down) with enough rows."""
    codes, _ = pd.factorize(column.series)
    known = (codes >= 0) & (place >= 0)
    table = np.zeros((int(place.max(initial=-1)) + 1, int(codes.max(initial=-1)) + 1), np.int64)
    np.add.at(table, (place[known], codes[known]), 1)
    return np.asarray(table[table.sum(axis=1) >= _ROWS])


def _told(table: NDArray[np.int64]) -> float:
    rows, commonest = int(table.sum()), int(table.sum(axis=0).max())
    return float((table.max(axis=1).sum() - commonest) / (rows - commonest)) if rows > commonest else 0.0


def _changes(table: NDArray[np.int64]) -> int:
    values = table.argmax(axis=1)
    return int((values[1:] != values[:-1]).sum())


def _micros(seconds: float) -> int:
    return round(seconds * 1e6)
