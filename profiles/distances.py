"""How far two sets of weighted points or of counted categories lie apart, and how far by chance.

Every chance value is the quantile of a distance between two samples of n and m rows of one and the same
distribution, widened by what the sketches themselves may err. `alpha` is the probability of exceeding it.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from profiles.profile import Column, Distribution, Floats

CELLS = 10
_FLOOR = 1e-4
# A category with a smaller share shares the cell "other".
_RARE = 0.01
# Rows that each cell needs for chi-square to describe it (Cochran, Biometrics 10(4), 1954).
_ROWS_PER_CELL = 5
_POWER = 0.8


@dataclass(frozen=True, eq=False)
class Cells:
    """Shares of the window and of the baseline in the same cells; `error` bounds a cell's sketch error."""

    window: Floats
    baseline: Floats
    n: float
    m: float
    error: float = 0.0


def number_cells(window: Distribution, baseline: Distribution) -> Cells:
    """Lay cells by the baseline: its deciles, and one cell for each value that holds over a tenth of it.

    Without cells of their own such values would swallow several deciles, and a column of 99.8 % zeros
    would have a single cell. Below 50 rows there are fewer quantiles, five rows to each. A cell lies
    between two ranks, so its share errs by twice the rank error.
    """
    n, m = float(window.weights.sum()), float(baseline.weights.sum())
    distinct, starts = np.unique(baseline.values, return_index=True)
    weights = np.add.reduceat(baseline.weights, starts)
    # One row alone is not an atom, even where it is a tenth of the rows.
    atoms = distinct[(weights > m / CELLS) & (weights > 1)]
    cells = int(np.clip(min(n, m) / _ROWS_PER_CELL, 2, CELLS))
    ranks = np.arange(1, cells) / cells * m
    deciles = distinct[np.searchsorted(np.cumsum(weights), ranks * (1 - 1e-12))]
    # A cut at c sends c itself to the right; so a decile, and an atom's right edge, is the next double.
    cuts = np.unique(np.concatenate([atoms, np.nextafter(np.concatenate([atoms, deciles]), np.inf)]))
    shares = [
        np.bincount(np.searchsorted(cuts, side.values, side="right"), side.weights, cuts.size + 1) / total
        for side, total in ((window, n), (baseline, m))
    ]
    return Cells(shares[0], shares[1], n, m, 2 * (window.rank_error + baseline.rank_error))


def category_cells(window: Column, baseline: Column) -> Cells:
    """One cell per category of the baseline with 1 % of all rows and five of each side's, one for all others.

    Both sides together choose the cells: what the baseline alone finds frequent is partly its own chance.
    """
    n, m = window.present, baseline.present
    least = max(_RARE, _ROWS_PER_CELL / min(n, m)) * (n + m)
    now = window.categories or {}
    known = [c for c, count in sorted((baseline.categories or {}).items()) if count + now.get(c, 0) >= least]
    shares = []
    for side, total in ((window, n), (baseline, m)):
        counts = np.array([(side.categories or {}).get(c, 0) for c in known], np.float64)
        shares.append(np.append(counts, max(0.0, total - counts.sum())) / total)
    return Cells(shares[0], shares[1], n, m)


def psi(cells: Cells) -> float:
    """Population stability index: sum of (p - q) ln(p / q), shares no less than 1e-4 or half a row.

    Source: Siddiqi, "Credit Risk Scorecards", 2006. The floor of half a row keeps an empty cell of a
    small sample from counting as a vanished one.
    """
    p = np.maximum(cells.window, max(_FLOOR, 0.5 / cells.n))
    q = np.maximum(cells.baseline, max(_FLOOR, 0.5 / cells.m))
    return float(((p - q) * np.log(p / q)).sum())


def psi_by_chance(cells: Cells, alpha: float) -> float:
    """Chance c = (1/n + 1/m) chi2(1 - alpha, k - 1), lifted for small cells, and sketch error e per cell.

    Sources: Yurdakul and Naranjo, "Statistical properties of the population stability index", Journal of
    Risk Model Validation 14(4), 2020, for c, to which PSI tends as cells fill. The logarithm weighs an
    emptier cell more than a fuller one: where all of what c exceeds its mean lies in the smallest cell of
    share q, PSI is c (1 + s/2 + ...) with s = sqrt((c - mean)/q). It spreads over the cells, so that s/4
    covers the simulated quantiles of 50 to 5,000 rows in 3 to 14 cells (tests; docs/judging.md).
    A cell off by e adds at most e ln(1 + e/q). Near zero PSI is a squared norm, so the roots add up.
    """
    from scipy.special import chdtri

    q = np.maximum(cells.baseline, max(_FLOOR, 0.5 / cells.m))
    sampling = 0.0
    if q.size > 1:
        scale, freedom = 1 / cells.n + 1 / cells.m, q.size - 1
        quantile = float(chdtri(freedom, alpha))
        smallest = max(float(q.min()), 1 / min(cells.n, cells.m))
        skew = math.sqrt(scale * max(0.0, quantile - freedom) / smallest)
        sampling = scale * quantile * (1 + skew / 4)
    sketched = float((cells.error * np.log1p(cells.error / q)).sum())
    return (math.sqrt(sampling) + math.sqrt(sketched)) ** 2


def jensen_shannon(cells: Cells) -> float:
    """Jensen-Shannon distance, base 2 (0..1): root of the mean relative entropy to the average.

    Source: Endres and Schindelin, "A new metric for probability distributions", IEEE Trans. Inf. Theory
    49(7), 2003.
    """
    from scipy.special import rel_entr

    middle = (cells.window + cells.baseline) / 2
    divergence = (rel_entr(cells.window, middle) + rel_entr(cells.baseline, middle)).sum() / 2
    return math.sqrt(max(0.0, float(divergence)) / math.log(2))


def jensen_shannon_by_chance(cells: Cells, alpha: float) -> float:
    """sqrt(P / (8 ln 2)) for PSI's chance value P: both are chi-squares to second order, PSI eight times.

    Source: Lin, "Divergence measures based on the Shannon entropy", IEEE Trans. Inf. Theory 37(1), 1991.
    """
    return min(1.0, math.sqrt(psi_by_chance(cells, alpha) / (8 * math.log(2))))


@dataclass(frozen=True)
class Gap:
    """The largest vertical gap between two distribution functions, and the area between them."""

    ks: float
    wasserstein: float


def gap(window: Distribution, baseline: Distribution) -> Gap:
    """Kolmogorov-Smirnov: max |F - G|. Wasserstein: integral of |F - G|, in the column's unit."""
    grid = np.union1d(window.values, baseline.values)
    apart = np.abs(_ranks(window, grid) - _ranks(baseline, grid))
    return Gap(float(apart.max()), float((apart[:-1] * np.diff(grid)).sum()))


def _ranks(side: Distribution, grid: Floats) -> Floats:
    """Return the share of rows at or below each value of the grid."""
    below = np.concatenate([[0.0], np.cumsum(side.weights)])
    ranks: Floats = below[np.searchsorted(side.values, grid, side="right")] / below[-1]
    return ranks


def ks_by_chance(window: Distribution, baseline: Distribution, alpha: float) -> float:
    """K(1 - alpha) sqrt(1/n + 1/m), and the rank errors of both sketches.

    Source: Smirnov, "Table for estimating the goodness of fit of empirical distributions", Ann. Math.
    Statist. 19(2), 1948. With ties (discrete columns) the value is larger than need be.
    """
    from scipy.special import kolmogi

    chance = float(kolmogi(alpha)) * _spread(window, baseline) + window.rank_error + baseline.rank_error
    return min(1.0, chance)


def wasserstein_by_chance(window: Distribution, baseline: Distribution, alpha: float) -> float:
    """sqrt(1/n + 1/m) (sqrt(2/pi) int sqrt(F (1-F)) dx + sd sqrt(2 ln(1/alpha))) + sketch error, in the unit.

    The first term is the mean of the limit int |B(F)| dx, B a Brownian bridge (del Barrio, Gine and Matran,
    Ann. Probab. 27(2), 1999); the second bounds its excess, because the limit is the supremum of a
    Gaussian process over 1-Lipschitz functions, none of variance above sd**2 (Borell's inequality). A rank
    error e moves the area by at most e (max - min). Larger than need be for most columns, too small for
    heavy tails in few rows, where the limit is not yet reached.
    """
    grid = baseline.values
    ranks = _ranks(baseline, grid)
    mean = math.sqrt(2 / math.pi) * float((np.sqrt(ranks * (1 - ranks))[:-1] * np.diff(grid)).sum())
    excess = baseline.deviation * math.sqrt(2 * math.log(1 / alpha))
    sketched = sum(side.rank_error * (side.maximum - side.minimum) for side in (window, baseline))
    return _spread(window, baseline) * (mean + excess) + sketched


def _spread(window: Distribution, baseline: Distribution) -> float:
    return math.sqrt(1 / float(window.weights.sum()) + 1 / float(baseline.weights.sum()))


def mean_shift_by_chance(window: Distribution, baseline: Distribution, alpha: float) -> float:
    """z(1 - alpha/2) sqrt(s**2/n + sd**2/m) / sd, s the larger of both deviations (Welch, 1938)."""
    n, m = float(window.weights.sum()), float(baseline.weights.sum())
    wider = max(window.deviation, baseline.deviation) / baseline.deviation
    return _z(alpha / 2) * math.sqrt(wider**2 / n + 1 / m)


def smallest_mean_shift(n: float, m: float, alpha: float) -> float:
    """(z(1 - alpha/2) + z(0.8)) sqrt(1/n + 1/m): the shift, in sd, seen in 80 % of windows of n rows.

    Source: Cohen, "Statistical Power Analysis", 1988, chapter 2.
    """
    return (_z(alpha / 2) + _z(1 - _POWER)) * math.sqrt(1 / n + 1 / m)


@dataclass(frozen=True)
class Moves:
    """What happened to the categories' shares: the largest change, and the share of unknown ones."""

    linf: float
    new: float


def moves(window: Column, baseline: Column) -> Moves:
    """Compare every category of both sides.

    Where the baseline keeps only its most frequent categories, one that it lacks may have been there
    as often as the rarest one kept: only the excess counts as a change, and none counts as new.
    """
    before, now = baseline.categories or {}, window.categories or {}
    whole = sum(before.values()) >= baseline.present
    hidden = 0 if whole else min(before.values(), default=1)
    changes = [abs(now.get(c, 0) / window.present - count / baseline.present) for c, count in before.items()]
    unknown = [count / window.present for c, count in now.items() if c not in before]
    changes += [max(0.0, share - hidden / baseline.present) for share in unknown]
    return Moves(max(changes, default=0.0), sum(unknown) if whole else 0.0)


def linf_by_chance(window: Column, baseline: Column, alpha: float) -> float:
    """The t with sum over categories of 2 Phi(-t/s) = alpha, where s**2 = p (1-p) (1/n + 1/m), and more.

    p is a category's pooled share: normal approximation of a difference of shares (Fleiss, "Statistical
    Methods for Rates and Proportions", 2003) and the union bound over the categories. Each counts with its
    own variance, so that rare ones hardly widen what a frequent one is held to. With z = t / max s,
    ((z**2 - 1)/6 + 1/2) max(1/n, 1/m) is added for the skewness of a rare category's share (Cornish and
    Fisher, 1937) and its steps of one row.
    """
    largest, errors = _farthest(window, baseline, alpha)
    z = largest / float(errors.max())
    steps = max(1 / window.present, 1 / baseline.present)
    return min(1.0, largest + ((z * z - 1) / 6 + 0.5) * steps)


def smallest_share_move(window: Column, baseline: Column, alpha: float) -> float:
    """T + z(0.8) max s, t and s as for `linf_by_chance`."""
    largest, errors = _farthest(window, baseline, alpha)
    return min(1.0, largest + _z(1 - _POWER) * float(errors.max()))


def _farthest(window: Column, baseline: Column, alpha: float) -> tuple[float, Floats]:
    """Return how far apart chance alone puts any category's shares, and the categories' standard errors."""
    from scipy.special import ndtr

    n, m = window.present, baseline.present
    pooled: dict[str, int] = {}
    for counts in (window.categories or {}, baseline.categories or {}):
        _add(pooled, counts)
    # One row more than none: a constant column could still have had another value.
    rows = np.array([*pooled.values()] or [0], np.float64)
    rows = np.maximum(np.minimum(rows, n + m - rows), 1)
    rows, times = np.unique(rows, return_counts=True)
    errors: Floats = np.sqrt(rows / (n + m) * (1 - rows / (n + m)) * (1 / n + 1 / m))
    # Between the quantile for one category and Bonferroni's for all of them; 64 steps are exact to 1e-4.
    z = np.linspace(_z(alpha / 2), _z(alpha / 2 / times.sum()), 64)
    tails = (2 * times * ndtr(-z[:, None] * errors.max() / errors)).sum(axis=1)
    # Two categories mirror each other: what one gains the other lost.
    tails /= 2 if times.sum() == 2 else 1  # noqa: PLR2004
    return float(np.interp(math.log(1 / alpha), np.log(1 / tails), z) * errors.max()), errors


def _add(pooled: dict[str, int], counts: Mapping[str, int]) -> None:
    for category, count in counts.items():
        pooled[category] = pooled.get(category, 0) + count


def _z(upper: float) -> float:
    """The standard normal's upper quantile."""
    from scipy.special import ndtri

    return -float(ndtri(upper))
