"""Quality and drift of columns: what is found, what explains what, and what is not known."""

from dataclasses import replace
from typing import Any

import pytest

from policies.judge import judge
from policies.policy import Policy
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.reading import ColumnComparison, Distances, Reading
from tests.policies.readings import POLICY, category, compared, number, seen

HARM = "; whether this harms the predictions, drift alone does not say"


def answer(objective: str, read: Reading, policy: Policy = POLICY) -> ObjectiveVerdict:
    found = judge(read, policy).of(objective)
    assert found is not None
    return found


NOTHING = Distances()
# what is wrong with the column -> the column, the code of its finding, the sentence
FAULTY: dict[str, tuple[ColumnComparison, str, str]] = {
    "values are missing": (
        number(missing_share=0.12, baseline_missing_share=0.02, present=880), "missing",
        "12 % of temp are missing, in the baseline 2 %; a rise of 5 % is allowed; 1,000 rows",
    ),
    "no value at all": (
        compared(
            "temp", "empty", NOTHING, NOTHING, baseline_kind="number", present=0, missing_share=1.0,
            constant=True, infinite_share=0.0,
        ),
        "all_null", "temp has no value in any row; in the baseline 0 % are missing; 1,000 rows",
    ),
    "another kind of value": (
        compared("temp", "category", NOTHING, NOTHING, baseline_kind="number", missing_share=0.9),
        "kind_changed", "temp holds values of kind category; in the baseline number; 1,000 rows",
    ),
    "one value only": (
        number(psi=4.0, constant=True), "constant", "temp is constant; in the baseline it varies; 1,000 rows",
    ),
    "values beyond the range": (
        number(out_of_range_share=0.11), "out_of_range",
        "11 % of temp lie outside the baseline's range; 10 % are allowed; 1,000 rows",
    ),
    "new categories": (
        category(new_category_share=0.06), "new_categories",
        "6 % of season are values new to the baseline; 5 % are allowed; 1,000 rows",
    ),
    "an infinity": (
        number(infinite_share=0.001), "infinite",
        "0.1 % of temp are infinite; none are allowed; 1,000 rows",
    ),
}  # fmt: skip


@pytest.mark.parametrize("wrong", FAULTY)
def test_a_fault_of_a_column_breaches_quality_with_one_finding(wrong: str) -> None:
    column, code, sentence = FAULTY[wrong]
    quality = answer("quality", seen(column))
    (finding,) = quality.findings
    assert (finding.code, finding.sentence, finding.column) == (code, sentence, column.column)
    assert (quality.status, quality.severity) == (Status.BREACHED, Severity.HIGH)
    assert quality.reason == sentence


USABLE = {
    "a rise within the limit": number(missing_share=0.05),
    "a rise that chance explains": number(
        missing_share=0.56, baseline_missing_share=0.5, rows=100, present=44
    ),
    "nulls as always": number(missing_share=0.9, baseline_missing_share=0.9, present=100),
    "fewer nulls than before": number(missing_share=0.0, baseline_missing_share=0.5),
    "a column that was always empty": compared(
        "temp", "empty", NOTHING, NOTHING, present=0, missing_share=1.0, baseline_missing_share=1.0
    ),
    "a column that was empty and is filled now": number(baseline_kind="empty"),
    "a column that hardly ever holds a value holds none": compared(
        "temp", "empty", NOTHING, NOTHING, baseline_kind="number", rows=100, present=0,
        missing_share=1.0, baseline_missing_share=0.99,
    ),
    "a column that was always constant": number(constant=True, baseline_constant=True),
    "a flag that is nearly always off is off throughout": compared(
        "holiday", "category", Distances(psi=0.2, linf=0.03), Distances(psi=0.1, linf=0.01), constant=True
    ),
    "a number that is nearly always zero is zero throughout": compared(
        "refunds", "number", Distances(psi=0.2, ks=0.04), Distances(psi=0.1, ks=0.02), constant=True
    ),
    "a column is constant in as few rows as chance makes so": compared(
        "kind", "category", Distances(psi=0.2, linf=0.06), Distances(psi=0.3, linf=0.07), constant=True
    ),
    "times that move on": compared("ts", "time", NOTHING, NOTHING, out_of_range_share=1.0),
    "just as many new values as allowed": category(new_category_share=0.05),
}  # fmt: skip


@pytest.mark.parametrize("why", USABLE)
def test_a_column_is_usable(why: str) -> None:
    quality = answer("quality", seen(USABLE[why]))
    assert (quality.status, quality.reason) == (Status.MET, "1 columns as usable as in the baseline")


def test_a_lost_column_is_found_and_many_findings_are_counted() -> None:
    quality = answer("quality", seen(missing=("a", "b", "c", "d", "e")))
    assert [finding.code for finding in quality.findings] == ["column_missing"] * 5
    assert quality.reason.endswith("column c is missing; the baseline has it; and 2 more")


def test_several_kinds_of_fault_of_one_column_are_several_findings() -> None:
    quality = answer("quality", seen(number(missing_share=0.2, out_of_range_share=0.3)))
    assert [finding.code for finding in quality.findings] == ["missing", "out_of_range"]


def test_nothing_to_compare_is_neither_good_quality_nor_no_drift() -> None:
    assert answer("quality", seen()).status is Status.INCONCLUSIVE
    assert answer("drift", seen()).status is Status.INCONCLUSIVE


# how far a column moved -> status, severity, sentence of the drift objective
MOVES: dict[str, tuple[ColumnComparison, Status, Severity | None, str]] = {
    "a significant drift": (
        number(psi=0.31, present=743), Status.BREACHED, Severity.HIGH,
        "temp moved: psi 0.31, significant from 0.25 on, by chance up to 0.04; 743 rows" + HARM,
    ),
    "a minor drift": (
        number(psi=0.1), Status.AT_RISK, Severity.LOW,
        "temp moved: psi 0.1, minor from 0.1 on, by chance up to 0.04; 1,000 rows" + HARM,
    ),
    "a small but visible drift": (
        number(psi=0.09), Status.MET, None,
        "no drift in 1 columns; a shift of 0.2 sd would have been seen",
    ),
    "a large distance that chance explains": (
        number(psi=0.5, chance=0.6, smallest_shift=1.4), Status.MET, None,
        "no drift in 1 columns; a shift of 1.4 sd would have been seen",
    ),
    "one category of many that grew": (
        category(psi=0.05, linf=0.12), Status.BREACHED, Severity.HIGH,
        "season moved: one category's share changed by 12 %, significant from 10 % on, by chance up to 4 %; "
        "1,000 rows" + HARM,
    ),
    "a category that grew a little, and a large psi": (
        category(psi=0.4, linf=0.06), Status.BREACHED, Severity.HIGH,
        "season moved: psi 0.4, significant from 0.25 on, by chance up to 0.03; 1,000 rows" + HARM,
    ),
    "categories that stayed": (
        category(), Status.MET, None,
        "no drift in 1 columns; 5 % of one category's share would have been seen",
    ),
    "a column without a distance": (
        number(psi=None), Status.INCONCLUSIVE, None, "could not be compared with the baseline: temp",
    ),
    "a distance of which nobody knows what chance makes": (
        number(chance=None, psi=9.0), Status.INCONCLUSIVE, None,
        "could not be compared with the baseline: temp",
    ),
    "a distance that is no number": (
        number(psi=float("nan")), Status.INCONCLUSIVE, None, "could not be compared with the baseline: temp",
    ),
    "only times": (
        compared("ts", "time", Distances(psi=9.0), Distances(psi=0.1)), Status.INCONCLUSIVE, None,
        "no column of numbers or categories to compare with the baseline",
    ),
}  # fmt: skip


@pytest.mark.parametrize("move", MOVES)
def test_drift_answers(move: str) -> None:
    column, status, severity, reason = MOVES[move]
    drift = answer("drift", seen(column))
    assert (drift.status, drift.severity, drift.reason) == (status, severity, reason)


def test_no_drift_says_what_the_least_sensitive_columns_could_have_shown() -> None:
    read = seen(number(), number("wind", smallest_shift=0.35), category(), category("c", smallest_shift=0.08))
    assert answer("drift", read).reason == (
        "no drift in 4 columns; a shift of 0.35 sd or 8 % of one category's share would have been seen"
    )


def test_ignored_columns_are_not_judged() -> None:
    assert POLICY.drift is not None
    policy = replace(POLICY, drift=replace(POLICY.drift, ignore=("temp",)))
    assert answer("drift", seen(number(psi=5.0), category()), policy).status is Status.MET


def test_findings_of_drift_are_sorted_by_size() -> None:
    read = seen(number("a", psi=0.12), number("b", psi=0.3), category("c", linf=0.9), number("d", psi=0.24))
    assert [finding.column for finding in answer("drift", read).findings] == ["c", "b", "d", "a"]


def test_a_significant_drift_is_no_more_urgent_than_the_policy_says() -> None:
    assert POLICY.drift is not None
    policy = replace(POLICY, drift=replace(POLICY.drift, severity=Severity.LOW))
    assert answer("drift", seen(number(psi=0.9)), policy).severity is Severity.LOW


def test_a_drift_that_a_quality_finding_explains_is_kept_and_does_not_count() -> None:
    broken = number("temp", psi=3.0, missing_share=0.5)
    drift = answer("drift", seen(broken, category()))
    assert (drift.status, drift.severity) == (Status.INCONCLUSIVE, None)
    assert drift.reason == "temp moved, which missing explains"
    assert [finding.suppressed_by for finding in drift.findings] == ["missing"]


def test_an_explained_drift_does_not_hide_another() -> None:
    drift = answer("drift", seen(number("temp", psi=3.0, missing_share=0.5), number("wind", psi=0.3)))
    assert (drift.status, drift.severity) == (Status.BREACHED, Severity.HIGH)
    assert drift.reason.startswith("wind moved")
    assert {f.column: f.suppressed_by for f in drift.findings} == {"temp": "missing", "wind": None}


@pytest.mark.parametrize("symptom", ["infinite_share", "out_of_range_share", "new_category_share"])
def test_what_a_drift_looks_like_does_not_explain_it_away(symptom: str) -> None:
    spoilt: dict[str, Any] = {symptom: 0.4}
    drift = answer("drift", seen(number(psi=3.0, **spoilt)))
    assert drift.status is Status.BREACHED
    assert [finding.suppressed_by for finding in drift.findings] == [None]


def test_with_quality_off_nothing_is_explained() -> None:
    drift = answer("drift", seen(number(psi=3.0, missing_share=0.5)), replace(POLICY, quality=None))
    assert drift.status is Status.BREACHED


def test_the_severity_of_a_window_leaves_suppressed_findings_out() -> None:
    assert POLICY.quality is not None
    policy = replace(POLICY, quality=replace(POLICY.quality, severity=Severity.LOW))
    verdict = judge(seen(number(psi=3.0, missing_share=0.5)), policy)
    assert (verdict.status, verdict.severity) == (Status.BREACHED, Severity.LOW)
