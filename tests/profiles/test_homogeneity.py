"""Chi-square as scipy has it, its chance value as simulation has it, from sketches as near as they are."""

import math
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2, chi2_contingency

from profiles import distances
from profiles.homogeneity import chi_square, chi_square_by_chance
from profiles.profile import Distribution
from profiles.sketch import read, sketch

COUNTS = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 500)), min_size=2, max_size=12)


def cells(counts: list[tuple[int, int]], error: float = 0.0) -> distances.Cells:
    window, baseline = np.array(counts, np.float64).T
    n, m = window.sum(), baseline.sum()
    return distances.Cells(window / n, baseline / m, float(n), float(m), error)


@settings(derandomize=True, max_examples=50, deadline=None)
@given(COUNTS.filter(lambda counts: sum(window for window, _ in counts) > 0))
def test_the_statistic_is_scipys(counts: list[tuple[int, int]]) -> None:
    expected = chi2_contingency(np.array(counts).T, correction=False).statistic
    assert chi_square(cells(counts)) == pytest.approx(expected)


def test_its_chance_value_is_the_quantile_that_few_samples_exceed() -> None:
    random, shares = np.random.default_rng(0), np.full(10, 0.1)
    pairs = zip(random.multinomial(500, shares, 4000), random.multinomial(4000, shares, 4000), strict=True)
    made = [distances.Cells(one / 500, two / 4000, 500, 4000) for one, two in pairs]
    assert chi_square_by_chance(made[0], 0.01) == pytest.approx(chi2.isf(0.01, 9))
    exceeded = sum(chi_square(each) > chi_square_by_chance(each, 0.01) for each in made)
    # 40 are expected; three standard errors more are chance.
    assert exceeded <= 40 + 3 * math.sqrt(40)


def test_sketch_error_widens_the_chance_value_and_empty_cells_add_nothing() -> None:
    counts = [(10, 90), (20, 210)]
    exact = chi_square_by_chance(cells(counts), 0.01)
    assert chi_square_by_chance(cells(counts, 0.01), 0.01) > exact
    assert chi_square_by_chance(cells([*counts, (0, 0)]), 0.01) == pytest.approx(exact)
    assert chi_square(cells([*counts, (0, 0)])) == pytest.approx(chi_square(cells(counts)))


@pytest.mark.parametrize("shift", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("n", [900, 30_000])
def test_from_sketches_it_lies_within_the_stated_error(shift: float, n: int) -> None:
    random, at = np.random.default_rng(n), datetime(2026, 3, 1, tzinfo=UTC)
    left, right = random.normal(shift, 1, n), random.normal(0, 1, 50_000)

    def sketched(rows: object) -> Distribution:
        found = read(sketch(pa.table({"c": rows}), at=at)).columns["c"].distribution
        assert found is not None
        return found

    def raw(rows: object) -> Distribution:
        ordered = np.sort(np.asarray(rows))
        return Distribution(ordered, np.ones(ordered.size), float(ordered.mean()), float(ordered.std()), 0.0)

    found, exact = (distances.number_cells(made(left), made(right)) for made in (sketched, raw))
    rows = n * 50_000 / (n + 50_000)
    bound = math.sqrt(rows * (found.error**2 / found.baseline).sum())
    assert abs(math.sqrt(chi_square(found)) - math.sqrt(chi_square(exact))) <= 2 * bound + 1e-9
