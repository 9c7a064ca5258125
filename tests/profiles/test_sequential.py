"""The confidence sequence is its formula, and holds at every look in simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from profiles.sequential import Sequence, confidence_sequence, deviate, rows_to_tell, student

_RUNS = 500


def bounded(sums: object, weights: object, **other: float) -> Sequence:
    known = {"alpha": 0.05, "tightest_at": 500.0, "reach": 0.0, **other}
    return confidence_sequence(sums, weights, weights, **known)


def test_the_deviate_is_the_published_formula() -> None:
    alpha, n, n_opt = 0.05, 300, 500
    square = (-2 * math.log(2 * alpha) + math.log(-2 * math.log(2 * alpha) + 1)) / n_opt
    half = math.sqrt(
        2 * (n * square + 1) / (n**2 * square) * math.log(1 + math.sqrt(n * square + 1) / (2 * alpha))
    )
    assert deviate(n, alpha, n_opt) / math.sqrt(n) == pytest.approx(half)


def test_it_is_about_tightest_where_it_was_asked_to_be() -> None:
    n = np.arange(50, 5_000)
    assert n[np.argmin(deviate(n, 0.05, 500))] == pytest.approx(500, rel=0.25)


@pytest.mark.parametrize("freedom", [1, 4, 30])
def test_students_deviate_is_exceeded_as_rarely(freedom: int) -> None:
    assert stats.t.sf(student(2.5, freedom), freedom) == pytest.approx(stats.norm.sf(2.5))


def test_many_independent_rows_give_the_textbooks_standard_error() -> None:
    values = np.random.default_rng(1).normal(0.3, 2, 4_000)
    found = bounded(values, np.ones(4_000))
    assert found.mean[-1] == pytest.approx(values.mean())
    assert found.error[-1] == pytest.approx(values.std(ddof=1) / math.sqrt(4_000), rel=0.05)
    half = deviate(4_000, 0.05, 500) * found.error[-1]
    assert found.upper[-1] - found.mean[-1] == pytest.approx(half, rel=0.01)


def test_every_prefix_is_bounded_as_if_it_were_all() -> None:
    random = np.random.default_rng(2)
    weights = random.integers(0, 9, 60).astype(float)
    sums = random.normal(size=60) * weights
    whole = bounded(sums, weights, reach=1.0)
    for end in (1, 7, 30):
        part = bounded(sums[:end], weights[:end], reach=1.0)
        assert part.upper[-1] == pytest.approx(whole.upper[end - 1], nan_ok=True)
        assert part.lower[-1] == pytest.approx(whole.lower[end - 1], nan_ok=True)


def test_blocks_of_equal_rows_count_as_one_row_each() -> None:
    values = np.random.default_rng(4).normal(size=100)
    rows, copies = bounded(values, np.ones(100)), bounded(values * 50, np.full(100, 50.0))
    assert copies.error[-1] == pytest.approx(rows.error[-1])


def test_one_block_bounds_nothing() -> None:
    found = bounded([5.0], [10.0], reach=1.0)
    assert (found.lower[0], found.upper[0]) == (-math.inf, math.inf)


def test_without_any_difference_the_bound_is_about_four_over_n() -> None:
    found = bounded(np.zeros(400), np.ones(400), reach=1.0)
    assert 3.5 / 400 < found.upper[-1] < 4.5 / 400


def test_rows_to_tell_are_those_where_the_bound_reaches_the_distance() -> None:
    n = rows_to_tell(0.1, 1.0, alpha=0.05, tightest_at=500)
    assert n is not None
    assert deviate(n, 0.05, 500) / math.sqrt(n) <= 0.1 < deviate(n - 1, 0.05, 500) / math.sqrt(n - 1)
    assert rows_to_tell(0.0, 1.0, alpha=0.05, tightest_at=500) is None
    assert rows_to_tell(1e-9, 1.0, alpha=0.05, tightest_at=500) is None
    assert rows_to_tell(0.1, 0.0, alpha=0.05, tightest_at=500) == 1


def rare(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A loss of 0 or 1 that differs in 2 rows of 100, always against the challenger, less its mean."""
    return (random.random(shape) < 0.02) - 0.02


def dependent(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Neighbouring blocks that share half of their noise."""
    noise = random.normal(size=(shape[0], shape[1] + 1))
    return noise[:, 1:] + noise[:, :-1]


def uneven(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Skewed noise, as squared errors have it."""
    return random.exponential(size=shape) - 1


@pytest.mark.parametrize("noise", [rare, dependent, uneven])
def test_looking_after_every_block_errs_no_more_often_than_allowed(noise: object) -> None:
    random = np.random.default_rng(11)
    values = noise(random, (_RUNS, 1_000))  # type: ignore[operator]
    found = bounded(values, np.ones_like(values), reach=1.0, tightest_at=2_000)
    looked = found.rows >= 100
    low = int((looked & (found.upper < 0)).any(axis=1).sum())
    high = int((looked & (found.lower > 0)).any(axis=1).sum())
    for errors in (low, high):
        assert stats.binomtest(errors, _RUNS, 0.05, "greater").pvalue > 0.01, errors


def test_a_z_test_that_peeks_errs_often() -> None:
    values = np.random.default_rng(12).normal(size=(500, 1_500))
    z = values.cumsum(axis=1) / np.sqrt(np.arange(1, 1_501))
    assert (z[:, 100:] < -1.645).any(axis=1).mean() > 0.2
