"""Distinct values beside what a baseline of another size lets expect."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from profiles.cardinality import Cardinality, cardinality
from profiles.profile import Column
from profiles.sketch import read, sketch

AT = datetime(2026, 3, 1, tzinfo=UTC)


def column(values: Any) -> Column:
    return read(sketch(pa.table({"c": pa.array(values)}), at=AT)).columns["c"]


def found(window: Any, baseline: Any) -> Cardinality:
    made = cardinality(column(window), column(baseline))
    assert made is not None
    return made


@pytest.mark.parametrize("kinds", [3, 50, 3000, 10**6])
@pytest.mark.parametrize(("n", "m"), [(60, 5000), (1000, 5000), (5000, 5000), (20_000, 2000)])
@pytest.mark.parametrize("skewed", [False, True])
def test_without_a_change_the_count_lies_between_the_bounds(
    kinds: int, n: int, m: int, *, skewed: bool
) -> None:
    random = np.random.default_rng(kinds + n)
    for _ in range(3):
        one, two = (
            random.zipf(1.3, rows) % kinds if skewed else random.integers(0, kinds, rows) for rows in (n, m)
        )
        made = found(one, two)
        assert made.least <= made.distinct <= made.most


@pytest.mark.parametrize("kinds", [10, 2000, 100_000])
def test_the_estimate_is_within_four_standard_errors_of_the_exact_count(kinds: int) -> None:
    rows = np.random.default_rng(kinds).integers(0, kinds, 50_000)
    exact = np.unique(rows).size
    assert abs(column(rows).distinct - exact) <= 4 * 1.04 / 64 * exact + 1


def test_ids_that_collapse_lie_far_below_and_names_that_explode_far_above() -> None:
    ids = [f"user-{i}" for i in range(5000)]
    collapsed = found([f"user-{i % 12}" for i in range(1000)], ids)
    assert collapsed.distinct == pytest.approx(12, abs=0.1)
    assert collapsed.least > 10 * collapsed.distinct
    exploded = found(ids[:1000], ["red", "green", "blue"] * 1000)
    assert exploded.distinct > 10 * exploded.most


def test_without_values_there_is_nothing_to_count() -> None:
    assert cardinality(column(pa.nulls(3, pa.string())), column(["a"])) is None
