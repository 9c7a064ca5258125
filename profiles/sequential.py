"""Bounds of a mean that hold at every look at once: an asymptotic confidence sequence over blocks."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiles.profile import Floats

# Below it Student's deviate is beyond any use.
_LEAST_FREEDOM = 0.5
_MOST_ROWS = 1e9
_ADDED_ROWS = 2


@dataclass(frozen=True, eq=False)
class Sequence:
    """Mean and one-sided bounds after each block; every array has the shape of the blocks.

    `lower` holds at all looks together except with probability alpha, and so does `upper`. Infinite while
    the blocks are too few to tell. `error` is the standard error of the mean, `rows` their number so far.
    """

    mean: Floats
    lower: Floats
    upper: Floats
    error: Floats
    rows: Floats


def confidence_sequence(
    sums: Any, weights: Any, rows: Any, *, alpha: float, tightest_at: float, reach: float
) -> Sequence:
    """Bound sum s / sum w after each block, whatever the number of looks and however they are chosen.

    `sums`, `weights` and `rows` hold a block's weighted sum, its weight and its number of rows; blocks lie
    along the last axis, in order of time. `reach` is the largest size of one row's value, in units of s / w.

    The one-sided asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas,
    Time-uniform central limit theory and asymptotic confidence sequences, Annals of Statistics 52(6), 2024:
    mean -+ sd sqrt(2 (n r^2 + 1) / (n^2 r^2) log(1 + sqrt(n r^2 + 1) / (2 alpha))), r chosen so that it is
    tightest at n = `tightest_at` rows. sd^2 n is the variance of the sum, computed so that it holds where
    few, unequal or dependent blocks would make the textbook's too small:

    - from blocks, sum of (s - mean w)^2 (the linearised variance of a ratio, Cochran, Sampling Techniques,
      1977, section 6.3), so that rows of one block may depend on each other in any way; twice the product
      of neighbours is added where it is positive (Newey and West, Econometrica 55(3), 1987, one lag);
    - with two rows of the largest size added, so that a loss which differs in few rows is not taken for one
      that never differs (without any difference in n rows the bound is about 4 / n; with a single row added,
      differences in 1 or 2 % of the rows got past it nearly twice as often as alpha allows);
    - with Student's deviate of the same probability in place of the normal one, on as many degrees of
      freedom as there are blocks of equal weight (Kish, (sum w)^2 / sum w^2, less one).

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
        between += 2 * np.maximum(_products(s, w, mean), 0)
        variance = np.maximum(between, 0) + _ADDED_ROWS * (reach * total / n) ** 2
        error = np.sqrt(variance) / total
        half = student(deviate(n, alpha, tightest_at), freedom) * error
    half = np.where(freedom >= _LEAST_FREEDOM, half, np.inf)
    mean = np.where(total > 0, mean, 0.0)
    return Sequence(mean, mean - half, mean + half, error, n)


def deviate(n: Any, alpha: float, tightest_at: float) -> Any:
    """Return how many standard errors the bound lies from the mean after n rows."""
    from_alpha = -2 * math.log(2 * alpha)
    square = (from_alpha + math.log(from_alpha + 1)) / tightest_at
    grown = n * square + 1
    return np.sqrt(2 * grown / (n * square) * np.log1p(np.sqrt(grown) / (2 * alpha)))


def rows_to_tell(distance: float, deviation: float, *, alpha: float, tightest_at: float) -> int | None:
    """Return after how many rows the bound comes closer to the mean than `distance`, None for never.

    `deviation` is the standard deviation of a row, dependence allowed for: standard error times sqrt(n).
    """
    from scipy.optimize import brentq

    def over(log_rows: float) -> float:
        n = math.exp(log_rows)
        return float(deviate(n, alpha, tightest_at)) * deviation / math.sqrt(n) - distance

    if distance <= 0 or over(math.log(_MOST_ROWS)) > 0:
        return None
    return 1 if over(0.0) <= 0 else math.ceil(math.exp(brentq(over, 0.0, math.log(_MOST_ROWS))))


def student(normal: Any, freedom: Any) -> Any:
    """Return Student's deviate that is exceeded as rarely as a normal one."""
    from scipy.special import ndtr, stdtrit

    return -stdtrit(freedom, ndtr(-np.asarray(normal)))


def _squares(s: Floats, w: Floats, mean: Floats) -> Floats:
    """Sum (s - mean w)^2 over the blocks up to each."""
    squares, products, weights = (np.cumsum(each, axis=-1) for each in (s * s, s * w, w * w))
    return np.asarray(squares - 2 * mean * products + mean**2 * weights)


def _products(s: Floats, w: Floats, mean: Floats) -> Floats:
    """Sum the products of neighbours' (s - mean w) over the blocks up to each."""
    first, then = (Ellipsis, slice(None, -1)), (Ellipsis, slice(1, None))

    def summed(terms: Floats) -> Floats:
        return np.concatenate([np.zeros_like(terms[..., :1]), np.cumsum(terms, axis=-1)], axis=-1)

    if s.shape[-1] == 1:
        return np.zeros_like(s)
    both = summed(s[first] * s[then])
    mixed = summed(s[first] * w[then] + w[first] * s[then])
    return np.asarray(both - mean * mixed + mean**2 * summed(w[first] * w[then]))
