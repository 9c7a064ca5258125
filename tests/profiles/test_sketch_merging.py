"""Profiles join without loss, ours and those of stock whylogs."""

import random
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given

from profiles.sketch import merge, read, sketch
from profiles.whysketches import stock_view
from tests.profiles.sketched_rows import AT, FAST, ROWS, SCHEMA, traffic


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
                # Numbers at both ends of 64 bits cancel out: what is left of their sum is rounding.
                largest = float(np.abs(expected.distribution.values).max(initial=0.0))
                assert found.distribution.mean == pytest.approx(
                    expected.distribution.mean, rel=1e-6, abs=max(1e-6, 1e-12 * largest)
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
