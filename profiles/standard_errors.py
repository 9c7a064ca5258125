"""How far a score may be off by chance, from the rows that it was computed from.

Every function returns None where the rows do not tell: too few of them, or no known formula.
"""

import math
from typing import Any

import numpy as np

from profiles.profile import Floats

_PRIOR = 2.0


def of_mean(losses: Floats, weight: Floats | None) -> float | None:
    """Standard error of a (weighted) mean of row losses.

    sqrt(n / (n - 1) sum w^2 (x - m)^2) / sum w, the linearised variance of a ratio (Cochran, Sampling
    Techniques, 1977, section 6.3); without weights it is s / sqrt(n).
    """
    if losses.size <= 1:
        return None
    if weight is None:
        return float(losses.std(ddof=1)) / math.sqrt(losses.size)
    total = float(weight.sum())
    mean = float(weight @ losses) / total
    squares = float((weight**2) @ (losses - mean) ** 2)
    return math.sqrt(losses.size / (losses.size - 1) * squares) / total


def of_root_mean_square(errors: Floats, weight: Floats | None) -> float | None:
    """Standard error of a root mean square: that of the mean square over twice the root (delta method)."""
    squares = errors**2
    of_square = of_mean(squares, weight)
    root = math.sqrt(float(np.average(squares, weights=weight)))
    return of_square / (2 * root) if of_square is not None and root > 0 else None


def of_share(hits: Any, weight: Floats | None) -> float | None:
    """Standard error of a share, which is never 0 however small the sample.

    sqrt(p (1 - p) / (n + 4)) with two hits and two misses added (Agresti and Coull, The American
    Statistician 52(2), 1998); with weights n is Kish's effective sample size, (sum w)^2 / sum w^2.
    """
    if hits.size == 0:
        return None
    n = float(hits.size) if weight is None else float(weight.sum() ** 2 / (weight**2).sum())
    share = (float(np.average(hits, weights=weight)) * n + _PRIOR) / (n + 2 * _PRIOR)
    return math.sqrt(share * (1 - share) / (n + 2 * _PRIOR))


def of_auc(positive: Floats, negative: Floats) -> float | None:
    """Standard error of the area under the ROC curve, unweighted.

    DeLong, DeLong and Clarke-Pearson, Biometrics 44(3), 1988: the variances of the placements of either
    class among the other, from midranks (Sun and Xu, IEEE Signal Processing Letters 21(11), 2014).
    """
    import pandas as pd

    m, n = positive.size, negative.size
    if min(m, n) <= 1:
        return None
    pooled = pd.Series(np.concatenate([positive, negative])).rank().to_numpy()
    above = (pooled[:m] - pd.Series(positive).rank().to_numpy()) / n
    below = (pooled[m:] - pd.Series(negative).rank().to_numpy()) / m
    return math.sqrt(float(above.var(ddof=1)) / m + float(below.var(ddof=1)) / n)
