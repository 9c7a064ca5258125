"""Whether a column of numbers is the baseline's in another unit: seconds for minutes, Fahrenheit for Celsius.

No opinion on what it means: the factor that fits is a measurement like a distance.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from profiles.distances import gap, ks_by_chance
from profiles.profile import Distribution, Floats
from profiles.reading import Rescaled

# Ratios of units that logs mix up: thousands and cents, times, lengths, weights, volumes.
_RATIOS = (
    10.0,
    100.0,
    1_000.0,
    1e6,
    1e9,
    60.0,
    3_600.0,
    24.0,
    86_400.0,
    2.54,
    25.4,
    30.48,
    0.3048,
    0.9144,
    1.609344,
    0.45359237,
    28.349523125,
    3.785411784,
)
_FAHRENHEIT = (1.8, 32.0)
_CELSIUS = (1 / 1.8, -32 / 1.8)
# A window in another unit leaves the baseline's range nearly whole, and returns to it nearly whole.
_LEFT, _BACK = 0.5, 0.02
# Where the ranges overlap, the whole shape has to be the baseline's again, and to have been far from it.
_FAR = 0.3
_SAME = 0.05
_WIDER = 2.5
_FEWEST_VALUES = 5
_ROUNDING = 1e-12  # a few units in the last place, after one conversion and back
_FEWEST_ROWS = 30


@dataclass(frozen=True)
class _Fit:
    """A conversion with what it makes of the window: share outside the range, and the gap that is left.

    `like` says whether the window is then about as wide as the baseline.
    """

    found: Rescaled
    outside: float
    ks: float
    like: bool


def rescaled(window: Distribution, baseline: Distribution, alpha: float) -> Rescaled | None:
    """Return the conversion from the baseline's unit to the window's, or None when none explains the window.

    A known conversion explains it when undoing it brings a window of which half or more lay outside the
    baseline's range back into it, about as wide as before (seasons may still differ), or when a window whose
    KS was 0.3 or more is afterwards no further off than chance makes 19 in 20. Of several the one that
    leaves the smallest KS counts. Zeros are left out of both sides where they are many: no factor moves them.
    None for fewer than 30 values, or where KS is within what chance makes of it at `alpha`.
    """
    window, baseline = _without_many_zeros(window), _without_many_zeros(baseline)
    if np.unique(baseline.values).size < _FEWEST_VALUES or np.unique(window.values).size < _FEWEST_VALUES:
        return None
    before = gap(window, baseline).ks
    few = min(float(side.weights.sum()) for side in (window, baseline)) < _FEWEST_ROWS
    if few or before <= max(_FAR, ks_by_chance(window, baseline, alpha)):
        return None
    chance = ks_by_chance(window, baseline, _SAME)
    left = _outside(window, baseline) >= _LEFT
    fits = [
        fit
        for fit in _fits(window, baseline)
        if (left and fit.outside <= _BACK and fit.like and fit.ks < before) or fit.ks <= chance
    ]
    return min(fits, key=lambda fit: fit.ks).found if fits else None


def _fits(window: Distribution, baseline: Distribution) -> Iterator[_Fit]:
    conversions = [(ratio, 0.0) for ratio in _RATIOS] + [(1 / ratio, 0.0) for ratio in _RATIOS]
    for factor, offset in (*conversions, _FAHRENHEIT, _CELSIUS):
        undone = Distribution(
            _snapped((window.values - offset) / factor, baseline.values),
            window.weights,
            (window.mean - offset) / factor,
            window.deviation / factor,
            window.rank_error,
        )
        like = baseline.deviation / _WIDER <= undone.deviation <= baseline.deviation * _WIDER
        yield _Fit(Rescaled(factor, offset), _outside(undone, baseline), gap(undone, baseline).ks, like)


def _snapped(values: Floats, onto: Floats) -> Floats:
    """Return values as those of `onto` that they differ from by rounding only: ties have to stay ties."""
    above = np.clip(np.searchsorted(onto, values), 1, onto.size - 1) if onto.size > 1 else np.zeros(1, int)
    below = np.maximum(above - 1, 0)
    near = np.where(np.abs(onto[above] - values) < np.abs(onto[below] - values), onto[above], onto[below])
    return np.where(np.isclose(near, values, rtol=_ROUNDING, atol=0.0), near, values)


def _outside(window: Distribution, baseline: Distribution) -> float:
    """Return the share outside the baseline's range, widened by a tenth on each side."""
    margin = (baseline.maximum - baseline.minimum) / 10
    outside = (window.values < baseline.minimum - margin) | (window.values > baseline.maximum + margin)
    return float(window.weights[outside].sum() / window.weights.sum())


def _without_many_zeros(side: Distribution) -> Distribution:
    """Leave zeros out where they are more than a tenth, unless nothing else is there."""
    zero = side.values == 0
    share = side.weights[zero].sum() / side.weights.sum()
    if share <= 0.1 or share == 1:  # noqa: PLR2004 - a tenth makes an atom, as among the cells of PSI
        return side
    values, weights = side.values[~zero], side.weights[~zero]
    mean = float((values * weights).sum() / weights.sum())
    return Distribution(values, weights, mean, side.deviation, side.rank_error / float(1 - share))
