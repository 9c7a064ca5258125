"""Judged windows as the ledger answers them, made up in memory."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from policies.verdict import (
    Finding,
    ObjectiveVerdict,
    Severity,
    Status,
    Verdict,
    worst_severity,
    worst_status,
)
from profiles.reading import Arrivals, BaselineRef, Labels, Reading, Score
from profiles.window import Window
from registry.records import Judged
from tests.fakes import DAY, START

Make = Callable[..., Judged]


@pytest.fixture
def judged() -> Make:
    """Return a maker of judged windows from their objectives."""

    def make(*objectives: ObjectiveVerdict, model: str = "shop.prices", **reading: object) -> Judged:
        window = Window(START, START + DAY)
        facts = {
            "arrivals": Arrivals(1234, START, START + DAY, timedelta(minutes=9), START),
            "baseline": BaselineRef("default", f"sha256:{7:064x}", 9000, 0.01, {"mae": 40.5}),
            "labels": Labels(1200, 0.97, mature=False),
            "scores": {"mae": Score(45.678, 1200)},
        }
        return Judged(
            reading=Reading(model, window, "3", **{**facts, **reading}),  # type: ignore[arg-type]
            verdict=Verdict(
                model,
                window,
                worst_status(o.status for o in objectives),
                worst_severity(o.severity for o in objectives),
                objectives,
            ),
            policy_digest=f"sha256:{5:064x}",
            revision=2,
            recorded_at=START + 2 * DAY,
        )

    return make


@pytest.fixture
def finding() -> Callable[..., Finding]:
    """Return a maker of drift findings by column."""

    def make(column: str | None, sentence: str = "", suppressed_by: str | None = None) -> Finding:
        return Finding(
            "drift",
            sentence or f"{column} moved",
            Status.BREACHED,
            Severity.LOW,
            0.4,
            0.25,
            480,
            column,
            suppressed_by=suppressed_by,
        )

    return make
