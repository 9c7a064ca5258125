"""How the numbers of a column spread: quantile points, mean and deviations, which add up over parts."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from profiles import kll
from profiles.profile import Distribution


@dataclass(frozen=True, eq=False)
class Spread:
    """Quantile points of a column's numbers, their mean, and `m2`, the sum of squared deviations from it."""

    points: kll.Points
    mean: float
    m2: float

    def distribution(self) -> Distribution:
        """Return what is compared: the points with the sample's standard deviation."""
        points = self.points
        deviation = math.sqrt(self.m2 / (points.rows - 1)) if points.rows > 1 else 0.0
        weights = points.weights.astype(np.float64)
        return Distribution(points.values, weights, self.mean, deviation, points.rank_error)


def spread(numbers: Any, counts: Any) -> Spread:
    """Summarise ascending doubles (n floats), of which some may be equal, and how often each occurs (n)."""
    equal = bool((numbers[1:] == numbers[:-1]).any())  # large integers become so
    points = kll.compress(*(kll.grouped(numbers, counts) if equal else (numbers, counts)))
    return Spread(points, *moments(numbers, counts))


def restored(points: kll.Points, mean: float, m2: float) -> Spread:
    """Return what was read back; moments into which stock whylogs let an infinity are computed anew."""
    if math.isnan(m2) or not math.isfinite(mean):
        mean, m2 = moments(points.values, points.weights)
    return Spread(points, mean, m2)


def moments(numbers: Any, weights: Any) -> tuple[float, float]:
    """Return mean and sum of squared deviations; shares come before the sum, so that it cannot overflow."""
    if not numbers.size:
        return 0.0, 0.0
    mean = float((numbers * (weights / weights.sum())).sum())
    with np.errstate(over="ignore"):
        return mean, float((weights * (numbers - mean) ** 2).sum())


def joined(parts: Sequence[Spread]) -> Spread | None:
    """Join points, means and sums of squared deviations (Chan, Golub and LeVeque 1979, eq. 2.1)."""
    if not parts:
        return None
    rows = np.array([part.points.rows for part in parts])
    means = np.array([part.mean for part in parts])
    mean, between = moments(means, rows) if rows.any() else (0.0, 0.0)
    together = kll.compress(
        *kll.grouped(
            np.concatenate([part.points.values for part in parts]),
            np.concatenate([part.points.weights for part in parts]),
        )
    )
    before = sum(part.points.rank_error * part.points.rows for part in parts) / max(1, rows.sum())
    points = replace(together, rank_error=together.rank_error + float(before))
    return Spread(points, mean, between + sum(part.m2 for part in parts))
