import hashlib
import random
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.errors import TrafficUnavailable
from profiles.sketch import merge, read, sketch
from profiles.whysketches import stock_view
from tests.profiles.sketched_rows import AT, FAST, ROWS, SCHEMA, column, traffic


@FAST
@given(ROWS, st.randoms(use_true_random=False), st.integers(1, 7))
def test_the_bytes_do_not_depend_on_row_order_or_chunks(
    rows: list[dict[str, Any]], shuffle: random.Random, chunk: int
) -> None:
    mixed = shuffle.sample(rows, len(rows))
    pieces = [pa.Table.from_pylist(mixed[i : i + chunk], SCHEMA) for i in range(0, len(mixed), chunk)]
    whole = pa.Table.from_pylist(rows, SCHEMA)
    assert sketch(pa.concat_tables([SCHEMA.empty_table(), *pieces]), at=AT) == sketch(whole, at=AT)


def test_large_tables_give_the_same_bytes_in_any_order() -> None:
    table = traffic(20_000)
    mixed = table.take(pa.array(np.random.default_rng(9).permutation(20_000)))
    assert sketch(table, at=AT) == sketch(mixed, at=AT)


def test_another_process_writes_the_same_bytes_and_neither_imports_whylogs() -> None:
    code = (
        "import sys, hashlib, pyarrow as pa; from datetime import *; from profiles.sketch import *\n"
        "n = range(5000); t = pa.table({'x': [i * 0.37 % 11 for i in n], 's': [str(i%700) for i in n]})\n"
        "b = sketch(t, at=datetime(2026, 1, 2, tzinfo=UTC)); read(b); assert 'whylogs' not in sys.modules\n"
        "print(hashlib.sha256(b).hexdigest())"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
    assert len(found.pop().strip()) == hashlib.sha256().digest_size * 2


MOMENT = datetime(2020, 1, 1, tzinfo=UTC)
KINDS: list[tuple[str, Any, pa.DataType, str, int, tuple[float, float] | None]] = [
    ("int8", [1, None, 3], pa.int8(), "number", 1, (1, 3)),
    ("int64", [-(2**63), 2**63 - 1], pa.int64(), "number", 0, (-(2.0**63), 2.0**63)),
    ("uint64", [0, 2**64 - 1, None], pa.uint64(), "number", 1, (0, 2.0**64)),
    ("float16", np.array([1.5, 2], np.float16), pa.float16(), "number", 0, (1.5, 2)),
    ("float32", [1.5, None, float("nan")], pa.float32(), "number", 2, (1.5, 1.5)),
    ("float64", [0.0, -0.0, 1e308, -1e308], pa.float64(), "number", 0, (-1e308, 1e308)),
    ("decimal", [Decimal("1.5"), None], pa.decimal128(9, 2), "number", 1, (1.5, 1.5)),
    ("decimal256", [Decimal("-2.25")], pa.decimal256(60, 2), "number", 0, (-2.25, -2.25)),
    ("duration", [timedelta(seconds=90)], pa.duration("ms"), "number", 0, (90, 90)),
    ("time32", [time(0, 1)], pa.time32("s"), "number", 0, (60, 60)),
    ("time64", [time(0, 1)], pa.time64("us"), "number", 0, (60, 60)),
    ("date32", [date(1970, 1, 2), None], pa.date32(), "time", 1, (86400, 86400)),
    ("date64", [date(1970, 1, 2)], pa.date64(), "time", 0, (86400, 86400)),
    ("timestamp", [MOMENT, None], pa.timestamp("ns"), "time", 1, (1577836800, 1577836800)),
    ("timestamp zone", [MOMENT], pa.timestamp("ms", "Asia/Tokyo"), "time", 0, (1577836800, 1577836800)),
    ("bool", [True, None, False], pa.bool_(), "category", 1, None),
    ("string", ["a", None], pa.string(), "category", 1, None),
    ("large string", ["a", None], pa.large_string(), "category", 1, None),
    ("string view", ["a", None], pa.string_view(), "category", 1, None),
    ("dictionary", ["a", None], pa.dictionary(pa.int8(), pa.string()), "category", 1, None),
    ("dictionary of ints", [7, None], pa.dictionary(pa.int8(), pa.int64()), "category", 1, None),
    ("binary", [b"\xff", None], pa.binary(), "other", 1, None),
    ("list", [[1], None], pa.list_(pa.int64()), "other", 1, None),
    ("struct", [{"a": 1}, None], pa.struct({"a": pa.int64()}), "other", 1, None),
    ("null", [None, None], pa.null(), "empty", 2, None),
    ("all null", [None, None], pa.float64(), "empty", 2, None),
    ("no rows", [], pa.string(), "empty", 0, None),
]


@pytest.mark.parametrize(
    ("values", "kind", "expected", "missing", "span"), [k[1:] for k in KINDS], ids=[k[0] for k in KINDS]
)
def test_every_type_of_column_is_read_back(
    values: Any, kind: pa.DataType, expected: str, missing: int, span: tuple[float, float] | None
) -> None:
    found = column(values, kind)
    assert (found.kind, found.rows, found.missing) == (expected, len(values), missing)
    if span is None:
        assert found.distribution is None
    else:
        assert found.distribution is not None
        assert (found.distribution.minimum, found.distribution.maximum) == span
        assert found.distribution.weights.sum() == found.present
    view = stock_view(sketch(pa.table({"c": pa.array(values, kind)}), at=AT)).get_column("c")
    assert view.get_metric("counts").n.value == len(values)
    assert view.get_metric("counts").null.value == missing


def test_text_that_is_not_utf8_is_counted_only() -> None:
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 1], np.int32)), pa.py_buffer(b"\xff"))
    found = read(sketch(pa.table({"c": broken}), at=AT)).columns["c"]
    assert (found.kind, found.rows, found.missing) == ("other", 1, 0)


def test_infinities_are_counted_apart() -> None:
    found = column([1.0, float("inf"), 3.0, float("-inf"), None])
    assert (found.infinite, found.missing, found.present) == (2, 1, 4)
    assert found.distribution is not None
    assert (found.distribution.mean, found.distribution.maximum) == (2, 3)
    assert column([float("inf")]).distribution is None


def test_moments_distinct_counts_and_categories_are_right() -> None:
    table = traffic(50_000)
    columns = read(sketch(table, at=AT)).columns
    frame = table.to_pandas()
    amount = columns["amount"]
    assert amount.distribution is not None
    assert amount.distribution.mean == pytest.approx(frame["amount"].mean(), rel=1e-9)
    assert amount.distribution.deviation == pytest.approx(frame["amount"].std(), rel=1e-9)
    for name in ("amount", "count", "big", "user", "color"):
        assert columns[name].distinct == pytest.approx(frame[name].nunique(), rel=0.05)
    assert columns["color"].categories == frame["color"].value_counts().to_dict()
    assert columns["flag"].categories == frame["flag"].astype(str).value_counts().to_dict()


def test_of_many_categories_the_most_frequent_are_kept_and_single_ones_are_not() -> None:
    labels = [f"c{i:04d}" for i in range(600) for _ in range(3 if i < 400 else 1)]
    categories = column(labels).categories
    assert categories == {f"c{i:04d}": 3 for i in range(400)}
    assert column([str(i) for i in range(600)]).categories == {}


def test_a_table_without_columns_or_rows_has_a_profile() -> None:
    assert read(sketch(pa.table({}), at=AT)).columns == {}
    assert read(merge([], at=AT)).rows == 0
    assert read(merge([sketch(traffic(0), at=AT), sketch(traffic(5), at=AT)], at=AT)).rows == 5


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(TrafficUnavailable, match="more than once: a"):
        sketch(twice, at=AT)
