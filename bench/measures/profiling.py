"""How fast rows become a profile, beside stock whylogs on the same rows."""

import gc
import os
import time
from collections.abc import Callable
from functools import cache
from typing import Any

from bench.measure import Measure


def rows_per_s(*, rows: int = 100_000, repeats: int = 7) -> list[float]:
    """Rows that our profile takes in per second of CPU time."""
    return [rows / ours for ours, _ in _side_by_side(rows, repeats)]


def times_stock(*, rows: int = 100_000, repeats: int = 7) -> list[float]:
    """Stock whylogs' CPU time divided by ours, repeat by repeat."""
    return [stock / ours for ours, stock in _side_by_side(rows, repeats)]


@cache
def _side_by_side(rows: int, repeats: int) -> tuple[tuple[float, float], ...]:
    """Seconds of CPU time that ours and stock whylogs took, in turns; the first turn is not counted.

    Each begins with the table it likes best and ends with a profile's bytes.
    """
    import pyarrow as pa

    from bench.made_up import START, features
    from profiles.sketch import read, sketch

    ids = pa.array([f"id-{number}" for number in range(rows)])
    table = pa.table({**features(rows, seed=0), "id": ids})
    frame = table.to_pandas()
    stock = _stock()
    for profile in (sketch(table, at=START), stock(frame)):
        counted = {name: column.rows for name, column in read(profile).columns.items()}
        if counted != dict.fromkeys(table.column_names, rows):
            raise ValueError(
                f"both profiles should hold {rows} rows of every column, and one holds {counted}"
            )
    return tuple(
        (_cpu_seconds(lambda: sketch(table, at=START)), _cpu_seconds(lambda: stock(frame)))
        for _ in range(repeats)
    )


def _stock() -> Callable[[Any], bytes]:
    """Return stock whylogs' own way from rows to bytes."""
    os.environ["WHYLOGS_NO_ANALYTICS"] = "1"
    import numpy as np

    # whylogs 1.6.4 names a type that numpy 2 has removed.
    if not hasattr(np, "unicode_"):
        np.unicode_ = np.str_  # type: ignore[attr-defined]  # noqa: NPY201 - given back, not used
    import whylogs

    return lambda frame: bytes(whylogs.log(frame).view().serialize())


def _cpu_seconds(work: Callable[[], object]) -> float:
    gc.collect()
    began = time.process_time()
    work()
    return time.process_time() - began


MEASURES = (
    Measure(
        key="profile_rows_per_s",
        unit="rows/CPU-s",
        meaning="Rows that `profiles.sketch.sketch` takes in per second of CPU time: 100,000 rows of 21 "
        "columns (10 floats with 2 % null, 5 integers, 5 texts of 5 to 25 words, 1 id).",
        take=rows_per_s,
        tiny={"rows": 200, "repeats": 1},
    ),
    Measure(
        key="profile_vs_stock_ratio",
        unit="times",
        meaning="How many times as fast that is as stock whylogs: the CPU time of `why.log(frame)` up to the "
        "serialised profile, divided by ours on the same rows, in turns in one process.",
        take=times_stock,
        tiny={"rows": 200, "repeats": 1},
    ),
)
