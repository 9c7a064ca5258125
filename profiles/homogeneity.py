"""Pearson's chi-square of a window's and a baseline's counts in the same cells."""

import math

from profiles.distances import Cells


def chi_square(cells: Cells) -> float:
    """N sum (p - q)**2 / r with N = n m / (n + m), r = (n p + m q) / (n + m); empty cells add nothing.

    The statistic of the 2 x k table of counts, as scipy.stats.chi2_contingency has it. It grows with the
    rows, so that it is set beside its chance value only. Source: Pearson, Philosophical Magazine 50, 1900.
    """
    n, m = cells.n, cells.m
    pooled = (n * cells.window + m * cells.baseline) / (n + m)
    there = pooled > 0
    apart = (cells.window - cells.baseline)[there] ** 2 / pooled[there]
    return float(apart.sum() * n * m / (n + m))


def chi_square_by_chance(cells: Cells, alpha: float) -> float:
    """chi2(1 - alpha, k - 1), and what the sketches' error e per cell adds: roots add up, N sum e**2 / r."""
    from scipy.special import chdtri

    n, m = cells.n, cells.m
    pooled = (n * cells.window + m * cells.baseline) / (n + m)
    filled = pooled[pooled > 0]
    sampling = float(chdtri(filled.size - 1, alpha)) if filled.size > 1 else 0.0
    sketched = float((cells.error**2 / filled).sum() * n * m / (n + m))
    return (math.sqrt(sampling) + math.sqrt(sketched)) ** 2
