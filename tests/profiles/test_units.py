"""A column in another unit is recognised by its factor; seasons, growth and drift are not taken for one."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
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
CALM = np.where(RANDOM.random(4000) < 0.12, 0.0, RANDOM.uniform(0.1, 0.8, 4000))
SCALED = RANDOM.beta(2, 2, 4000)
COUNTS = np.round(RANDOM.gamma(1.5, 100, 4000)) + 1
DISTANCES = RANDOM.normal(12, 1.5, 4000)
DEMAND = RANDOM.gamma(1.2, 150, 4000)  # a model's answers: no value comes twice
TENTHS = np.round(RANDOM.normal(15, 6, 4000), 1)


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
    "many were zero, which an offset moves": (
        CALM, window(CALM) * 1.8 + 32, (1.8, 32.0),
    ),
    "units became thousandths": (PRICES, window(PRICES) * 1000, (1000.0, 0.0)),
    "thousandths became units": (PRICES * 1000, window(PRICES), (0.001, 0.0)),
    "money became cents": (PRICES, window(PRICES) * 100, (100.0, 0.0)),
    "minutes became seconds": (MINUTES, window(MINUTES) * 60, (60.0, 0.0)),
    "centimetres became inches": (HEIGHTS, window(HEIGHTS) / 2.54, (1 / 2.54, 0.0)),
    "most values are zero": (REFUNDS, window(REFUNDS, 2000) * 1000, (1000.0, 0.0)),
    "counts in another unit, most of them where counts were": (
        COUNTS, window(COUNTS, 96) * 2.54, (2.54, 0.0),
    ),
    "kilometres became miles": (
        DISTANCES, np.random.default_rng(3).normal(12, 1.5, 1500) / 1.609344, (1 / 1.609344, 0.0),
    ),
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
    "demand fell to what a pound is of a kilogram": (
        DEMAND,
        np.random.default_rng(4).gamma(1.2, 150, 96) / 2.2046226,
    ),
    "counts grew as inches are centimetres": (COUNTS, np.round(window(COUNTS, 96) * 2.54)),
    "winter's tenths of a degree": (TENTHS, np.round(window(TENTHS, 96) / 1.609344, 1)),
    "prices tripled": (PRICES, window(PRICES) * 3),
    "a shift beyond the range": (TEMPERATURES, window(TEMPERATURES) + 90),
    "a constant": (PRICES, np.full(500, 20_000.0)),
    "half of a growing service's days are busier than ever": (
        RANDOM.normal(3500, 900, 365),
        np.random.default_rng(5).normal(6500, 1400, 60),
    ),
    "a flag became a percentage": (np.repeat([0.0, 1.0], 200), np.repeat([0.0, 100.0], 100)),
}


@pytest.mark.parametrize("what", UNCHANGED)
def test_what_is_no_change_of_unit_is_not_taken_for_one(what: str) -> None:
    baseline, now = UNCHANGED[what]
    assert rescaled(side(now), side(baseline), 0.001) is None


def test_the_conversion_is_a_plain_value() -> None:
    assert Rescaled(60.0) == Rescaled(60.0, 0.0)


BIKES = pq.read_table(Path(__file__).parents[2] / "demo" / "data" / "bike_sharing.parquet")


@pytest.mark.parametrize("column", ["cnt", "casual", "registered", "temp", "atemp", "hum", "windspeed"])
@pytest.mark.parametrize("days", [4, 7, 30])
def test_a_year_of_growth_and_seasons_is_in_no_other_unit(column: str, days: int) -> None:
    values, year = BIKES[column].to_numpy().astype(float), BIKES["yr"].to_numpy()
    baseline, later, hours = side(values[year == 0]), values[year == 1], days * 24
    found = [
        rescaled(side(later[at : at + hours]), baseline, 0.001) for at in range(0, later.size - hours, hours)
    ]
    assert not any(found)
