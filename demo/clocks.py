"""Clocks for rows that have none: evenly over a span, or drawn day by day; seeds make chance repeatable."""

from collections.abc import Callable
from datetime import timedelta
from zlib import crc32

import numpy as np
import pandas as pd

from demo.model import REQUEST_ID, TIME
from profiles.window import Window

_DAY = timedelta(days=1)


def evenly(rows: pd.DataFrame, window: Window) -> pd.DataFrame:
    """Return the rows in their order with times spread evenly over a window."""
    step = window.length / max(len(rows), 1)
    times = [window.start + (number + 0.5) * step for number in range(len(rows))]
    return rows.assign(**{TIME: pd.to_datetime(pd.Series(times, index=rows.index, dtype="object"), utc=True)})


def halves(rows: pd.DataFrame, seed: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return two disjoint halves of shuffled rows; the same seed gives the same halves."""
    order = _chance(seed).permutation(len(rows))
    middle = len(rows) // 2
    return rows.iloc[order[:middle]], rows.iloc[order[middle:]]


def drawn(rows: pd.DataFrame, number: int, seed: str) -> pd.DataFrame:
    """Return `number` rows drawn with replacement."""
    return rows.iloc[_chance(seed).integers(0, len(rows), number)].reset_index(drop=True)


def replayed(
    pool: Callable[[pd.Timestamp], pd.DataFrame], window: Window, per_day: int, seed: str
) -> pd.DataFrame:
    """Return a stationary stream: each day `per_day` rows of that day's pool, drawn with replacement.

    Times are drawn too, one in each equal part of the day, so that no silence is longer than two parts.
    """
    days = []
    for number in range(window.length // _DAY):
        start = pd.Timestamp(window.start) + number * _DAY
        rows = drawn(pool(start), per_day, f"{seed}-{number}")
        into = _chance(f"{seed}-{number}-times").uniform(size=per_day)
        offsets = pd.to_timedelta((np.arange(per_day) + into) / per_day * _DAY.total_seconds(), unit="s")
        days.append(rows.assign(**{TIME: (start + offsets).floor("s")}))
    return numbered(pd.concat(days, ignore_index=True), seed)


def numbered(rows: pd.DataFrame, prefix: str) -> pd.DataFrame:
    """Return the rows with request ids, each of them once."""
    return rows.assign(**{REQUEST_ID: [f"{prefix}-{number}" for number in range(len(rows))]})


def _chance(seed: str) -> np.random.Generator:
    return np.random.default_rng(crc32(seed.encode()))
