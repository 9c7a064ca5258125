"""Drift of the labels: a part of the drift objective that waits for labels and says so."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.outages import explained_labels
from policies.policy import Drift, Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import ColumnComparison, Comparison, Labels, Outcomes, Reading
from tests.policies.readings import POLICY, category, number, seen

ENOUGH = Labels(labelled=900, coverage=0.9, mature=True)
EARLY = replace(ENOUGH, coverage=0.7, mature=False)


def drift(reading: Reading, policy: Policy = POLICY) -> ObjectiveVerdict:
    found = judge(reading, policy).of("drift")
    assert found is not None
    return found


def labelled(column: ColumnComparison | None, labels: Labels = ENOUGH, **changes: Any) -> Reading:
    comparison = None if column is None else Comparison(900, 9000, (column,))
    outcomes = Outcomes("sha256:a", None if column is None else "sha256:b", comparison)
    return replace(seen(number()), labels=labels, outcomes=outcomes, **changes)


MIX = {
    "a class that gained 12 points": (category("paid", linf=0.12), Status.BREACHED, Severity.HIGH),
    "a class that gained 6 points": (category("paid", linf=0.06), Status.AT_RISK, Severity.LOW),
    "a class that gained what chance gives": (category("paid", linf=0.035), Status.MET, None),
    "numbers that moved": (number("paid", psi=0.4), Status.BREACHED, Severity.HIGH),
    "numbers that moved invisibly": (number("paid", psi=0.4, chance=0.5), Status.MET, None),
}


@pytest.mark.parametrize("mix", MIX)
def test_labels_drift_where_it_is_visible_and_large(mix: str) -> None:
    column, status, severity = MIX[mix]
    verdict = drift(labelled(column))
    assert (verdict.status, verdict.severity) == (status, severity)
    if status is Status.MET:
        assert "label `paid` did not drift" in verdict.reason
    else:
        assert verdict.reason.startswith("label `paid` drifted: ")
        assert [finding.column for finding in verdict.findings] == ["paid"]
    assert not verdict.provisional


WITHOUT: dict[str, tuple[Reading, str]] = {
    "too few labels": (
        labelled(category("paid", linf=0.5), replace(ENOUGH, coverage=0.3)),
        "labels not compared: labels for 30 % of the rows, needs 50 %",
    ),
    "few rows": (
        labelled(category("paid", linf=0.5), replace(ENOUGH, labelled=40)),
        "labels not compared: blind: 40 labelled rows, needs 80",
    ),
    "a baseline without labels": (
        labelled(None),
        (
            "labels not compared: the baseline training has no labels to compare with; "
            "register one of a labelled period"
        ),
    ),
    "another kind of labels": (
        labelled(number("paid", psi=None, chance=None)),
        "labels not compared: they are of another kind than those of the baseline",
    ),
}


@pytest.mark.parametrize("lack", WITHOUT)
def test_labels_that_cannot_be_compared_are_said_not_to_be(lack: str) -> None:
    reading, said = WITHOUT[lack]
    verdict = drift(reading)
    assert verdict.status is Status.MET
    assert verdict.reason.endswith(said)
    assert verdict.findings == ()


def test_a_drift_of_early_labels_is_provisional() -> None:
    verdict = drift(labelled(category("paid", linf=0.12), EARLY))
    assert verdict.status is Status.BREACHED
    assert verdict.provisional
    assert verdict.reason.endswith("provisional, 70 % of the rows have labels so far")


def test_a_breach_by_inputs_waits_for_no_label() -> None:
    reading = labelled(category("paid", linf=0.12), EARLY)
    moved = replace(reading, comparison=seen(number(psi=0.4)).comparison)
    verdict = drift(moved)
    assert (verdict.status, verdict.provisional) == (Status.BREACHED, False)
    assert [finding.column for finding in verdict.findings] == ["temp", "paid"]


@pytest.mark.parametrize("reading", [replace(seen(number()), labels=ENOUGH), seen(number())])
def test_a_reading_without_labels_is_judged_as_before(reading: Reading) -> None:
    assert drift(reading) == drift(replace(reading, outcomes=None))
    assert "label" not in drift(reading).reason


def test_a_label_that_is_ignored_and_a_model_without_labels_have_no_label_drift() -> None:
    reading = labelled(category("cnt", linf=0.5))
    ignoring = replace(POLICY, drift=Drift(0.1, 0.25, 0.05, 0.1, Severity.HIGH, ignore=("cnt",)))
    for policy in (ignoring, replace(POLICY, labels=None, performance=None)):
        assert drift(reading, policy).status is Status.MET


def test_a_base_rate_that_doubles_is_seen_with_limits_of_its_size() -> None:
    doubled = category("paid", psi=0.014, linf=0.02)
    rare = replace(doubled, chance=replace(doubled.chance, linf=0.008))
    assert drift(labelled(rare)).status is Status.MET
    strict = replace(POLICY, drift=Drift(0.1, 0.25, 0.01, 0.02, Severity.HIGH))
    assert drift(labelled(rare), strict).status is Status.BREACHED


def test_a_batch_that_came_twice_explains_as_much_as_it_can() -> None:
    def twice(share: float) -> list[ObjectiveVerdict]:
        finding = Finding("duplicated_batch", "twice", Status.BREACHED, Severity.HIGH, share, 0.05, 1000)
        return [ObjectiveVerdict("quality", Status.BREACHED, "twice", findings=(finding,))]

    reading = labelled(category("paid", linf=0.12))
    assert explained_labels(reading, twice(0.2)) == "duplicated_batch"
    assert explained_labels(reading, twice(0.1)) is None
    arrivals = replace(reading.arrivals, duplicates=300)
    verdict = drift(replace(reading, arrivals=arrivals))
    assert verdict.status is not Status.BREACHED
    assert [finding.suppressed_by for finding in verdict.findings if finding.column == "paid"] == [
        "duplicated_batch"
    ]
