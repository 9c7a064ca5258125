"""The stationary parts of three real sets, cut into disjoint halves: one for baselines, one for windows."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

_DATA = Path(__file__).parents[1] / "demo" / "data"
_BIKE = _DATA / "bike_sharing.parquet"
_BANK = _DATA / "bank_marketing.parquet"
_COMMITS = _DATA / "commit_types.parquet"
# A team logs codes as what they are.
_BIKE_CODES = ("season", "holiday", "weekday", "workingday", "weathersit")
_BANK_ROWS = 16_000  # May to July 2008, its README's reference
_COMMITS_SINCE, _COMMITS_UNTIL = "2018-07-01T00:00Z", "2020-07-01T00:00Z"  # its README's reference
SETS = ("bank", "bike", "commits")


@cache
def part(name: str) -> pa.Table:
    """Return the stationary part of a set, without row numbers and clocks."""
    return {"bank": _bank, "bike": _bike, "commits": _commits}[name]()


def _bank() -> pa.Table:
    rows = pq.read_table(_BANK).slice(0, _BANK_ROWS)
    return rows.drop_columns(["row", "year_month"])


def _bike() -> pa.Table:
    rows = pq.read_table(_BIKE)
    rows = rows.filter(pc.equal(rows["yr"], 0)).drop_columns(["ts", "instant", "yr"])
    for name in _BIKE_CODES:
        rows = rows.set_column(rows.schema.get_field_index(name), name, rows[name].cast(pa.string()))
    return rows


def _commits() -> pa.Table:
    rows = pq.read_table(_COMMITS)
    since, until = (pa.scalar(day).cast(rows["ts"].type) for day in (_COMMITS_SINCE, _COMMITS_UNTIL))
    rows = rows.filter(pc.and_(pc.greater_equal(rows["ts"], since), pc.less(rows["ts"], until)))
    words = pc.list_value_length(pc.utf8_split_whitespace(rows["text"]))
    return pa.table(
        {
            "length": pc.utf8_length(rows["text"]),
            "words": words,
            "hour": pc.hour(rows["ts"]),
            "type": rows["type"],
            "label": rows["label"],
        }
    )


@dataclass(frozen=True)
class Halves:
    """Two disjoint random halves of a set's stationary part."""

    baseline: pa.Table
    pool: pa.Table

    def window(self, rows: int, random: np.random.Generator, weights: Any = None) -> pa.Table:
        """Draw a window's rows with replacement, evenly or with `weights` that sum to 1."""
        return self.pool.take(random.choice(self.pool.num_rows, rows, p=weights))


def halves(name: str, random: np.random.Generator) -> Halves:
    """Cut a set's stationary part at random."""
    rows = part(name)
    order = random.permutation(rows.num_rows)
    middle = rows.num_rows // 2
    return Halves(rows.take(order[:middle]), rows.take(order[middle:]))
