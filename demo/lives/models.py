"""Models of city bikes that Muster may act on: hours of 2011, drawn from, with something that befalls each.

The stream itself is stationary. Whatever happens beyond that is a fault that is injected, or a person's act.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from demo.clocks import drawn, halves, replayed
from demo.faults import Fault, NoValues, OtherOutcomes
from demo.model import BaselineRows, DemoModel, Parts
from demo.sets.bike import YEAR_2011, rows, trees
from profiles.window import Window

PER_DAY = 1_920
_LEARNED_FOR = timedelta(days=14)
_INPUTS = ("hr", "workingday", "temp_c", "hum", "windspeed")


@dataclass(frozen=True)
class RolledBackByHand:
    """A person rolls the model back at a time, whatever it came to."""

    at: datetime
    by: str
    reason: str


@dataclass(frozen=True)
class Life:
    """A model and, beside its fault, what a person does to it."""

    model: DemoModel
    by_hand: RolledBackByHand | None = None


def november(day: int, hour: int = 0) -> datetime:
    """Return an hour of November 2025."""
    return datetime(2025, 11, day, hour, tzinfo=UTC)


def _parts(seed: str, serves: Window) -> Parts:
    found = rows()
    of_2011 = found[found["ts"] < YEAR_2011.end].astype(dict.fromkeys(_INPUTS, float))
    trained, rest = halves(of_2011, seed)
    usual = drawn(rest, PER_DAY * _LEARNED_FOR.days, f"{seed}-baseline")
    baseline = BaselineRows(usual, Window(serves.start - _LEARNED_FOR, serves.start), "period")
    served = replayed(lambda _: rest, serves, PER_DAY, seed)
    return Parts(trained, served, YEAR_2011, {"default": baseline})


def _model(name: str, target: str, first: int, last: int, fault: Fault | None) -> DemoModel:
    serves = Window(november(first), november(last + 1))
    return DemoModel(
        name=f"mobility.{name}",
        data="hourly rentals of Capital Bikeshare",
        clock=f"hours of 2011 in shuffled order: one half trains, of the other {PER_DAY:,} a day are drawn",
        parts=partial(_parts, name, serves),
        estimator=trees,
        inputs=_INPUTS,
        target=target,
        prediction="demand",
        metric="mae",
        serves=serves,
        delay=timedelta(hours=6),
        held_out=0.0,
        fault=fault,
    )


LIVES: Mapping[str, Life] = {
    life.model.name: life
    for life in (
        # The world changes for good: a version that learned from the new days is better.
        Life(_model("trips", "cnt", 5, 26, OtherOutcomes(november(8), november(30), "cnt", 1.6))),
        # It changes for some hours, which the challenger learned from, and changes back.
        Life(
            _model(
                "members",
                "registered",
                4,
                12,
                OtherOutcomes(november(7), november(7, 18), "registered", 1.6),
            )
        ),
        # It changes back after the challenger was promoted.
        Life(
            _model("visitors", "casual", 8, 20, OtherOutcomes(november(11), november(14, 12), "casual", 2.0))
        ),
        # It changes for good, and somebody does not want the new version all the same.
        Life(
            _model("docks", "cnt", 12, 23, OtherOutcomes(november(15), november(30), "cnt", 0.5)),
            RolledBackByHand(november(20, 9), "ann", "vans were sent to full docks"),
        ),
        # The world is as it was; its description breaks off for two days.
        Life(_model("weather", "cnt", 11, 18, NoValues(november(14), november(16), "hr"))),
    )
}
