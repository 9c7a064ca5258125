"""How often a diagnosis names what befell a window, and how near estimates come to what labels tell."""

from functools import cache
from typing import Any

from bench.measure import Measure, Target

_SETS = ("bank", "bike", "commits")
_EFFECTS = (0.05, 0.10, 0.25)
_CUTS = 8


@cache
def told(kind: str, effect: float, cases: int, sets: tuple[str, ...] = _SETS) -> tuple[Any, ...]:
    """Return the diagnoses of seeded windows that something befell, the sets in turns."""
    import numpy as np

    from bench.causes import DRIFTS, FAULTS, none
    from bench.diagnosing import setting

    found = []
    for case in range(cases):
        here = setting(sets[case % len(sets)], case // len(sets) % _CUTS)
        random = np.random.default_rng([case, len(kind), *kind.encode()])
        if kind in DRIFTS:
            drawn = DRIFTS[kind](here, random, effect)
        else:
            drawn = (none if kind == "none" else FAULTS[kind])(here, random)
        found.append(here.diagnosis(drawn))
    return tuple(found)


def fault_right(*, cases: int = 100) -> list[float]:
    """Share of faults that are called what they are."""
    wanted = {
        "outage": "outage",
        "unit_change": "pipeline",
        "null_column": "pipeline",
        "label_delay": "label_delay",
    }
    right = [each.cause == cause for kind, cause in wanted.items() for each in told(kind, 0.0, cases)]
    return [sum(right) / len(right)]


def drift_right(effect: float, sets: tuple[str, ...] = _SETS, *, cases: int = 100) -> list[float]:
    """Share of drifts that are called what they are, at one effect."""
    right = [_right(kind, each) for kind, each in _drifts(effect, sets, cases)]
    return [sum(right) / len(right)]


def unclear(effect: float, *, cases: int = 100) -> list[float]:
    """Share of drifts that are called unclear, at one effect."""
    said = [each.cause == "unclear" for _, each in _drifts(effect, _SETS, cases)]
    return [sum(said) / len(said)]


def none_called_drift(*, cases: int = 100) -> list[float]:
    """Share of windows that nothing befell which are called a drift."""
    called = [each.cause in {"data_drift", "concept_drift", "both"} for each in told("none", 0.0, cases)]
    return [sum(called) / len(called)]


def _drifts(effect: float, sets: tuple[str, ...], cases: int) -> list[tuple[str, Any]]:
    return [
        (kind, each) for kind in ("covariate", "concept", "both") for each in told(kind, effect, cases, sets)
    ]


def _right(kind: str, diagnosis: Any) -> bool:
    """Say whether a drift is named; of both, either one that names the other beside it will do."""
    if kind == "both":
        return diagnosis.cause == "both" or diagnosis.beside is not None
    return bool(diagnosis.cause == {"covariate": "data_drift", "concept": "concept_drift"}[kind])


_CASES = (
    "Windows of 2,000 labelled rows (fewer in an outage) of the bank, bike and commits sets in turns, each "
    "cut at random eight times into rows to fit on, held-out rows and a pool to draw from; through sketch, "
    "comparing, judging by a default policy and diagnosis. Limits were tuned on a made-up set, and on "
    "smaller runs of these three. "
)


def _right_at(effect: float) -> Measure:
    def take(*, cases: int = 100) -> list[float]:
        return drift_right(effect, cases=cases)

    return Measure(
        key=f"diagnosis_cov_vs_concept_right_{round(100 * effect)}",
        unit="share",
        meaning=f"{_CASES}Of 100 windows each whose mean loss is {100 * effect:g} % above the baseline's as "
        "inputs were resampled, because outcomes were changed, or both by halves: those called data drift, "
        "concept drift, both. Of both, one that names the other beside it counts.",
        take=take,
        tiny={"cases": 6},
        target=Target("at least", 0.85) if effect >= _EFFECTS[1] else None,
    )


def _unclear_at(effect: float) -> Measure:
    def take(*, cases: int = 100) -> list[float]:
        return unclear(effect, cases=cases)

    return Measure(
        key=f"diagnosis_unclear_{round(100 * effect)}",
        unit="share",
        meaning=f"Of the same windows {100 * effect:g} % above the baseline's loss, those called unclear.",
        take=take,
        tiny={"cases": 6},
        target=Target("at most", 0.15),
    )


MEASURES = (
    Measure(
        key="diagnosis_fault_right",
        unit="share",
        meaning=f"{_CASES}Of 100 each with an outage, a number in another unit, a column without values and "
        "late or stopped labels: those called outage, pipeline, pipeline and label delay.",
        take=fault_right,
        tiny={"cases": 3},
        target=Target("at least", 0.98),
    ),
    Measure(
        key="diagnosis_none_called_drift",
        unit="share",
        meaning=f"{_CASES}Of 100 that nothing befell: those called a drift.",
        take=none_called_drift,
        tiny={"cases": 3},
        target=Target("at most", 0.02),
    ),
    *(_right_at(effect) for effect in _EFFECTS),
    *(_unclear_at(effect) for effect in _EFFECTS[1:]),
)
