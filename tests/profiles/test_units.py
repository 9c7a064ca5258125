"""A column in another unit is recognised by its factor; seasons, growth and drift are not taken for one."""

import numpy as np
import pytest

from profiles.profile import Distribution, Floats
from profiles.reading import Rescaled
from profiles.units import rescaled

RANDOM = np.random.default_rng(7)
TEMPERATURES = RANDOM.normal(12, 8, 4000)
PRICES = RANDOM.lognormal(3, 0.8, 4000)
MINUTES = RANDOM.gamma(3, 4, 4000)
HEIGHTS = RANDOM.normal(170, 9, 4000)
REFUNDS = np.where(RANDOM.random(4000) < 0.05, RANDOM.lognormal(3, 1, 4000), 0.0)
SCALED = RANDOM.beta(2, 2, 4000)


def side(values: Floats) -> Distribution:
    ordered = np.sort(values)
    return Distribution(
        ordered, np.ones(ordered.size), float(ordered.mean()), float(ordered.std(ddof=1)), 0.0
    )


def window(values: Floats, rows: int = 500) -> Floats:
    return np.random.default_rng(1).choice(values, rows)


# what happened -> baseline, window, the conversion to be found
CHANGED: dict[str, tuple[Floats, Floats, tuple[float, float]]] = {
    "celsius became fahrenheit": (TEMPERATURES, window(TEMPERATURES) * 1.8 + 32, (1.8, 32.0)),
    "fahrenheit became celsius": (
        TEMPERATURES * 1.8 + 32, window(TEMPERATURES), (1 / 1.8, -32 / 1.8),
    ),
    "units became thousandths": (PRICES, window(PRICES) * 1000, (1000.0, 0.0)),
    "thousandths became units": (PRICES * 1000, window(PRICES), (0.001, 0.0)),
    "money became cents": (PRICES, window(PRICES) * 100, (100.0, 0.0)),
    "minutes became seconds": (MINUTES, window(MINUTES) * 60, (60.0, 0.0)),
    "centimetres became inches": (HEIGHTS, window(HEIGHTS) / 2.54, (1 / 2.54, 0.0)),
    "most values are zero": (REFUNDS, window(REFUNDS, 2000) * 1000, (1000.0, 0.0)),
    "it is another season as well": (SCALED, window(SCALED[SCALED < 0.4]) * 1000, (1000.0, 0.0)),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGED)
def test_a_changed_unit_is_found_with_its_factor(what: str) -> None:
    baseline, now, (factor, offset) = CHANGED[what]
    found = rescaled(side(now), side(baseline), 0.001)
    assert found is not None
    assert (found.factor, found.offset) == pytest.approx((factor, offset))


FEW = np.concatenate([np.zeros(470), window(REFUNDS[REFUNDS > 0], 30) * 1000])
UNCHANGED: dict[str, tuple[Floats, Floats]] = {
    "a few values other than zero": (REFUNDS, FEW[:495]),
    "nothing": (PRICES, window(PRICES)),
    "another season": (TEMPERATURES, window(TEMPERATURES[TEMPERATURES > 18])),
    "prices grew by a third": (PRICES, window(PRICES) * 1.33),
    "prices tripled": (PRICES, window(PRICES) * 3),
    "a shift beyond the range": (TEMPERATURES, window(TEMPERATURES) + 90),
    "a constant": (PRICES, np.full(500, 20_000.0)),
    "a flag became a percentage": (np.repeat([0.0, 1.0], 200), np.repeat([0.0, 100.0], 100)),
}


@pytest.mark.parametrize("what", UNCHANGED)
def test_what_is_no_change_of_unit_is_not_taken_for_one(what: str) -> None:
    baseline, now = UNCHANGED[what]
    assert rescaled(side(now), side(baseline), 0.001) is None


def test_the_conversion_is_a_plain_value() -> None:
    assert Rescaled(60.0) == Rescaled(60.0, 0.0)
