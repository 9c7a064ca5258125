"""Rows of every kind of column, and what is read back of them once sketched."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from hypothesis import settings
from hypothesis import strategies as st

from profiles.profile import Column
from profiles.sketch import read, sketch

AT = datetime(2026, 1, 2, 3, tzinfo=UTC)
FAST = settings(derandomize=True, max_examples=25, deadline=None)
ROWS = st.lists(
    st.fixed_dictionaries({
        "f": st.none() | st.floats(width=32),
        "i": st.none() | st.integers(-(2**63), 2**63 - 1),
        "s": st.none() | st.text(max_size=5),
        "b": st.none() | st.booleans(),
        "t": st.none() | st.datetimes(datetime(1960, 1, 1), datetime(2060, 1, 1)),  # noqa: DTZ001
    }),
    max_size=40,
)  # fmt: skip
SCHEMA = pa.schema(
    {"f": pa.float64(), "i": pa.int64(), "s": pa.string(), "b": pa.bool_(), "t": pa.timestamp("us")}
)


def column(values: Any, kind: pa.DataType | None = None) -> Column:
    return read(sketch(pa.table({"c": pa.array(values, kind)}), at=AT)).columns["c"]


def traffic(n: int, seed: int = 0) -> pa.Table:
    rng = np.random.default_rng(seed)
    return pa.table({
        "amount": pa.array(rng.normal(size=n), mask=rng.random(n) < 0.02),
        "count": rng.poisson(3, n),
        "big": rng.integers(0, 10**9, n),
        "color": pa.array(rng.choice(["red", "green", "blue"], n)),
        "user": pa.array([f"user-{i}" for i in rng.integers(0, 10**6, n)]),
        "flag": rng.random(n) < 0.3,
        "when": pa.array(rng.integers(0, 10**9, n), pa.timestamp("s", "UTC")),
    })  # fmt: skip
