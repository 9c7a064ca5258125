"""While labels are awaited an estimate puts performance at risk at most, and says that it is one."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.reading import Estimate, Labels
from tests.policies.readings import HEALTHY, POLICY

WAITING = Labels(0, 0.0, mature=False)


def judged(value: float, labels: Labels = WAITING, **estimate: Any) -> ObjectiveVerdict:
    told = Estimate(value, 1_000, "strata", **estimate)
    verdict = judge(replace(HEALTHY, labels=labels, scores={}, estimates={"mae": told}), POLICY)
    found = verdict.of("performance")
    assert found is not None
    return found


def test_an_estimate_beyond_the_limit_is_at_risk_and_no_more() -> None:
    found = judged(90.0, standard_error=2.0)
    assert (found.status, found.severity) == (Status.AT_RISK, Severity.LOW)
    assert found.reason.startswith("estimate, not a score: mae 90, at most 49.6 is allowed")
    assert found.reason.endswith("no labels yet")


@pytest.mark.parametrize(
    ("value", "labels", "error"),
    [(45.0, WAITING, 1.0), (52.0, WAITING, 2.0), (90.0, Labels(0, 0.0, mature=True), 1.0)],
)
def test_within_the_limit_within_chance_or_past_due_nothing_is_known(
    value: float, labels: Labels, error: float
) -> None:
    assert judged(value, labels, standard_error=error).status is Status.INCONCLUSIVE


def test_with_labels_the_score_counts_and_not_the_estimate() -> None:
    verdict = judge(replace(HEALTHY, estimates={"mae": Estimate(90.0, 1_000, "strata")}), POLICY)
    performance = verdict.of("performance")
    assert performance is not None
    assert performance.status is Status.MET
