"""Each objective's answer to one situation, said in a sentence."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.judge import OBJECTIVES, judge
from policies.policy import Freshness, Performance, Policy, Volume
from policies.verdict import Severity, Status, Verdict
from profiles.reading import BaselineRef, Labels, Reading, Score
from profiles.window import Window
from tests.policies.readings import (
    DAY,
    HEALTHY,
    HOUR,
    POLICY,
    START,
    WINDOW,
    arrivals,
    number,
    reading,
    scored,
    seen,
)

MET, AT_RISK, BREACHED, UNCLEAR = Status.MET, Status.AT_RISK, Status.BREACHED, Status.INCONCLUSIVE
NO_BASELINE = "no baseline for version 3: register one, a window cannot be judged without it"
BARE = BaselineRef("training", "sha256:0", 10_000)


def promised(**changes: Any) -> Policy:
    return replace(POLICY, **changes)


def limited(**changes: Any) -> Policy:
    assert POLICY.performance is not None
    return replace(POLICY, performance=replace(POLICY.performance, **changes))


CLASSES = promised(
    task="classification", performance=Performance("accuracy", 0.1, None, 0.8, 0.5, Severity.HIGH)
)


def accurate(value: float) -> Reading:
    baseline = BaselineRef("training", "p", 10_000, scores={"accuracy": 0.9})
    return reading(scores={"accuracy": Score(value, 1000)}, baseline=baseline)


# situation -> objective, reading, policy, status, severity, reason
CASES: dict[str, tuple[str, Reading, Policy, Status, Severity | None, str]] = {
    "rows came all the time": (
        "freshness", HEALTHY, POLICY, MET, None, "longest silence 1h; at most 12h are allowed",
    ),
    "a silence of just what is allowed": (
        "freshness", reading(arrivals=arrivals(silence=12 * HOUR)), POLICY, MET, None,
        "longest silence 12h; at most 12h are allowed",
    ),
    "a silence of a moment more than is allowed": (
        "freshness", reading(arrivals=arrivals(silence=12 * HOUR + timedelta(seconds=1))), POLICY,
        BREACHED, Severity.CRITICAL, "no rows for 12h 1m from 2012-10-29 00:00 UTC; at most 12h are allowed",
    ),
    "a silence of a day and a half in a long window": (
        "freshness",
        reading(
            window=Window(START - 27 * DAY, START + 4 * DAY),
            arrivals=arrivals(silence=36 * HOUR, began=START + HOUR),
        ),
        POLICY, BREACHED, Severity.CRITICAL,
        "no rows for 36h from 2012-10-29 01:00 UTC; at most 12h are allowed",
    ),
    "no rows at all where a whole window of silence is allowed": (
        "freshness", reading(arrivals=arrivals(0)), promised(freshness=Freshness(DAY, Severity.CRITICAL)),
        BREACHED, Severity.CRITICAL, "no rows for 24h from 2012-10-29 00:00 UTC; at most 1d are allowed",
    ),
    "no rows at all where more than a window of silence is allowed": (
        "freshness", reading(arrivals=arrivals(0)), promised(freshness=Freshness(3 * DAY, Severity.CRITICAL)),
        UNCLEAR, None, "no rows in the whole window of 24h from 2012-10-29 00:00 UTC; at most 3d are allowed",
    ),
    "as many rows as expected": (
        "volume", HEALTHY, POLICY, MET, None,
        "1,000 rows, 100 % of the 1,000 expected; at least 50 % are required",
    ),
    "fewer rows than required": (
        "volume", reading(arrivals=arrivals(499)), POLICY, BREACHED, Severity.HIGH,
        "499 rows, 49.9 % of the 1,000 expected; at least 50 % are required",
    ),
    "hardly enough rows": (
        "volume", reading(arrivals=arrivals(599)), POLICY, AT_RISK, Severity.LOW,
        "599 rows, 59.9 % of the 1,000 expected; at least 50 % are required",
    ),
    "enough rows": (
        "volume", reading(arrivals=arrivals(601)), POLICY, MET, None,
        "601 rows, 60.1 % of the 1,000 expected; at least 50 % are required",
    ),
    "traffic at its usual rate where nearly all of it is required": (
        "volume", HEALTHY, promised(volume=Volume(0.99, Severity.HIGH)), MET, None,
        "1,000 rows, 100 % of the 1,000 expected; at least 99 % are required",
    ),
    "no rows, and nothing to expect": (
        "volume", reading(arrivals=arrivals(0), baseline=None), POLICY, BREACHED, Severity.HIGH,
        "no rows at all",
    ),
    "rows, and no baseline to expect them by": (
        "volume", reading(baseline=None), POLICY, UNCLEAR, None, NO_BASELINE,
    ),
    "rows, and a baseline of an unknown period": (
        "volume", reading(baseline=BARE), POLICY, UNCLEAR, None,
        "the baseline training has no rate of rows to expect",
    ),
    "too few rows for quality": (
        "quality", reading(arrivals=arrivals(43)), POLICY, UNCLEAR, None, "blind: 43 rows, needs 80",
    ),
    "too few rows for drift": (
        "drift", reading(arrivals=arrivals(43)), POLICY, UNCLEAR, None, "blind: 43 rows, needs 80",
    ),
    "too few rows for performance": (
        "performance", reading(arrivals=arrivals(43)), POLICY, UNCLEAR, None, "blind: 43 rows, needs 80",
    ),
    "no baseline for quality": (
        "quality", reading(baseline=None, comparison=None), POLICY, UNCLEAR, None, NO_BASELINE,
    ),
    "no baseline for drift of a version nobody names": (
        "drift", reading(baseline=None, comparison=None, version=None), POLICY, UNCLEAR, None,
        "no baseline for the serving version: register one, a window cannot be judged without it",
    ),
    "a baseline, and no comparison with it": (
        "drift", reading(comparison=None), POLICY, UNCLEAR, None,
        "the window was not compared with the baseline training",
    ),
    "a score well within its limit": (
        "performance", HEALTHY, POLICY, MET, None,
        "mae 45, at most 49.6 is allowed (10 % above the baseline's 45.1), 1,000 rows",
    ),
    "a score beyond its limit": (
        "performance", scored(82.3), POLICY, BREACHED, Severity.HIGH,
        "mae 82.3, at most 49.6 is allowed (10 % above the baseline's 45.1), 743 rows",
    ),
    "a score just beyond its limit says enough digits": (
        "performance", scored(49.613), POLICY, BREACHED, Severity.HIGH,
        "mae 49.613, at most 49.61 is allowed (10 % above the baseline's 45.1), 743 rows",
    ),
    "most of the allowance is used": (
        "performance", scored(49.0), POLICY, AT_RISK, Severity.LOW,
        "mae 49, at most 49.6 is allowed (10 % above the baseline's 45.1), 743 rows",
    ),
    "a score that may still change": (
        "performance", scored(45.0, mature=False), POLICY, MET, None,
        ("mae 45, at most 49.6 is allowed (10 % above the baseline's 45.1), 743 rows; provisional, "
        "74.3 % of the rows have labels so far"),
    ),
    "an absolute limit needs no baseline": (
        "performance", reading(baseline=None, scores={"mae": Score(51, 900)}),
        limited(at_most_worse=None, limit=50.0), BREACHED, Severity.HIGH,
        "mae 51, at most 50 is allowed, 900 rows",
    ),
    "an absolute limit without a baseline is at risk near the limit": (
        "performance", reading(baseline=None, scores={"mae": Score(41, 900)}),
        limited(at_most_worse=None, limit=50.0), AT_RISK, Severity.LOW,
        "mae 41, at most 50 is allowed, 900 rows",
    ),
    "no allowance at all is met by the baseline's own score": (
        "performance", scored(45.1), limited(at_most_worse=0.0), MET, None,
        "mae 45.1, at most 45.1 is allowed (0 % above the baseline's 45.1), 743 rows",
    ),
    "a score of which more is better, and there is less": (
        "performance", accurate(0.8), CLASSES, BREACHED, Severity.HIGH,
        "accuracy 0.8, at least 0.81 is required (10 % below the baseline's 0.9), 1,000 rows",
    ),
    "a score of which more is better, and there is more": (
        "performance", accurate(0.95), CLASSES, MET, None,
        "accuracy 0.95, at least 0.81 is required (10 % below the baseline's 0.9), 1,000 rows",
    ),
    "a negative score is worsened downwards": (
        "performance",
        reading(
            scores={"r2": Score(-0.52, 900)},
            baseline=BaselineRef("b", "p", 1, scores={"r2": -0.5}),
        ),
        limited(metric="r2"), MET, None,
        "r2 -0.52, at least -0.55 is required (10 % below the baseline's -0.5), 900 rows",
    ),
    "labels are not there yet": (
        "performance", reading(labels=None, scores={}), POLICY, UNCLEAR, None, "no labels yet",
    ),
    "labels never came": (
        "performance", reading(labels=Labels(0, 0.0, mature=True), scores={}), POLICY, UNCLEAR, None,
        "no labels came",
    ),
    "labels for a small part of the rows": (
        "performance", scored(99.0, coverage=0.12), POLICY, UNCLEAR, None,
        "labels for 12 % of the rows, needs 50 %",
    ),
    "few labelled rows in all": (
        "performance", scored(99.0, rows=43), POLICY, UNCLEAR, None, "blind: 43 labelled rows, needs 80",
    ),
    "few of the labelled rows could be scored": (
        "performance", reading(scores={"mae": Score(99.0, 43)}), POLICY, UNCLEAR, None,
        "blind: 43 scored rows, needs 80",
    ),
    "labels, and no score": (
        "performance", reading(scores={}), POLICY, UNCLEAR, None,
        "mae could not be computed from the labelled rows",
    ),
    "a score that is no number": (
        "performance", scored(float("nan")), POLICY, UNCLEAR, None,
        "mae could not be computed from the labelled rows",
    ),
    "a relative limit without a baseline": (
        "performance", reading(baseline=None), POLICY, UNCLEAR, None, NO_BASELINE,
    ),
    "a relative limit, and a baseline without scores": (
        "performance", reading(baseline=BARE), POLICY, UNCLEAR, None,
        "the baseline training has no mae to compare with",
    ),
}  # fmt: skip


@pytest.mark.parametrize("situation", CASES)
def test_an_objective_answers(situation: str) -> None:
    objective, read, policy, status, severity, reason = CASES[situation]
    answer = judge(read, policy).of(objective)
    assert answer is not None
    assert (answer.status, answer.severity, answer.reason) == (status, severity, reason)
    assert bool(answer.findings) == (status in (AT_RISK, BREACHED))


def test_a_healthy_window_meets_every_objective_in_order() -> None:
    verdict = judge(HEALTHY, POLICY)
    on = [name for name in OBJECTIVES if getattr(POLICY, name) is not None]
    assert [objective.objective for objective in verdict.objectives] == on
    assert {objective.status for objective in verdict.objectives} == {MET}
    assert (verdict.model, verdict.window) == ("pricing.bike", WINDOW)
    assert (verdict.status, verdict.severity) == (MET, None)


def test_a_window_that_could_not_be_measured_is_errored_throughout() -> None:
    verdict = judge(reading(fault="no file matches a.csv"), POLICY)
    assert {(o.status, o.reason) for o in verdict.objectives} == {(Status.ERRORED, "no file matches a.csv")}
    assert len(verdict.objectives) == 5
    assert (verdict.status, verdict.severity) == (Status.ERRORED, None)


def test_objectives_that_are_off_are_not_in_the_verdict() -> None:
    verdict = judge(HEALTHY, promised(freshness=None, quality=None, performance=None))
    assert [objective.objective for objective in verdict.objectives] == ["volume", "drift"]


def test_without_any_objective_nothing_is_met() -> None:
    nothing = promised(**dict.fromkeys(OBJECTIVES))
    assert judge(HEALTHY, nothing).status is UNCLEAR
    assert judge(reading(fault="x"), nothing).status is UNCLEAR


def test_the_worst_objective_speaks_for_the_window_and_severity_is_the_most_urgent() -> None:
    read = replace(scored(82.3), arrivals=arrivals(1000, silence=13 * HOUR))
    verdict = judge(read, POLICY)
    assert (verdict.status, verdict.severity) == (BREACHED, Severity.CRITICAL)


def earlier(days: int, read: Reading) -> Verdict:
    return judge(replace(read, window=Window(START - days * DAY, START - (days - 1) * DAY)), POLICY)


def test_a_shortfall_that_lasts_is_said_to_last() -> None:
    bad = scored(82.3)
    recent = [earlier(2, bad), earlier(4, bad), earlier(1, bad), earlier(3, HEALTHY)]
    answer = judge(bad, POLICY, recent).of("performance")
    assert answer is not None
    assert answer.reason.endswith("743 rows; 3 windows in a row")
    assert judge(HEALTHY, POLICY, recent) == judge(HEALTHY, POLICY)


def test_windows_between_which_one_is_missing_are_not_in_a_row() -> None:
    bad = scored(82.3)
    assert judge(bad, POLICY, [earlier(2, bad)]) == judge(bad, POLICY)


def test_findings_carry_their_numbers() -> None:
    read = replace(scored(82.3), arrivals=arrivals(400, silence=13 * HOUR))
    silent, few, worse = [finding for o in judge(read, POLICY).objectives for finding in o.findings]
    assert (silent.code, silent.measured, silent.limit, silent.rows) == ("silent", 13.0, 12.0, 400)
    assert (few.code, few.measured, few.rows) == ("volume_collapse", 400.0, 400)
    assert few.limit == pytest.approx(500)
    assert (worse.code, worse.measured, worse.rows) == ("performance", 82.3, 743)
    assert worse.limit == pytest.approx(49.61)


def test_a_drift_and_its_column_are_named_in_the_verdict() -> None:
    finding = judge(seen(number(psi=0.3)), POLICY).of("drift")
    assert finding is not None
    assert finding.findings[0].column == "temp"
