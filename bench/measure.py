"""What is measured: every module of `bench.measures` names its measures in `MEASURES`."""

import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Literal

_MODULES = Path(__file__).with_name("measures")


class NotHere(Exception):
    """What a measure needs cannot be had on this machine; its old result stays, and nothing has failed."""


@dataclass(frozen=True)
class Absent:
    """Why a measure was not taken, without anybody's fault."""

    reason: str


@dataclass(frozen=True)
class Target:
    """What a value should be, in its measure's unit; missing it is said and stops nothing."""

    sense: Literal["at most", "at least"]
    limit: float

    def __str__(self) -> str:
        return f"{self.sense} {self.limit:g}"

    def met(self, value: float) -> bool:
        """Say whether `value` is on the right side of the limit, or on it."""
        return value <= self.limit if self.sense == "at most" else value >= self.limit


@dataclass(frozen=True)
class Measure:
    """One number of Muster's, and how it is taken.

    `take` returns the repeats in `unit`; without arguments it measures in earnest, with `tiny` as its
    arguments it only shows that it works. It runs in a process of its own, shared with the other
    measures of its module.
    """

    key: str
    unit: str
    meaning: str
    take: Callable[..., list[float]]
    tiny: Mapping[str, int] = field(default_factory=dict)
    target: Target | None = None

    @property
    def module(self) -> str:
        """The module that the measure is defined in."""
        return self.take.__module__


def registered() -> dict[str, Measure]:
    """Return every measure by its key, sorted; ValueError where two have the same key."""
    found: dict[str, Measure] = {}
    for module in sorted(each.name for each in pkgutil.iter_modules([str(_MODULES)])):
        for measure in import_module(f"bench.measures.{module}").MEASURES:
            if measure.key in found:
                raise ValueError(
                    f"two measures are called {measure.key}: {found[measure.key].module}, {module}"
                )
            found[measure.key] = measure
    return dict(sorted(found.items()))


def taken(keys: tuple[str, ...]) -> dict[str, list[float] | Absent | str]:
    """Take some measures in this process, in earnest; return each one's repeats, or what went wrong."""
    measures = registered()
    return {key: _taken(measures[key]) for key in keys}


def _taken(measure: Measure) -> list[float] | Absent | str:
    try:
        return measure.take()
    except NotHere as error:
        return Absent(str(error))
    except Exception as error:  # noqa: BLE001 - whatever it was, the other measures can be taken
        return f"{type(error).__name__}: {error}"
