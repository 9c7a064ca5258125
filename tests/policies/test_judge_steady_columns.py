"""What is constant by nature is no outage; distinct values that collapse or explode are noted."""

from dataclasses import replace

import pytest

from policies.judge import judge
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.cardinality import Cardinality
from profiles.reading import ColumnComparison, Distances
from tests.policies.readings import POLICY, category, number, seen

STUCK = number("rate", psi=3.0, constant=True)
STUCK = replace(STUCK, distances=Distances(psi=3.0, ks=0.9), chance=Distances(psi=0.04, ks=0.1))


def of(objective: str, column: ColumnComparison) -> ObjectiveVerdict:
    found = judge(seen(column), POLICY).of(objective)
    assert found is not None
    return found


@pytest.mark.parametrize("share", [None, 0.0, 0.05])
def test_a_column_that_varied_in_the_baselines_windows_and_stands_still_is_an_outage(
    share: float | None,
) -> None:
    column = replace(STUCK, baseline_steady=share)
    assert [finding.code for finding in of("quality", column).findings] == ["constant"]
    assert [finding.suppressed_by for finding in of("drift", column).findings] == ["constant"]


@pytest.mark.parametrize("share", [0.1, 0.75, 1.0])
def test_an_indicator_of_the_month_that_moved_is_a_drift_and_no_outage(share: float) -> None:
    column = replace(STUCK, baseline_steady=share)
    assert of("quality", column).status is Status.MET
    drift = of("drift", column)
    assert drift.status is Status.BREACHED
    said = f"it holds a single value, as in {100 * share:.3g} % of the baseline's windows"
    assert said in drift.findings[0].sentence


COUNTS = {
    "ids that collapsed": (Cardinality(12, 900, 1000), "holds 12 distinct values in 1,000 rows"),
    "names that exploded": (Cardinality(400, 2, 12), "holds 400 distinct values in 1,000 rows"),
    "half of what is usual": (Cardinality(450, 900, 1000), None),
    "twice what is usual": (Cardinality(24, 2, 12), None),
    "as usual": (Cardinality(7, 2, 12), None),
}


@pytest.mark.parametrize("case", COUNTS)
def test_distinct_values_are_noted_where_they_are_far_from_usual(case: str) -> None:
    count, said = COUNTS[case]
    quality = of("quality", category("user", cardinality=count))
    if said is None:
        assert quality.status is Status.MET
        return
    assert (quality.status, quality.severity) == (Status.AT_RISK, Severity.LOW)
    (finding,) = quality.findings
    assert (finding.code, finding.suppressed_by) == ("cardinality", None)
    assert said in finding.sentence


def test_a_column_that_is_constant_is_not_also_said_to_hold_few_values() -> None:
    stuck = replace(STUCK, cardinality=Cardinality(1, 500, 1000))
    assert [finding.code for finding in of("quality", stuck).findings] == ["constant"]
    steady = replace(stuck, baseline_steady=1.0)
    assert of("quality", steady).findings == ()
