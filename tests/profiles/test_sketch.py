import hashlib
import random
import subprocess
import sys
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.errors import ProfileUnreadable, TrafficUnavailable
from profiles.profile import Column
from profiles.sketch import merge, read, sketch, stock_view

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


@pytest.mark.filterwarnings("ignore:invalid value:RuntimeWarning")  # stock whylogs subtracts infinities
def test_profiles_that_stock_whylogs_wrote_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHYLOGS_NO_ANALYTICS", "1")
    stock_view(sketch(pa.table({"c": [1]}), at=AT))
    import whylogs

    rng = np.random.default_rng(5)
    frame = pd.DataFrame({
        "f": np.where(rng.random(5000) < 0.01, np.inf, rng.normal(10, 2, 5000)),
        "gap": np.where(rng.random(5000) < 0.5, np.nan, 1.5),
        "i": rng.integers(0, 9, 5000),
        "s": rng.choice(["a", "b"], 5000),
        "b": rng.random(5000) < 0.5,
        "d": pd.Timestamp("2026-01-01"),
    })  # fmt: skip
    data = whylogs.log(pandas=frame).view().serialize()
    profile = read(data)
    columns = profile.columns
    assert profile.rows == 5000
    assert {n: c.kind for n, c in columns.items()} == {
        "f": "number", "gap": "number", "i": "number", "s": "category", "b": "category", "d": "other"
    }  # fmt: skip
    assert columns["gap"].missing == frame["gap"].isna().sum()
    assert columns["f"].infinite == np.isinf(frame["f"]).sum()
    assert columns["f"].distribution is not None
    finite = frame["f"][np.isfinite(frame["f"])]
    assert columns["f"].distribution.mean == pytest.approx(finite.mean(), abs=0.05)
    assert columns["f"].distribution.deviation == pytest.approx(finite.std(), abs=0.05)
    assert columns["s"].categories == frame["s"].value_counts().to_dict()
    assert read(merge([data, sketch(traffic(10), at=AT)], at=AT)).columns["i"].rows == 5000


def test_stock_whylogs_reads_and_merges_our_bytes() -> None:
    parts = [sketch(traffic(3000, seed), at=AT) for seed in (1, 2)]
    views = [stock_view(part) for part in parts]
    assert views[0].dataset_timestamp == views[0].creation_timestamp == AT
    assert "distribution/median" in views[0].to_pandas().columns
    merged = read(views[0].merge(views[1]).serialize())
    ours = read(merge(parts, at=AT))
    for name, column in ours.columns.items():
        stock = merged.columns[name]
        assert (stock.kind, stock.rows, stock.missing) == (column.kind, 6000, column.missing)
        assert stock.distinct == pytest.approx(column.distinct, rel=1e-6)
        if column.distribution is not None and stock.distribution is not None:
            assert stock.distribution.mean == pytest.approx(column.distribution.mean)
            assert stock.distribution.minimum == column.distribution.minimum
            # The stock library's own error comes on top once it has dropped values.
            assert stock.distribution.rank_error >= column.distribution.rank_error > -1
    assert merged.columns["color"].categories == ours.columns["color"].categories


@FAST
@given(ROWS, ROWS, ROWS)
def test_merging_equals_profiling_all_rows_and_does_not_depend_on_grouping(
    a: list[dict[str, Any]], b: list[dict[str, Any]], c: list[dict[str, Any]]
) -> None:
    one, two, three = (sketch(pa.Table.from_pylist(rows, SCHEMA), at=AT) for rows in (a, b, c))
    whole = read(sketch(pa.Table.from_pylist(a + b + c, SCHEMA), at=AT))
    left = read(merge([merge([one, two], at=AT), three], at=AT))
    right = read(merge([one, merge([three, two], at=AT)], at=AT))
    for merged in (left, right):
        for name, expected in whole.columns.items():
            found = merged.columns[name]
            assert (found.rows, found.missing, found.infinite) == (
                expected.rows,
                expected.missing,
                expected.infinite,
            )
            assert (found.kind, found.categories) == (expected.kind, expected.categories)
            assert found.distinct == pytest.approx(expected.distinct, rel=0.01)
            if expected.distribution is not None:
                assert found.distribution is not None
                assert np.array_equal(found.distribution.values, expected.distribution.values)
                assert found.distribution.mean == pytest.approx(
                    expected.distribution.mean, rel=1e-6, abs=1e-6
                )


def test_merging_does_not_depend_on_the_order_of_parts_and_keeps_its_rank_error() -> None:
    tables = [traffic(1500, seed) for seed in range(8)]
    parts = [sketch(table, at=AT) for table in tables]
    data = merge(parts, at=AT)
    assert data == merge(parts[::-1], at=AT) == merge(random.Random(4).sample(parts, 8), at=AT)  # noqa: S311
    rows = np.sort(pa.concat_tables(tables)["amount"].drop_null().to_numpy())
    running = parts[0]
    for part in parts[1:]:
        running = merge([running, part], at=AT)
    for merged in (data, running):
        found = read(merged).columns["amount"].distribution
        assert found is not None
        assert found.weights.sum() == rows.size
        exact = np.searchsorted(rows, found.values, side="right") / rows.size
        worst = np.abs(np.cumsum(found.weights) / rows.size - exact).max()
        assert worst <= found.rank_error < 0.006


def test_damaged_bytes_raise_one_error_and_never_another() -> None:
    data = sketch(traffic(300), at=AT)
    chance = random.Random(1)  # noqa: S311 - not for secrets
    refused = 0
    for _ in range(300):
        bad = bytearray(data)
        for _ in range(5):
            bad[chance.randrange(2000)] = chance.randrange(256)
        try:
            read(bytes(bad))
        except ProfileUnreadable:
            refused += 1
    assert refused > 150
    for cut in range(0, len(data), 97):
        with pytest.raises(ProfileUnreadable):
            read(data[:cut])


@pytest.mark.parametrize("data", [b"", b"WHY1", b"PAR1abc", b"WHY1" + b"\xff" * 50])
def test_what_is_no_profile_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(ProfileUnreadable, match="restore it or profile"):
        read(data)


def test_a_table_without_columns_or_rows_has_a_profile() -> None:
    assert read(sketch(pa.table({}), at=AT)).columns == {}
    assert read(merge([], at=AT)).rows == 0
    assert read(merge([sketch(traffic(0), at=AT), sketch(traffic(5), at=AT)], at=AT)).rows == 5


def test_two_columns_of_one_name_are_refused() -> None:
    twice = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["a", "a"])
    with pytest.raises(TrafficUnavailable, match="more than once: a"):
        sketch(twice, at=AT)
