"""Rentals of Capital Bikeshare by the hour, 2011 and 2012: models of demand, trained on 2011.

Real: the service grew, so the error of every model of 2011 rises through 2012; the seasons show in the
temperatures. 165 hours are absent from the two years, GAPS are the absences in 2012 longer than six hours.
No row comes twice.
"""

from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from demo.clocks import drawn, halves, numbered, replayed
from demo.faults import OtherUnit
from demo.model import REQUEST_ID, TIME, BaselineRows, DemoModel, Parts
from demo.spans import BASELINE, DRAWS, PER_DAY, SPAN, day
from profiles.window import Window

DATA = Path(__file__).parents[1] / "data" / "bike_sharing.parquet"
YEAR_2011 = Window(datetime(2011, 1, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))
YEAR_2012 = Window(datetime(2012, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC))
ABSENT_HOURS = 165
# From the last hour before to the first hour after; the longest is a hurricane that closed the service.
GAPS = (Window(datetime(2012, 10, 29, tzinfo=UTC), datetime(2012, 10, 30, 13, tzinfo=UTC)),)
HOLIDAY = day(13)  # Columbus Day

_INPUTS = ("hr", "weekday", "workingday", "holiday", "weathersit", "temp", "atemp", "hum", "windspeed")
_NAMES = ("weekday", "workingday", "holiday", "weathersit")
_OF_A_DAY = ("weekday", "workingday", "holiday", "temp", "hum", "windspeed")
_RIDES = ("hr", "workingday", "temp_c", "hum", "windspeed")
_CELSIUS = 41.0  # the set's temperatures are Celsius divided by this
_COUNTED_AFTER = timedelta(days=1)  # the rentals of an hour are known a day later
_HOURLY = "hourly rentals of Capital Bikeshare"
_REAL = "the hours as they were"
_DRAWN = "hours of 2011 in shuffled order: one half trains, the other is drawn from, 240 rows a day"
_GROWTH = "growth of the service and seasons"


@cache
def rows() -> pd.DataFrame:
    """Return all hours in their order, with temperatures in degrees Celsius beside the scaled ones."""
    found = pd.read_parquet(DATA)
    ids = [f"bike-{number}" for number in found["instant"]]
    return found.assign(
        **{TIME: found["ts"].dt.tz_localize(UTC), REQUEST_ID: ids, "temp_c": found["temp"] * _CELSIUS}
    )


def _hours() -> Parts:
    return _by_year(rows())


def _days() -> Parts:
    hourly = rows()
    kept = {name: (name, "first") for name in ("weekday", "workingday", "holiday")}
    means = {name: (name, "mean") for name in ("temp", "hum", "windspeed")}
    days = hourly.groupby(hourly[TIME].dt.floor("D")).agg(**kept, **means, cnt=("cnt", "sum"))
    days = days.rename_axis(TIME).reset_index()
    return _by_year(numbered(days, "bike-day"))


def _by_year(found: pd.DataFrame) -> Parts:
    trained = found[found[TIME] < YEAR_2011.end]
    return Parts(trained, found[found[TIME] >= YEAR_2012.start], YEAR_2011)


def _rides() -> Parts:
    """A stationary stream of hours; on a holiday it is drawn from the hours of days without work."""
    trained, rest = _halves_of_2011("rides")
    free = rest[rest["workingday"] == 0]
    served = replayed(lambda at: free if at == HOLIDAY.start else rest, SPAN, PER_DAY, "ride")
    baselines = {
        "default": BaselineRows(drawn(rest, DRAWS, "rides-baseline"), BASELINE, "period"),
        "holiday": BaselineRows(drawn(free, DRAWS, "rides-holiday"), BASELINE, "period"),
    }
    return Parts(trained, served, YEAR_2011, baselines)


def _weather() -> Parts:
    trained, rest = _halves_of_2011("weather")
    baseline = BaselineRows(drawn(rest, DRAWS, "weather-baseline"), BASELINE, "period")
    return Parts(
        trained, replayed(lambda _: rest, SPAN, PER_DAY, "weather"), YEAR_2011, {"default": baseline}
    )


def _halves_of_2011(seed: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    found = rows()
    return halves(found[found[TIME] < YEAR_2011.end], seed)


def trees() -> Any:
    """Return the unfitted regressor of all models of demand."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=60, random_state=0)


def _hourly(name: str, target: str, prediction: str) -> DemoModel:
    return DemoModel(
        name=name,
        data=_HOURLY,
        clock=_REAL,
        parts=_hours,
        estimator=trees,
        inputs=_INPUTS,
        names=_NAMES,
        target=target,
        prediction=prediction,
        metric="mae",
        serves=YEAR_2012,
        delay=_COUNTED_AFTER,
        drift=_GROWTH,
    )


def _stationary(name: str, **what: Any) -> DemoModel:
    return DemoModel(
        name=name,
        data=_HOURLY,
        clock=_DRAWN,
        estimator=trees,
        inputs=_RIDES,
        names=("workingday",),
        target="cnt",
        prediction="demand",
        metric="mae",
        serves=SPAN,
        delay=timedelta(hours=6),
        held_out=0.0,
        **what,
    )


MODELS = (
    _hourly("pricing.bike-demand", "cnt", "demand"),
    _hourly("pricing.bike-casual", "casual", "casual_demand"),
    _hourly("pricing.bike-registered", "registered", "registered_demand"),
    DemoModel(
        name="pricing.bike-daily",
        data="daily sums of the hourly rentals",
        clock="the days as they were",
        parts=_days,
        estimator=trees,
        inputs=_OF_A_DAY,
        names=("weekday", "workingday", "holiday"),
        target="cnt",
        prediction="demand",
        metric="mae",
        serves=YEAR_2012,
        delay=_COUNTED_AFTER,
        drift=_GROWTH,
    ),
    _stationary("pricing.bike-rides", parts=_rides),
    _stationary(
        "pricing.bike-weather",
        parts=_weather,
        fault=OtherUnit(day(16).start, day(18).start, column="temp_c", factor=1.8, offset=32.0),
    ),
)
