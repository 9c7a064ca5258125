"""How far two sets of embeddings lie apart: the maximum mean discrepancy in the baseline's own spread.

For each band of features, MMD**2 = |mean of P - mean of Q|**2 (Gretton et al., "A kernel two-sample test",
JMLR 13, 2012), without the part that sampling adds, divided by the baseline's variance in the space of the
features, 1 - |mean|**2; then the mean over the bands, and its root. So it needs no unit and no bandwidth,
as Cohen's d needs none: 0.1 is a tenth of what one vector differs from the mean. Where a share e of the
rows is replaced by something altogether different it is at least about e.
"""

import math
from dataclasses import dataclass

import numpy as np

from profiles.profile import Floats
from profiles.vectors import FREQUENCIES, MIXED, WIDTHS, Vectors

_POWER = 0.8
# Vectors that vary less than this vary by rounding alone.
_LEAST = 1e-9


@dataclass(frozen=True)
class Null:
    """What sampling alone makes of the squared distance, of which `chance` is the quantile's root.

    `smallest` is the distance that would exceed it in four of five windows.
    """

    chance: float
    smallest: float


def varies(vectors: Vectors) -> bool:
    """Say whether the vectors differ from each other."""
    return vectors.rows > 1 and bool((_variances(vectors) > _LEAST).all())


def mmd(window: Vectors, baseline: Vectors) -> float:
    """Return the distance, 0 where sampling alone explains more than there is.

    ValueError where the dimensions differ or the baseline does not vary.
    """
    _checked(window, baseline)
    before = _variances(baseline)
    gaps = ((window.means - baseline.means) ** 2).sum(axis=1)
    gaps -= _variances(window) / window.rows + before / baseline.rows
    return math.sqrt(max(0.0, float((gaps / before).mean())))


def null(window: Vectors, baseline: Vectors, alpha: float) -> Null:
    """Return the quantile 1 - alpha where nothing has changed, by three cumulants.

    The squared distance is then a sum of squares of normals with the variances of the features' covariance
    C, times 1/n + 1/m: sqrt(2 tr C**2) (X - h)/sqrt(2h) for X ~ chi2(h), h = (tr C**2)**3 / (tr C**3)**2
    (Buckley and Eagleson, "An approximation to the distribution of quadratic forms in normal random
    variables", Australian Journal of Statistics 30A, 1988). C's traces are estimated from the
    mixtures, of both sides together.
    """
    from scipy.special import chdtri, ndtri

    _checked(window, baseline)
    squares, freedom = _traces(window, baseline)
    scale = 1 / window.rows + 1 / baseline.rows
    quantile = (float(chdtri(freedom, alpha)) - freedom) / math.sqrt(2 * freedom)
    squared = scale * math.sqrt(2 * squares) * quantile
    # A true distance x**2 is seen with a variance of 2 s**2 tr C**2 + 4 s x**2 l, l the largest variance in
    # any direction: no more than sqrt(tr C**2). What is seen in 80 % of windows solves a quadratic equation.
    z = -float(ndtri(1 - _POWER))
    half = squared + 2 * z * z * scale * math.sqrt(squares)
    rest = squared**2 - 2 * (z * scale) ** 2 * squares
    return Null(math.sqrt(squared), math.sqrt(half + math.sqrt(max(0.0, half * half - rest))))


def _checked(window: Vectors, baseline: Vectors) -> None:
    if window.dimension != baseline.dimension:
        raise ValueError(f"vectors of {window.dimension} numbers beside those of {baseline.dimension}")
    if not varies(baseline) or not window.rows:
        raise ValueError("there is no spread to measure by, or nothing to measure")


def _variances(vectors: Vectors) -> Floats:
    """Return the variance of each band's features, 1 - |mean|**2, without bias."""
    rows = max(2, vectors.rows)
    return np.asarray(np.maximum(0.0, 1 - (vectors.means**2).sum(axis=1)) * rows / (rows - 1))


def _traces(window: Vectors, baseline: Vectors) -> tuple[float, float]:
    """Return tr C**2 for the features scaled to tr C = 1, and the freedom (tr C**2)**3 / (tr C**3)**2.

    q random mixtures with weights of variance 1/q have the covariance S, and tr S**2 is about
    tr C**2 + (tr C)**2/q within a band, and tr C**2 between two bands.
    """
    bands, rows = len(WIDTHS), window.rows + baseline.rows
    together = (window.rows * window.covariance + baseline.rows * baseline.covariance) / rows
    # Scaling each band's trace to 1/bands takes away the error of mixtures of features that are all alike.
    scales = 1 / np.sqrt(bands * np.einsum("bmbm->b", together))
    scaled = np.einsum("bmcn,b,c->bmcn", together, scales, scales)
    parts = np.einsum("bmcn,bmcn->bc", scaled, scaled)
    within = (MIXED * parts.diagonal() - 1 / bands**2) / (MIXED - 1)
    squares = float(parts.sum() - parts.diagonal().sum() + within.sum())
    whole = scaled.reshape(bands * MIXED, bands * MIXED)
    square = whole @ whole
    freedom = float(np.trace(square)) ** 3 / float((square * whole).sum()) ** 2
    return max(squares, 1 / FREQUENCIES / bands / 2), max(1.0, freedom)
