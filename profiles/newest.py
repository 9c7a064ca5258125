"""The newest rows of a prediction log, and what another version would have answered to rows."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from profiles.losses import row_losses
from profiles.profile import Floats
from profiles.see import Sight, profiled_columns

_LONGER = 8


@dataclass(frozen=True)
class Flips:
    """How another version's answers differ from those that were given.

    `answered` of `rows` rows have both answers. `flipped` is the share of them with another class; for
    numbers it is None, and `moved` the mean absolute difference.
    """

    rows: int
    answered: int
    flipped: float | None = None
    moved: float | None = None


def newest_rows(sight: Sight, count: int, span: timedelta, back: timedelta, now: datetime) -> pa.Table:
    """Return at most `count` newest rows of a log before `now`, oldest first, with all that is profiled.

    The newest row is looked for as far `back`, the others in a `span` that ends with it; where that holds too
    few, in longer ones, at most as far `back`. Raises TrafficUnavailable.
    """
    last = sight.source.latest(sight.traffic.timestamp, now - back, now)
    if last is None:
        return pa.table({})
    until = last + timedelta(microseconds=1)
    while True:
        rows = _tail(sight, count, until - span, until)
        if rows.num_rows >= count or span >= back:
            return rows
        span = min(_LONGER * span, back)


def _tail(sight: Sight, count: int, since: datetime, until: datetime) -> pa.Table:
    layout, source = sight.traffic, sight.source
    wanted = profiled_columns(layout, source.columns(since, until))
    columns = tuple(dict.fromkeys([*wanted, layout.timestamp]))
    kept: pa.Table | None = None
    for batch in source.batches(columns, layout.timestamp, since, until):
        table = pa.Table.from_batches([batch])
        both = table if kept is None else pa.concat_tables([kept, table], promote_options="permissive")
        kept = both.sort_by(layout.timestamp)[-count:]
    return pa.table({}) if kept is None else kept


def differences(given: Any, other: Any, *, classes: bool) -> Floats:
    """Return how much two answers to each row differ: 1 or 0 for classes, else the absolute difference.

    NaN where one of them is missing.
    """
    return row_losses("share wrong" if classes else "absolute error", given, other, {})


def flips(given: Any, other: Any, *, classes: bool) -> Flips:
    """Return how two versions' answers to the same rows differ."""
    differing = differences(given, other, classes=classes)
    both = differing[~np.isnan(differing)]
    mean = float(both.mean()) if both.size else None
    return Flips(differing.size, both.size, mean if classes else None, None if classes else mean)
