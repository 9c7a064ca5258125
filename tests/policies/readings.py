"""A healthy reading and the policy it meets, to be spoilt by the tests."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from policies.policy import Drift, Freshness, Performance, Policy, Quality, Volume
from policies.verdict import Severity
from profiles.layout import LabelLayout, TrafficLayout
from profiles.reading import (
    Arrivals,
    BaselineRef,
    ColumnComparison,
    Comparison,
    Distances,
    Labels,
    Reading,
    Score,
)
from profiles.window import Cadence, Window

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
START = datetime(2012, 10, 29, tzinfo=UTC)
WINDOW = Window(START, START + DAY)

POLICY = Policy(
    model="pricing.bike",
    team="pricing",
    registered_as="bike",
    alias="champion",
    task="regression",
    owners=(),
    traffic=TrafficLayout("a.csv", "csv", "ts", "demand", "id"),
    labels=LabelLayout("b.csv", "csv", "cnt", "id", timedelta(days=7)),
    cadence=Cadence("1d"),
    allowed_lateness=HOUR,
    minimum_rows=80,
    authority="external",
    automation="observe",
    freshness=Freshness(12 * HOUR, Severity.CRITICAL),
    volume=Volume(0.5, Severity.HIGH),
    quality=Quality(0.05, 0.1, 0.05, Severity.HIGH),
    drift=Drift(0.1, 0.25, 0.05, 0.1, Severity.HIGH),
    performance=Performance("mae", 0.1, None, 0.8, 0.5, Severity.HIGH),
)


def arrivals(rows: int = 1000, silence: timedelta = HOUR, began: datetime = START) -> Arrivals:
    return Arrivals(rows, began, began, silence, began) if rows else Arrivals(0, None, None, DAY, START)


def number(
    column: str = "temp", psi: float | None = 0.02, chance: float | None = 0.04, **kw: Any
) -> ColumnComparison:
    return compared(column, "number", Distances(psi=psi), Distances(psi=chance), **kw)


def category(column: str = "season", psi: float = 0.02, linf: float = 0.01, **kw: Any) -> ColumnComparison:
    return compared(column, "category", Distances(psi=psi, linf=linf), Distances(psi=0.03, linf=0.04), **kw)


def compared(column: str, kind: Any, distances: Distances, chance: Distances, **kw: Any) -> ColumnComparison:
    plain = ColumnComparison(
        column=column,
        kind=kind,
        baseline_kind=kind,
        rows=1000,
        present=1000,
        missing_share=0.0,
        baseline_missing_share=0.0,
        distances=distances,
        chance=chance,
        smallest_shift=0.2 if kind == "number" else 0.05,
    )
    return replace(plain, **kw)


def comparison(*columns: ColumnComparison, missing: tuple[str, ...] = ()) -> Comparison:
    return Comparison(1000, 10_000, columns, missing_columns=missing)


HEALTHY = Reading(
    model="pricing.bike",
    window=WINDOW,
    version="3",
    arrivals=arrivals(),
    profile="sha256:1",
    baseline=BaselineRef("training", "sha256:0", 10_000, rate=1000 / 86400, scores={"mae": 45.1}),
    comparison=comparison(number(), category()),
    labels=Labels(1000, 1.0, mature=True),
    scores={"mae": Score(45.0, 1000)},
)


def reading(**changes: Any) -> Reading:
    return replace(HEALTHY, **changes)


def scored(mae: float, rows: int = 743, **labels: Any) -> Reading:
    known = replace(Labels(rows, 0.743, mature=True), **labels)
    return reading(labels=known, scores={"mae": Score(mae, rows)})


def seen(*columns: ColumnComparison, missing: tuple[str, ...] = ()) -> Reading:
    return reading(comparison=comparison(*columns, missing=missing))
