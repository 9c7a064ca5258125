"""What the columns of a sample say of the requests themselves: when they came, who answered, how fast."""

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn, micros, vocabulary

_TIMES = vocabulary("ts time timestamp datetime at when date logged created requested served event")
_LATER = vocabulary(
    "arrived arrival received known settled confirmed updated modified labelled labeled closed birth "
    "expires due reported resolved"
)
_VERSIONS = vocabulary("version ver revision rev build release")
_VERSION = re.compile(r"v\d[\w.-]*|\d+(\.\d+)+[\w.-]*|[0-9a-f]{7,40}")
_FEW_VERSIONS = 50
_DAY = 86_400_000_000  # microseconds
_MILLISECONDS = vocabulary("ms msec millis millisecond milliseconds")
_OTHER_UNITS = vocabulary("s sec secs second seconds us usec micros ns nanos minutes")
_LASTING = vocabulary(
    "took taken elapsed duration response answer answered inference serving request runtime"
)
_GROWING = 5  # values from which on texts that only grow are a clock's


def infer_time(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """Choose among the columns of times the one that every row has and that is named for a request's."""
    times = [column for column in columns if column.nature == "time" and column.present]
    times = times or [column for column in columns if column.nature == "day" and column.present]
    if not times:
        return None
    if len(times) == 1:
        return Guess(times[0].name, "the only column of times")
    best = max(
        times,
        key=lambda c: (
            not c.named(_LATER),
            c.present,
            c.named(_TIMES),
            c.series.is_monotonic_increasing,  # logs are written in the order of their requests
            -columns.index(c),
        ),
    )
    return Guess(best.name, f"of {len(times)} columns of times the one that says when a request came")


def infer_version(
    columns: Sequence[SampleColumn], time: SampleColumn | None, order: NDArray[np.int64] | None
) -> Guess[str] | None:
    """A column of few values that is named for versions, looks like versions, or changes as versions do.

    `order` are the rows' positions in the order of their times.
    """
    few = [c for c in columns if c.nature in {"text", "whole", "number"} and 0 < c.distinct <= _FEW_VERSIONS]
    for column in few:
        if column.named(_VERSIONS):
            return Guess(column.name, f"named for it; {_counted(column.distinct, 'value')}")
    texts = [column for column in few if column.nature == "text" and not column.spaced]
    for column in texts:
        if all(_VERSION.fullmatch(text) for text in column.series.dropna().unique()):
            return Guess(
                column.name, f"its values look like versions, such as {column.series.dropna().iloc[0]}"
            )
    if time is None or order is None or time.present < len(time.values):
        return None
    for column in texts:
        if _relieved(column, time, order):
            return Guess(column.name, f"{column.distinct} values, one after the other, changed within a day")
    return None


def _relieved(column: SampleColumn, time: SampleColumn, order: NDArray[np.int64]) -> bool:
    """Say whether each value follows another for good, and not at midnight, as what a calendar says does."""
    if column.distinct < 2 or column.present < len(column.values):  # noqa: PLR2004 - one relieves another
        return False
    values = column.series.to_numpy()[order]
    if column.distinct >= _GROWING and column.series.iloc[order].is_monotonic_increasing:
        return False
    days = micros(time.values)[order] // _DAY
    changes = np.flatnonzero(values[1:] != values[:-1]) + 1
    return len(changes) == column.distinct - 1 and bool((days[changes] == days[changes - 1]).all())


def infer_latency(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """A column of numbers that is named for how many milliseconds an answer took; other units are none."""
    for column in columns:
        if column.nature not in {"number", "whole"} or not column.present or column.named(_OTHER_UNITS):
            continue
        named = "latency" in column.words or (column.named(_MILLISECONDS) and column.named(_LASTING))
        if named and not bool((column.numbers < 0).any()):
            return Guess(column.name, "named for how long an answer took, taken as milliseconds")
    return None


def infer_arrival(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """Choose the labels' column of times, the later one where there are several."""
    times = [column for column in columns if column.nature == "time" and column.present]
    if not times:
        return None
    best = max(times, key=lambda c: (c.named(_LATER), c.present, -columns.index(c)))
    # Next to the request's own time, repeated, the arrival is the later one.
    if len(times) > 1 and not best.named(_LATER):
        best = max(times, key=lambda c: c.series.dropna().median())
    return Guess(
        best.name, "the labels' column of times" if len(times) == 1 else "the later of the labels' times"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
