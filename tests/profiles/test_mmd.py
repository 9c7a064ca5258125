"""The distance between embeddings beside the exact one, its chance, and what its limits mean."""

import math

import numpy as np
import pytest
from scipy.stats import permutation_test

from profiles.mmd import mmd, null, varies
from profiles.profile import Floats
from profiles.vectors import WIDTHS
from tests.profiles.embedded import SHAPES, of


def kernels(rows: Floats, other: Floats) -> Floats:
    """The three Gaussian kernels between unit vectors (bands, n, m)."""
    one, two = (each / np.linalg.norm(each, axis=1, keepdims=True) for each in (rows, other))
    return np.stack([np.exp(-(2 - 2 * one @ two.T) / 2 / width) for width in WIDTHS])


def between(kernel: Floats) -> Floats:
    """The mean of each band's kernel between different rows."""
    n = kernel.shape[1]
    return np.asarray((kernel.sum(axis=(1, 2)) - n) / n / (n - 1))


def exact(window: Floats, baseline: Floats) -> float:
    """The same distance from the kernels themselves, without features."""
    own, theirs = between(kernels(window, window)), between(kernels(baseline, baseline))
    squared = own + theirs - 2 * kernels(window, baseline).mean(axis=(1, 2))
    return math.sqrt(max(0.0, float((squared / (1 - theirs)).mean())))


def replaced(random: np.random.Generator, rows: Floats, share: float) -> Floats:
    """The rows with a share of them replaced by a narrow cluster, as far from the middle as others."""
    count = round(share * len(rows))
    away = random.normal(size=rows.shape[1]) * rows.std()
    return np.vstack(
        [rows[count:], rows.mean(axis=0) + away + 0.3 * random.normal(size=(count, rows.shape[1]))]
    )


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize(
    ("n", "change", "error"), [(2000, 0.0, 0.02), (2000, 0.1, 0.02), (2000, 0.2, 0.02), (300, 0.2, 0.02)]
)
def test_the_distance_is_near_the_exact_one(shape: str, n: int, change: float, error: float) -> None:
    random = np.random.default_rng(n)
    baseline, window = SHAPES[shape](random, 2000), SHAPES[shape](random, n)
    window = replaced(random, window, change) if change else window
    assert mmd(of(window), of(baseline)) == pytest.approx(exact(window, baseline), abs=error)


@pytest.mark.parametrize("shape", ["everywhere", "one way", "clusters"])
@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_the_distance_is_about_the_share_of_rows_that_were_replaced(shape: str, share: float) -> None:
    random = np.random.default_rng(5)
    baseline, window = SHAPES[shape](random, 2500), SHAPES[shape](random, 2500)
    assert mmd(of(replaced(random, window, share)), of(baseline)) == pytest.approx(share, rel=0.35)


@pytest.mark.parametrize("shape", ["everywhere", "one way", "clusters"])
def test_half_a_deviation_in_every_number_is_far_beyond_the_limits(shape: str) -> None:
    random = np.random.default_rng(6)
    baseline, window = SHAPES[shape](random, 2000), SHAPES[shape](random, 500)
    signs = random.choice([-1, 1], baseline.shape[1])
    assert mmd(of(window + 0.5 * signs * baseline.std(axis=0)), of(baseline)) > 0.25


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_change_the_distance_exceeds_its_chance_as_rarely_as_said(shape: str) -> None:
    random, runs, alpha = np.random.default_rng(100), 200, 0.05
    exceeded = 0
    for _ in range(runs):
        window, baseline = of(SHAPES[shape](random, 100)), of(SHAPES[shape](random, 300))
        exceeded += mmd(window, baseline) > null(window, baseline, alpha).chance
    # Three standard errors of the share, and what the estimated traces add.
    assert exceeded / runs <= alpha + 3 * math.sqrt(alpha * (1 - alpha) / runs)


@pytest.mark.parametrize("shape", ["everywhere", "clusters"])
def test_the_chance_is_near_the_quantile_of_permutations(shape: str) -> None:
    random = np.random.default_rng(8)
    rows = SHAPES[shape](random, 300)
    every, n = kernels(rows, rows), 100

    def squared(order: Floats, _rest: Floats) -> float:
        chosen = order.astype(int)
        inside = np.zeros(len(rows), bool)
        inside[chosen] = True
        one, two = every[:, inside][:, :, inside], every[:, ~inside][:, :, ~inside]
        gap = between(one) + between(two) - 2 * every[:, inside][:, :, ~inside].mean(axis=(1, 2))
        return float((gap / (1 - between(two))).mean())

    index = np.arange(len(rows), dtype=float)
    drawn = permutation_test(
        (index[:n], index[n:]), squared, n_resamples=300, rng=np.random.default_rng(0)
    ).null_distribution
    ours = null(of(rows[:n]), of(rows[n:]), 0.05).chance
    assert ours == pytest.approx(math.sqrt(np.quantile(drawn, 0.95)), rel=0.25)


@pytest.mark.parametrize("shape", ["one way", "clusters"])
def test_a_change_of_the_smallest_visible_size_is_seen_in_most_windows(shape: str) -> None:
    random, seen, runs = np.random.default_rng(9), 0, 60
    baseline = of(SHAPES[shape](random, 2000))
    rows = SHAPES[shape](random, 300)
    smallest = null(of(rows), baseline, 0.01).smallest
    # Find the share of replaced rows that makes a distance of this size in very many rows.
    large = SHAPES[shape](random, 3000)
    share = next(s for s in np.arange(0.02, 0.5, 0.01) if _at(large, s, baseline) >= smallest)
    for _ in range(runs):
        window = of(_mixed(SHAPES[shape](random, 300), share))
        seen += mmd(window, baseline) > null(window, baseline, 0.01).chance
    assert seen / runs > 0.7


def _mixed(rows: Floats, share: float) -> Floats:
    return replaced(np.random.default_rng(1), rows, share)


def _at(rows: Floats, share: float, baseline: object) -> float:
    return mmd(of(_mixed(rows, share)), baseline)  # type: ignore[arg-type]


def test_more_rows_make_smaller_distances_visible() -> None:
    random = np.random.default_rng(2)
    baseline = of(SHAPES["clusters"](random, 2000))
    few, many = (null(of(SHAPES["clusters"](random, n)), baseline, 0.01) for n in (100, 2000))
    assert few.chance > many.chance > 0
    assert few.smallest > few.chance


def test_what_cannot_be_measured_is_refused() -> None:
    rows = np.random.default_rng(0).normal(size=(50, 4))
    still = of(np.ones((50, 4)))
    assert (varies(of(rows)), varies(still), varies(of(rows[:1]))) == (True, False, False)
    for window, baseline in ((of(rows), still), (of(rows[:, :3]), of(rows)), (of(rows[:0]), of(rows))):
        with pytest.raises(ValueError, match=r"vectors of|no spread"):
            mmd(window, baseline)
