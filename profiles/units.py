"""Whether a column of numbers is the baseline's in another unit: seconds for minutes, Fahrenheit for Celsius.

No opinion on what it means: the factor that fits is a measurement like a distance.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

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
_FACTORS = (*(Rescaled(ratio) for ratio in _RATIOS), *(Rescaled(1 / ratio) for ratio in _RATIOS))
_SHIFTS = (Rescaled(1.8, 32.0), Rescaled(1 / 1.8, -32 / 1.8))  # Fahrenheit and Celsius
# A window in another unit leaves the baseline's range nearly whole, and returns to it nearly whole.
_LEFT, _BACK = 0.5, 0.02
_WIDER = 2.5
# Where the ranges overlap, the whole shape has to be the baseline's again, and to have moved.
_MOVED = 0.3
_SAME = 0.05
# No season makes a column grow or shrink so many times.
_FAR = 10.0
# A smaller factor may be a growth's. It is a unit's when the values give the unit away: half of them or more
# are values of the baseline after the conversion, and few were before; or else when the shape tells the
# factor from one this much larger or smaller.
_KNOWN, _UNKNOWN = 0.5, 0.25
_OFF = 0.05
_FEWEST_VALUES = 5
_ROUNDING = 1e-12  # a few units in the last place, after one conversion and back
_FEWEST_ROWS = 30


@dataclass(frozen=True)
class _Fit:
    """A conversion with what it makes of the window: share outside the range, and the gap that is left.

    `like` says whether the window is then about as wide as the baseline, `known` how many of its values are
    then values of the baseline.
    """

    found: Rescaled
    outside: float
    ks: float
    like: bool
    known: float


def rescaled(window: Distribution, baseline: Distribution, alpha: float) -> Rescaled | None:
    """Return the conversion from the baseline's unit to the window's, or None when none explains the window.

    Looked for where KS is 0.3 or more and above what chance makes of it at `alpha`, in 30 values or more.
    A known conversion by 10 times or more, or by an offset of a standard deviation or more, explains a
    window when undoing it brings one of which half or more lay outside the baseline's range back into it,
    about as wide as before (seasons may still differ), or leaves no more of KS than chance makes 19 in 20.
    Demand may well grow by 2.2 from one season to the next, which is no change from kilograms to pounds: a
    smaller conversion has to leave no more than chance makes, and the column has to give the unit away. Its
    values are those of the baseline afterwards, and were not before (counts, or a thermometer's tenths, are
    no longer such in another unit); where values do not repeat, a factor 5 % larger or smaller has to leave
    more than chance makes. Of several conversions the one that leaves the smallest KS counts. Zeros are left
    out of both sides where they are many: no factor moves them, but an offset does.
    """
    moving = _without_many_zeros(window), _without_many_zeros(baseline)
    fits = (*_fits(window, baseline, _SHIFTS, alpha), *_fits(*moving, _FACTORS, alpha))
    return min(fits, key=lambda fit: fit.ks).found if fits else None


def _fits(
    window: Distribution, baseline: Distribution, conversions: Iterable[Rescaled], alpha: float
) -> tuple[_Fit, ...]:
    """Return the conversions that explain the window."""
    if np.unique(baseline.values).size < _FEWEST_VALUES or np.unique(window.values).size < _FEWEST_VALUES:
        return ()
    before = gap(window, baseline).ks
    few = min(float(side.weights.sum()) for side in (window, baseline)) < _FEWEST_ROWS
    if few or before <= max(_MOVED, ks_by_chance(window, baseline, alpha)):
        return ()
    left = _outside(window, baseline) >= _LEFT
    fits = (_fit(window, baseline, conversion) for conversion in conversions)
    return tuple(fit for fit in fits if fit.ks < before and _explains(fit, window, baseline, left=left))


def _explains(fit: _Fit, window: Distribution, baseline: Distribution, *, left: bool) -> bool:
    """Say whether the conversion makes the window the baseline's again, and no growth would do as well."""
    far = max(fit.found.factor, 1 / fit.found.factor) >= _FAR or abs(fit.found.offset) >= baseline.deviation
    if left and far and fit.like and fit.outside <= _BACK:
        return True
    chance = ks_by_chance(window, baseline, _SAME)
    if fit.ks > chance:
        return False
    return far or _given_away(fit, window, baseline, chance)


def _given_away(fit: _Fit, window: Distribution, baseline: Distribution, chance: float) -> bool:
    """Say whether values, or else the exactness of the shape, tell the conversion from a growth as large."""
    before = _known(window, baseline)
    if before > _UNKNOWN or fit.known >= _KNOWN:
        return before <= _UNKNOWN and fit.known >= _KNOWN
    return all(
        _fit(_times(window, off), baseline, fit.found).ks > chance for off in (1 + _OFF, 1 / (1 + _OFF))
    )


def _fit(window: Distribution, baseline: Distribution, conversion: Rescaled) -> _Fit:
    moved = _times(window, 1 / conversion.factor, -conversion.offset / conversion.factor)
    undone = replace(moved, values=_snapped(moved.values, baseline.values))
    like = baseline.deviation / _WIDER <= undone.deviation <= baseline.deviation * _WIDER
    return _Fit(
        conversion, _outside(undone, baseline), gap(undone, baseline).ks, like, _known(undone, baseline)
    )


def _times(side: Distribution, factor: float, offset: float = 0.0) -> Distribution:
    return replace(
        side,
        values=side.values * factor + offset,
        mean=side.mean * factor + offset,
        deviation=side.deviation * factor,
    )


def _known(side: Distribution, baseline: Distribution) -> float:
    """Return the share of rows whose very value the baseline has."""
    found = np.isin(side.values, baseline.values)
    return float(side.weights[found].sum() / side.weights.sum())


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
