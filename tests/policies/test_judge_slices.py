"""Slices are judged like the window; small ones are blind, and what was found names its slice."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.policy import Policy
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.reading import BaselineRef, Labels, Reading, Score, SegmentReading
from tests.policies.readings import HEALTHY, POLICY, comparison, number, reading

assert POLICY.drift is not None
assert POLICY.performance is not None
SLICED = replace(
    POLICY,
    segments=("country",),
    drift=replace(POLICY.drift, segments=True),
    performance=replace(POLICY.performance, segments=True),
)
OWN = BaselineRef("default/country=de", "sha256:2", 5000, scores={"mae": 40.0})


def part(name: str = "country=de", rows: int = 400, mae: float = 40.0, **changes: Any) -> SegmentReading:
    plain = SegmentReading(
        name,
        rows,
        profile="sha256:3",
        baseline=OWN,
        own_baseline=True,
        comparison=comparison(number()),
        labels=Labels(rows, 1.0, mature=True),
        scores={"mae": Score(mae, rows, standard_error=1.0)},
    )
    return replace(plain, **changes)


def judged(
    objective: str, *parts: SegmentReading, policy: Policy = SLICED, **changes: Any
) -> ObjectiveVerdict:
    verdict = judge(reading(segments=parts, **changes), policy).of(objective)
    assert verdict is not None
    return verdict


MOVED = part("country=fr", comparison=comparison(number(psi=0.5)))


def test_slices_that_are_well_leave_the_window_met() -> None:
    for objective in ("drift", "performance"):
        verdict = judged(objective, part(), part("country=fr"))
        assert (verdict.status, verdict.findings, verdict.blind) == (Status.MET, (), ())


def test_a_drift_in_one_slice_breaches_the_window_and_names_the_slice() -> None:
    verdict = judged("drift", part(), MOVED)
    assert (verdict.status, verdict.severity) == (Status.BREACHED, Severity.HIGH)
    (finding,) = verdict.findings
    assert (finding.segment, finding.column, finding.code) == ("country=fr", "temp", "drift")
    assert finding.sentence.startswith("country=fr: temp moved")
    assert "in country=fr temp moved" in verdict.reason


@pytest.mark.parametrize(
    ("small", "why"),
    [
        (part("country=mt", rows=12), "few rows"),
        (part("country=other"), "the rest is no fixed population"),
        (part("country=us", own_baseline=False), "no baseline of its own"),
        (part("country=us", comparison=None, baseline=None, own_baseline=False), "nothing to compare with"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_slice_that_cannot_be_judged_is_blind_and_not_met(small: SegmentReading, why: str) -> None:
    beside = judged("drift", part(), small)
    assert (beside.status, beside.blind) == (Status.MET, (small.name,))
    assert f"blind in 1 of 2 slices: {small.name}" in beside.reason
    alone = judged("drift", small)
    assert alone.status is Status.INCONCLUSIVE


def test_what_explains_a_drift_of_all_rows_explains_it_in_a_slice() -> None:
    gone = number(missing_share=0.5, psi=0.5)
    verdict = judged("drift", part(comparison=comparison(gone)), comparison=comparison(gone))
    assert verdict.status is Status.INCONCLUSIVE
    assert {(f.segment, f.suppressed_by) for f in verdict.findings} == {
        (None, "missing"),
        ("country=de", "missing"),
    }
    other = part("country=fr", comparison=comparison(number("wind", psi=0.5)))
    beside = judged("drift", other, comparison=comparison(gone))
    assert beside.status is Status.BREACHED


@pytest.mark.parametrize(
    ("score", "status"),
    [
        (Score(43.0, 400, 1.0), Status.MET),
        (Score(45.0, 400, 1.0), Status.AT_RISK),  # 44 is the limit: one standard error beyond it
        (Score(48.0, 400, 1.0), Status.BREACHED),
        (Score(48.0, 400, None), Status.AT_RISK),
    ],
)
def test_a_score_of_a_slice_breaches_where_it_is_visibly_beyond_its_own_limit(
    score: Score, status: Status
) -> None:
    verdict = judged("performance", part(scores={"mae": score}), part("country=fr"))
    assert verdict.status is status
    assert [f.segment for f in verdict.findings] == ([] if status is Status.MET else ["country=de"])


def test_the_more_slices_the_farther_beyond_its_limit_one_must_be() -> None:
    bad = part(scores={"mae": Score(46.6, 400, 1.0)})
    others = [part(f"country={n}") for n in range(19)]
    assert judged("performance", bad).status is Status.BREACHED
    assert judged("performance", bad, *others).status is Status.AT_RISK


def test_a_slice_without_a_baseline_is_held_to_the_limit_of_all_rows_and_says_so() -> None:
    common = replace(part(own_baseline=False), baseline=HEALTHY.baseline)
    bad = replace(common, scores={"mae": Score(60.0, 400, 1.0)})
    verdict = judged("performance", common, replace(bad, name="country=fr"))
    assert verdict.status is Status.BREACHED
    assert "held to the baseline of all rows" in verdict.findings[0].sentence


def test_slices_are_not_judged_where_the_policy_does_not_ask() -> None:
    assert POLICY.drift is not None
    plain = replace(SLICED, drift=replace(POLICY.drift, segments=False))
    assert judged("drift", MOVED, policy=plain).status is Status.MET


def test_a_window_too_small_to_judge_stays_inconclusive_whatever_its_slices_hold() -> None:
    few: Reading = reading(arrivals=replace(HEALTHY.arrivals, rows=40), segments=(part(rows=40),))
    verdict = judge(few, SLICED).of("drift")
    assert verdict is not None
    assert (verdict.status, verdict.blind) == (Status.INCONCLUSIVE, ())
