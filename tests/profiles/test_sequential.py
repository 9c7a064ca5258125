"""The confidence sequence is its formula, and holds at every look in simulation."""

import math

import numpy as np
import pytest
from scipy import stats

from profiles.sequential import Sequence, confidence_sequence, of_cubes, student

_RUNS = 500
LINES = ((1, 0.6), (6, 0.2), (1 / 6, 0.2))


def cubes_of(values: object) -> tuple[np.ndarray, np.ndarray]:
    known = np.asarray(values, dtype=float)
    return np.maximum(known, 0) ** 3, np.maximum(-known, 0) ** 3


def bounded(sums: object, weights: object, **other: object) -> Sequence:
    known = {"alpha": 0.05, "tightest_at": 500.0, "reach": 1.0, **other}
    return confidence_sequence(sums, weights, weights, **known)  # type: ignore[arg-type]


@pytest.mark.parametrize(("tightest_at", "stopped"), [(5_000, 0), (300, 0.2), (90, 0.8), (9, 1)])
def test_the_bounds_are_the_formula_computed_block_by_block(tightest_at: int, stopped: float) -> None:
    random = np.random.default_rng(3)
    rows = [int(each) for each in random.integers(1, 9, 40)]
    weights = [random.uniform(0.5, 2, each) for each in rows]
    values = [w * np.clip(random.standard_t(3, w.size) + 0.3, -6, 6) for w in weights]
    s, w = [each.sum() for each in values], [each.sum() for each in weights]
    up, down = ([float(sum(cubes_of(each)[side])) for each in values] for side in (0, 1))
    found = confidence_sequence(
        s,
        w,
        rows,
        alpha=0.05,
        tightest_at=tightest_at,
        reach=6,
        cubes=(up, down),
        heaviest=[each.max() for each in weights],
    )

    mean, n, total = sum(s) / sum(w), sum(rows), sum(w)
    size = 6 * max(each.max() for each in weights)
    left = [s[i] - mean * w[i] for i in range(40)]
    equal = total**2 / sum(each**2 for each in w)
    variance = sum(each**2 for each in left) * equal / (equal - 1)
    variance += 2 * max(sum(left[i] * left[i + 1] for i in range(39)), 0)
    third = sum(each**3 for each in left)
    for cubes, bound in (
        (max(sum(up), third), found.upper[-1] - mean),
        (max(sum(down), -third), mean - found.lower[-1]),
    ):
        heights, wanted = [], []
        for multiple, share in LINES:
            z = math.sqrt(-2 * math.log(share * 0.05))
            spread = variance * (stats.t.isf(stats.norm.sf(z), equal - 1) / z) ** 2
            wanted.append((share, spread, z / math.sqrt((spread + size**2) / n * tightest_at * multiple)))
        together = sum(share for share, _, bet in wanted if bet >= 0.9 / size)
        assert together == pytest.approx(stopped)
        for share, spread, best in wanted:
            bet = min(best, 0.9 / size)
            level = together if best >= 0.9 / size else share
            t = bet * size
            k = (-math.log(1 - t) - t - t**2 / 2) / t**3
            heights.append(-math.log(level * 0.05) / bet + bet * spread / 2 + k * bet**2 * cubes)
        assert bound * total == pytest.approx(min(heights))
    assert found.mean[-1] == pytest.approx(mean)
    assert found.error[-1] == pytest.approx(math.sqrt(variance) / total)


@pytest.mark.parametrize("stake", [1e-4, 0.1, 0.5, 0.9])
def test_a_bet_is_never_overstated_and_exact_at_its_largest_loss(stake: float) -> None:
    k = float(of_cubes(stake))
    y = np.linspace(-5, stake, 20_001)
    stated = -y - y**2 / 2 - k * np.maximum(y, 0) ** 3
    assert (stated <= np.log1p(-y) + 1e-12).all()
    assert stated[-1] == pytest.approx(math.log1p(-stake), rel=1e-9)


@pytest.mark.parametrize("freedom", [1, 4, 30])
def test_students_deviate_is_exceeded_as_rarely(freedom: int) -> None:
    assert stats.t.sf(student(2.5, freedom), freedom) == pytest.approx(stats.norm.sf(2.5))


def test_many_independent_rows_give_the_textbooks_standard_error() -> None:
    values = np.random.default_rng(1).normal(0.3, 2, 4_000)
    found = bounded(values, np.ones(4_000))
    assert found.mean[-1] == pytest.approx(values.mean())
    assert found.error[-1] == pytest.approx(values.std(ddof=1) / math.sqrt(4_000), rel=0.05)


def test_every_prefix_is_bounded_as_if_it_were_all() -> None:
    random = np.random.default_rng(2)
    weights = random.integers(0, 9, 60).astype(float)
    sums = random.normal(size=60) * weights
    cubes = cubes_of(sums)
    whole = bounded(sums, weights, cubes=cubes)
    for end in (1, 7, 30):
        part = bounded(sums[:end], weights[:end], cubes=(cubes[0][:end], cubes[1][:end]))
        for name in ("upper", "lower", "rows_to_tell"):
            assert getattr(part, name)[-1] == pytest.approx(getattr(whole, name)[end - 1], nan_ok=True)


def test_empty_blocks_are_none() -> None:
    random = np.random.default_rng(8)
    values = random.normal(size=50).cumsum() / 10
    holes = np.zeros((50, 3))
    holes[:, 1] = values
    there = np.zeros((50, 3))
    there[:, 1] = 1
    whole, gaps = bounded(values, np.ones(50)), bounded(holes.ravel(), there.ravel())
    assert gaps.upper[-1] == pytest.approx(whole.upper[-1])


def test_blocks_of_equal_rows_count_as_one_row_each() -> None:
    values = np.random.default_rng(4).normal(size=100)
    rows, copies = bounded(values, np.ones(100)), bounded(values * 50, np.full(100, 50.0))
    assert copies.error[-1] == pytest.approx(rows.error[-1])


def test_one_block_bounds_nothing() -> None:
    found = bounded([5.0], [10.0])
    assert (found.lower[0], found.upper[0]) == (-math.inf, math.inf)


def test_without_any_difference_the_bound_is_little_above_that_of_rows_that_never_failed() -> None:
    found = bounded(np.zeros(400), np.ones(400))
    never = stats.binomtest(0, 400).proportion_ci(0.9, "exact").high
    assert never < found.upper[-1] < 1.15 * never


def test_cubes_that_are_not_known_are_taken_as_large_as_they_can_be() -> None:
    values = np.random.default_rng(5).uniform(-0.3, 0.3, 400)
    up, down = cubes_of(values)
    known = bounded(values, np.ones(400), cubes=(up, down))
    up[7] = math.nan
    partly = bounded(values, np.ones(400), cubes=(up, down))
    unknown = bounded(values, np.ones(400))
    assert partly.upper[6] == known.upper[6]
    assert partly.upper[-1] == unknown.upper[-1] > known.upper[-1]
    assert partly.lower[-1] == known.lower[-1] > unknown.lower[-1]


def test_a_heavy_row_widens_the_bounds_from_then_on() -> None:
    values, ones = np.zeros(50), np.ones(50)
    heaviest = ones.copy()
    heaviest[20] = 9
    even, uneven = bounded(values, ones), bounded(values, ones, heaviest=heaviest)
    assert uneven.upper[19] == even.upper[19]
    assert uneven.upper[49] == pytest.approx(9 * even.upper[49])


@pytest.mark.parametrize("shift", [-0.08, 0.1])
def test_rows_to_tell_are_those_where_the_bound_reaches_zero(shift: float) -> None:
    values = np.resize([-1.0, 1.0], 6_000) + shift
    found = bounded(values, np.ones(6_000), cubes=cubes_of(values), reach=2.0)
    told = (found.upper < 0) | (found.lower > 0)
    assert told[-1]
    first = int(np.flatnonzero(~told)[-1]) + 1
    for after in (first // 2, 2 * first):
        assert found.rows_to_tell[after] == pytest.approx(first, rel=0.15)
    assert bounded(values - values.mean(), np.ones(6_000)).rows_to_tell[-1] == math.inf


def rare(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A loss of 0 or 1 that differs in 2 rows of 100, always against the challenger, less its mean."""
    return (random.random(shape) < 0.02) - 0.02


def rarer(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """The same in 5 rows of 1,000."""
    return (random.random(shape) < 0.005) - 0.005


def dependent(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Neighbouring blocks that share half of their noise."""
    noise = random.uniform(-0.5, 0.5, size=(shape[0], shape[1] + 1))
    return noise[:, 1:] + noise[:, :-1]


def uneven(random: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Skewed noise, as squared errors have it; what lies above the reach is rare."""
    return (random.exponential(size=shape) - 1) / 10


@pytest.mark.parametrize("noise", [rare, rarer, dependent, uneven])
def test_looking_after_every_block_errs_no_more_often_than_allowed(noise: object) -> None:
    random = np.random.default_rng(11)
    values = noise(random, (_RUNS, 1_000))  # type: ignore[operator]
    found = bounded(values, np.ones_like(values), tightest_at=2_000, cubes=cubes_of(values))
    looked = found.rows >= 100
    low = int((looked & (found.upper < 0)).any(axis=1).sum())
    high = int((looked & (found.lower > 0)).any(axis=1).sum())
    for errors in (low, high):
        assert stats.binomtest(errors, _RUNS, 0.05, "greater").pvalue > 0.01, errors


def test_a_z_test_that_peeks_errs_often() -> None:
    values = np.random.default_rng(12).normal(size=(500, 1_500))
    z = values.cumsum(axis=1) / np.sqrt(np.arange(1, 1_501))
    assert (z[:, 100:] < -1.645).any(axis=1).mean() > 0.2
