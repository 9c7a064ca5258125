"""Bounds of a mean that hold at every look at once: lines that a sum of bounded rows rarely crosses."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiles.profile import Floats

# Below it Student's deviate is beyond any use.
_LEAST_FREEDOM = 0.5
# When a line is closest, as a multiple of `tightest_at`, and its share of alpha.
_LINES = ((1.0, 0.6), (6.0, 0.2), (1 / 6, 0.2))
# The most of what a bet holds that one row may cost it; at 1 its logarithm would be infinite.
_LARGEST_STAKE = 0.9


@dataclass(frozen=True, eq=False)
class Sequence:
    """Mean and one-sided bounds after each block; every array has the shape of the blocks.

    `lower` holds at all looks together except with probability alpha, and so does `upper`. Infinite while
    the blocks are too few to tell. `error` is the standard error of the mean, `rows` their number so far.
    `rows_to_tell` is after how many rows, from the first on, the bound nearer to zero reaches it if mean and
    spread stay as they are; infinite for never.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    error: Floats
    rows: Floats
    rows_to_tell: Floats


def confidence_sequence(
    sums: Any,
    weights: Any,
    rows: Any,
    *,
    alpha: float,
    tightest_at: float,
    reach: float,
    cubes: tuple[Any, Any] | None = None,
    heaviest: Any = None,
) -> Sequence:
    """Bound sum s / sum w after each block, whatever the number of looks and however they are chosen.

    `sums`, `weights` and `rows` hold a block's weighted sum, its weight and its number of rows; blocks lie
    along the last axis, in order of time. `reach` is the largest size of one row's value, above 0 and in
    units of s / w. `cubes` holds for each block bounds of what the cubed weighted values of its rows add up
    to, of those above zero and (without their sign) of those below; NaN or None where that is not known.
    `heaviest` is the largest weight of a row in each block, else rows are taken to weigh the same.

    Above zero, below alike: the sum of (mean - x) over the rows, x their weighted values, exceeds

        log(1 / alpha) / bet + bet V / 2 + k bet^2 C

    at any look with probability alpha at most, where V is the sum of squares, C that of the cubes above zero,
    bet > 0 is so small that no row can cost more than t = bet reach < 1, and k makes
    1 - y >= exp(-y - y^2 / 2 - k max(y, 0)^3) for all y <= t: k = (-log(1 - t) - t - t^2 / 2) / t^3. So a bet
    against each row is never overstated, and what it has won is a supermartingale (Waudby-Smith and Ramdas,
    Estimating means of bounded random variables by betting, JRSS B 86(1), 2024; the inequality is that of
    Fan, Grama and Liu, Electronic Journal of Probability 20, 2015, with the third moment kept). Where cubes
    are not known C is reach V, which is their inequality. Rows that were never seen to differ thus cost
    about log(1 / alpha) reach, not more and not less. Three lines share alpha, the best counts: their bets
    are the best ones for `tightest_at` rows, a sixth and six times as many, as far as `reach` allows; those
    that it stops are one line, which has their shares of alpha together.

    That would be exact for independent rows and bets fixed beforehand. V, C and bet are estimates that hold
    where few, unequal or dependent blocks would make the textbook's too small:

    - V from blocks, sum of (s - mean w)^2 (the linearised variance of a ratio, Cochran, Sampling Techniques,
      1977, section 6.3), so that rows of one block may depend on each other in any way; twice the product
      of neighbours is added where it is positive (Newey and West, Econometrica 55(3), 1987, one lag);
    - C is the third moment of the blocks where that is larger than the rows';
    - V is inflated as Student's deviate of the same probability is in place of the normal one, on as many
      degrees of freedom as there are blocks of equal weight (Kish, (sum w)^2 / sum w^2, less one);
    - bets are chosen by V with one row of the largest size added, so that few differences make no large bet.

    Blocks farther apart than neighbours are taken to be independent.
    """
    s, w = np.asarray(sums, dtype=np.float64), np.asarray(weights, dtype=np.float64)
    n = np.cumsum(np.asarray(rows, dtype=np.float64), axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        total = np.cumsum(w, axis=-1)
        mean = np.cumsum(s, axis=-1) / total
        of_equal_weight = total**2 / np.cumsum(w**2, axis=-1)
        freedom = of_equal_weight - 1
        between = _squares(s, w, mean) * of_equal_weight / freedom
        variance = np.maximum(between + 2 * np.maximum(_products(s, w, mean), 0), 0)
        size = reach * _heaviest(heaviest, total / n)
        third = _third(s, w, mean)
        inflated = [variance * _inflation(share * alpha, freedom) for _, share in _LINES]
        up, down = (
            _Lines.through(inflated, _cubes(each, sign * third), n, size, alpha, tightest_at)
            for each, sign in zip(cubes or (None, None), (1, -1), strict=True)
        )
        above, below = up.height(n) / total, down.height(n) / total
        to_tell = np.where(mean < 0, up.meets(-mean * total / n), down.meets(mean * total / n))
    told = freedom >= _LEAST_FREEDOM
    mean = np.where(total > 0, mean, 0.0)
    return Sequence(
        mean,
        np.where(told, mean - below, -np.inf),
        np.where(told, mean + above, np.inf),
        np.sqrt(variance) / total,
        n,
        np.where(told, to_tell, np.inf),
    )


@dataclass(frozen=True, eq=False)
class _Lines:
    """Heights start + slope n that a sum over n rows rarely exceeds; a first axis of lines, then looks."""

    start: Floats
    slope: Floats

    @classmethod
    def through(
        cls,
        variances: list[Floats],
        cubes: Floats | None,
        n: Floats,
        size: Floats,
        alpha: float,
        tightest_at: float,
    ) -> "_Lines":
        largest = _LARGEST_STAKE / size
        shares, bets = [], []
        for (multiple, share), variance in zip(_LINES, variances, strict=True):
            of_row = (variance + size**2) / n
            bets.append(np.sqrt(-2 * math.log(share * alpha) / (of_row * tightest_at * multiple)))
            shares.append(np.where(bets[-1] < largest, 0, share))
        starts, slopes = [], []
        for (_, share), best, variance in zip(_LINES, bets, variances, strict=True):
            # Lines that may bet no more than the largest are one and the same, with all that these may spend.
            spent, bet = np.where(best < largest, share, sum(shares)), np.minimum(best, largest)
            skew = size * variance if cubes is None else np.where(np.isnan(cubes), size * variance, cubes)
            starts.append(-np.log(spent * alpha) / bet)
            slopes.append((bet * variance / 2 + of_cubes(bet * size) * bet**2 * skew) / n)
        return cls(np.stack(starts), np.stack(slopes))

    def height(self, n: Floats) -> Floats:
        return np.asarray((self.start + self.slope * n).min(axis=0))

    def meets(self, distance: Floats) -> Floats:
        """After how many rows a sum that grows by `distance` a row crosses the first line."""
        ahead = distance - self.slope
        return np.asarray(np.where(ahead > 0, self.start / ahead, np.inf).min(axis=0))


def _inflation(alpha: float, freedom: Floats) -> Floats:
    """By how much Student's deviate squared exceeds the normal one that a line's distance amounts to."""
    normal = math.sqrt(-2 * math.log(alpha))
    return np.asarray((student(normal, freedom) / normal) ** 2)


def of_cubes(stake: Any) -> Any:
    """Return the least k with 1 - y >= exp(-y - y^2 / 2 - k max(y, 0)^3) for all y up to `stake` < 1."""
    t = np.asarray(stake, dtype=np.float64)
    # The series where subtraction would leave no digits.
    with np.errstate(divide="ignore", invalid="ignore"):
        exact = (-np.log1p(-t) - t - t**2 / 2) / t**3
    return np.where(t < 1e-3, 1 / 3 + t / 4, exact)  # noqa: PLR2004 - where the series is exact to six digits


def student(normal: Any, freedom: Any) -> Any:
    """Return Student's deviate that is exceeded as rarely as a normal one."""
    from scipy.special import ndtr, stdtrit

    return -stdtrit(freedom, ndtr(-np.asarray(normal)))


def _heaviest(weights: Any, usual: Floats) -> Floats:
    if weights is None:
        return usual
    known = np.asarray(weights, dtype=np.float64)
    return np.maximum(np.maximum.accumulate(np.where(np.isnan(known), 0, known), axis=-1), usual)


def _cubes(of_rows: Any, of_blocks: Floats) -> Floats | None:
    if of_rows is None:
        return None
    return np.asarray(np.maximum(np.cumsum(np.asarray(of_rows, dtype=np.float64), axis=-1), of_blocks))


def _squares(s: Floats, w: Floats, mean: Floats) -> Floats:
    """Sum (s - mean w)^2 over the blocks up to each."""
    squares, products, weights = (np.cumsum(each, axis=-1) for each in (s * s, s * w, w * w))
    return np.asarray(squares - 2 * mean * products + mean**2 * weights)


def _third(s: Floats, w: Floats, mean: Floats) -> Floats:
    """Sum (s - mean w)^3 over the blocks up to each."""
    parts = (np.cumsum(s ** (3 - power) * w**power, axis=-1) for power in range(4))
    none, one, two, three = parts
    return np.asarray(none - 3 * mean * one + 3 * mean**2 * two - mean**3 * three)


def _products(s: Floats, w: Floats, mean: Floats) -> Floats:
    """Sum the products of neighbours' (s - mean w) over the blocks up to each; empty blocks part nobody."""
    place = np.maximum.accumulate(np.where(w > 0, np.arange(w.shape[-1]), 0), axis=-1)
    before = np.concatenate([np.zeros_like(place[..., :1]), place[..., :-1]], axis=-1)
    last_s, last_w = (np.take_along_axis(each, before, axis=-1) for each in (s, w))
    last_s[..., 0] = last_w[..., 0] = 0
    both = np.cumsum(last_s * s, axis=-1)
    mixed = np.cumsum(last_s * w + last_w * s, axis=-1)
    return np.asarray(both - mean * mixed + mean**2 * np.cumsum(last_w * w, axis=-1))
