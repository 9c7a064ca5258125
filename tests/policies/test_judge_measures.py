"""Value, latency, errors and scores that are missing: judged from the reading alone."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.policy import ErrorShare, LatencyLimits, Performance, Policy, ValuePerPrediction
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.reading import Failures, Labels, Latency, Reading, Score, Value
from tests.policies.readings import HEALTHY, POLICY, reading

HIGH = Severity.HIGH


def judged(read: Reading, objective: str, **policy: Any) -> ObjectiveVerdict:
    promised: Policy = replace(POLICY, **policy)
    verdict = judge(read, promised).of(objective)
    assert verdict is not None
    return verdict


def worth(mean: float, rows: int = 1000, **changes: Any) -> Reading:
    assert HEALTHY.baseline is not None
    baseline = replace(HEALTHY.baseline, scores={"value_mean": 2.0})
    return reading(value=Value(mean * rows, mean, rows), baseline=baseline, **changes)


AT_LEAST = ValuePerPrediction(1.5, None, HIGH)
RELATIVE = ValuePerPrediction(None, 0.1, HIGH)


@pytest.mark.parametrize(
    ("read", "target", "status", "said"),
    [
        (worth(1.6), AT_LEAST, Status.MET, "a prediction was worth 1.6 on average, at least 1.5 is required"),
        (worth(1.4), AT_LEAST, Status.BREACHED, "worth 1.4 on average"),
        (worth(1.81), RELATIVE, Status.MET, "at least 1.8 is required (10 % below the baseline's 2)"),
        (worth(1.7), RELATIVE, Status.BREACHED, "1,000 rows"),
        (worth(9.0, rows=79), AT_LEAST, Status.INCONCLUSIVE, "blind: 79 rows with a value, needs 80"),
        (
            reading(value=Value(1, 1, 1000)),
            RELATIVE,
            Status.INCONCLUSIVE,
            "has no value_mean to compare with",
        ),
        (worth(1.7, comparison=None), RELATIVE, Status.BREACHED, "worth 1.7"),
        (replace(worth(1.7), baseline=None), RELATIVE, Status.INCONCLUSIVE, "no baseline for version 3"),
        (reading(), AT_LEAST, Status.INCONCLUSIVE, "was not measured"),
        (
            reading(unmeasured={"value": "column worth holds text"}),
            AT_LEAST,
            Status.INCONCLUSIVE,
            "worth holds",
        ),
    ],
)
def test_value_per_prediction(read: Reading, target: ValuePerPrediction, status: Status, said: str) -> None:
    verdict = judged(read, "value", value=target)
    assert verdict.status is status
    assert said in verdict.reason
    assert [f.code for f in verdict.findings] == (["value"] if status is Status.BREACHED else [])


@pytest.mark.parametrize(
    ("labels", "status", "said", "provisional"),
    [
        (Labels(1000, 1.0, mature=True), Status.BREACHED, "1,000 rows", False),
        (Labels(600, 0.6, mature=False), Status.BREACHED, "provisional, 60 % of the rows have labels", True),
        (
            Labels(400, 0.4, mature=False),
            Status.INCONCLUSIVE,
            "40 % of the rows, needs 50 %",
            True,
        ),
        (Labels(0, 0.0, mature=False), Status.INCONCLUSIVE, "no labels yet", True),
        (Labels(0, 0.0, mature=True), Status.INCONCLUSIVE, "no labels came", False),
        (None, Status.INCONCLUSIVE, "no labels yet", False),
    ],
)
def test_a_value_that_comes_with_the_labels_is_as_ripe_as_they_are(
    labels: Labels | None, status: Status, said: str, provisional: bool
) -> None:
    late = replace(AT_LEAST, minimum_coverage=0.5)
    verdict = judged(worth(1.4, labels=labels), "value", value=late)
    assert (verdict.status, verdict.provisional) == (status, provisional)
    assert said in verdict.reason
    early = judged(worth(1.4, labels=labels), "value", value=AT_LEAST)  # the traffic's needs no labels
    assert (early.status, early.provisional) == (Status.BREACHED, False)


def test_a_loss_per_prediction_is_worsened_downwards() -> None:
    read = worth(-2.1)
    assert read.baseline is not None
    read = replace(read, baseline=replace(read.baseline, scores={"value_mean": -2.0}))
    assert judged(read, "value", value=RELATIVE).status is Status.MET
    assert (
        judged(replace(read, value=Value(0, -2.3, 1000)), "value", value=RELATIVE).status is Status.BREACHED
    )


LIMITS = LatencyLimits(None, 200.0, 500.0, HIGH)


@pytest.mark.parametrize(
    ("latency", "status", "codes"),
    [
        (Latency(900, 200, 500, 1000), Status.MET, []),
        (Latency(10, 201, 499, 1000), Status.BREACHED, ["latency_p95"]),
        (Latency(10, 300, 600, 1000), Status.BREACHED, ["latency_p95", "latency_p99"]),
        (Latency(10, 300, 600, 79), Status.INCONCLUSIVE, []),
        (None, Status.INCONCLUSIVE, []),
    ],
)
def test_latency_is_judged_by_the_quantiles_that_are_limited(
    latency: Latency | None, status: Status, codes: list[str]
) -> None:
    verdict = judged(reading(latency=latency), "latency", latency=LIMITS)
    assert (verdict.status, [f.code for f in verdict.findings]) == (status, codes)


@pytest.mark.parametrize(
    ("failures", "status", "said"),
    [
        (Failures(10, 1000), Status.MET, "10 of 1,000 requests failed, 1 %; at most 1 % are allowed"),
        (Failures(11, 1000), Status.BREACHED, "11 of 1,000 requests failed, 1.1 %"),
        (Failures(70, 79), Status.INCONCLUSIVE, "blind: 79 rows with a status, needs 80"),
        (None, Status.INCONCLUSIVE, "failed requests were not counted"),
    ],
)
def test_errors_are_judged_by_their_share(failures: Failures | None, status: Status, said: str) -> None:
    verdict = judged(reading(failures=failures), "errors", errors=ErrorShare(0.01, HIGH))
    assert verdict.status is status
    assert said in verdict.reason


def test_an_undefined_score_is_inconclusive_and_says_why() -> None:
    auc = Performance("roc_auc", 0.1, None, 0.8, 0.5, HIGH)
    why = "all labels are '0'; rows of two classes are needed"
    verdict = judged(reading(scores={}, unmeasured={"roc_auc": why}), "performance", performance=auc)
    assert verdict.status is Status.INCONCLUSIVE
    assert verdict.reason == f"roc_auc could not be computed from the labelled rows: {why}"


def test_a_ranking_is_judged_by_the_score_at_its_number_of_places() -> None:
    ndcg = Performance("ndcg", None, 0.6, 0.8, 0.5, HIGH, k=5)
    scores = {"ndcg@10": Score(0.9, 1000), "ndcg@5": Score(0.5, 1000)}
    verdict = judged(reading(scores=scores), "performance", performance=ndcg)
    assert verdict.status is Status.BREACHED
    assert verdict.reason.startswith("ndcg@5 0.5, at least 0.6 is required")


def test_a_window_that_could_not_be_measured_is_errored_in_every_objective_that_is_on() -> None:
    policy = replace(POLICY, value=AT_LEAST, latency=LIMITS, errors=ErrorShare(0.01, HIGH))
    verdict = judge(reading(fault="no file"), policy)
    assert {o.objective for o in verdict.objectives} >= {"value", "latency", "errors"}
    assert {o.status for o in verdict.objectives} == {Status.ERRORED}
