"""Each outage is named as what it is, and the drift that it causes is kept apart from drift."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.judge import judge
from policies.verdict import Finding, Severity, Status, Verdict
from profiles.reading import ColumnComparison, Distances, Reading, Rescaled
from tests.policies.readings import DAY, HOUR, POLICY, arrivals, comparison, number, reading

MINUTE = timedelta(minutes=1)


def moved(column: str = "temp", ks: float = 0.2, **kw: Any) -> ColumnComparison:
    return replace(number(column, psi=0.6, **kw), distances=Distances(psi=0.6, ks=ks))


def finding(verdict: Verdict, code: str) -> Finding:
    return next(f for o in verdict.objectives for f in o.findings if f.code == code)


def suppressed(verdict: Verdict) -> dict[str | None, str | None]:
    drift = verdict.of("drift")
    assert drift is not None
    return {f.column: f.suppressed_by for f in drift.findings}


# outage -> reading, code of the finding, its sentence, the severity
NAMED: dict[str, tuple[Reading, str, str, Severity]] = {
    "a silent feed": (
        reading(arrivals=arrivals(700, silence=13 * HOUR)), "silent",
        "no rows for 13h from 2012-10-29 00:00 UTC; at most 12h are allowed", Severity.CRITICAL,
    ),
    "far fewer rows than usual at this time": (
        reading(arrivals=arrivals(300), usual_rows=800.0), "volume_collapse",
        "300 rows, 37.5 % of the 800 usual at this time; at least 50 % are required", Severity.HIGH,
    ),
    "another unit": (
        reading(comparison=comparison(number(rescaled=Rescaled(1.8, 32.0), out_of_range_share=1.0))),
        "unit_changed",
        "temp is in another unit: its values are the baseline's times 1.8 plus 32; 1,000 rows",
        Severity.HIGH,
    ),
    "a unit a thousand times as large": (
        reading(comparison=comparison(number(rescaled=Rescaled(0.001)))), "unit_changed",
        "temp is in another unit: its values are the baseline's divided by 1,000; 1,000 rows", Severity.HIGH,
    ),
    "a batch that came twice": (
        reading(arrivals=replace(arrivals(1000), duplicates=200)), "duplicated_batch",
        "200 rows repeat a request id, 20 % of 1,000; 5 % are allowed: a batch came twice", Severity.HIGH,
    ),
    "labels that stopped": (
        reading(label_silence=30 * HOUR, usual_label_silence=2 * HOUR), "labels_stopped",
        "no label arrived for 30h, at this time at most 2h are usual; 1,000 rows came", Severity.HIGH,
    ),
}  # fmt: skip


@pytest.mark.parametrize("outage", NAMED)
def test_an_outage_is_named_as_what_it_is(outage: str) -> None:
    read, code, sentence, severity = NAMED[outage]
    found = finding(judge(read, POLICY), code)
    assert (found.sentence, found.status, found.severity) == (sentence, Status.BREACHED, severity)


QUIET: dict[str, Reading] = {
    "few rows at an hour when few are usual": reading(arrivals=arrivals(600), usual_rows=600.0),
    "labels that stay away as they usually do": reading(
        label_silence=30 * HOUR, usual_label_silence=24 * HOUR
    ),
    "labels of which nobody knows what is usual": reading(label_silence=90 * HOUR),
    "some repeated requests": reading(arrivals=replace(arrivals(1000), duplicates=50)),
}


@pytest.mark.parametrize("why", QUIET)
def test_no_outage_is_made_of_what_is_usual(why: str) -> None:
    assert judge(QUIET[why], POLICY).status is Status.MET


def test_labels_cannot_be_missed_where_no_rows_came() -> None:
    read = reading(arrivals=arrivals(0), label_silence=90 * HOUR, usual_label_silence=HOUR)
    codes = [f.code for o in judge(read, POLICY).objectives for f in o.findings]
    assert codes == ["silent", "volume_collapse"]


def test_what_is_usual_at_this_time_goes_before_the_baselines_rate() -> None:
    volume = judge(reading(arrivals=arrivals(400), usual_rows=410.0), POLICY).of("volume")
    assert volume is not None
    assert volume.status is Status.MET


def test_as_few_rows_as_chance_brings_are_no_collapse() -> None:
    volume = judge(reading(arrivals=arrivals(2), usual_rows=6.0), POLICY).of("volume")
    assert volume is not None
    assert (volume.status, volume.reason) == (
        Status.INCONCLUSIVE, "2 rows, and 6 are usual at this time: too few to tell a collapse",
    )  # fmt: skip


def test_a_changed_unit_stands_for_the_values_out_of_range_and_for_the_drift() -> None:
    broken = replace(moved(ks=1.0), rescaled=Rescaled(1000.0), out_of_range_share=1.0)
    verdict = judge(reading(comparison=comparison(broken)), POLICY)
    quality = verdict.of("quality")
    assert quality is not None
    assert [f.code for f in quality.findings] == ["unit_changed"]
    assert suppressed(verdict) == {"temp": "unit_changed"}


def test_a_broken_input_explains_that_the_prediction_moved() -> None:
    broken = replace(moved(ks=1.0), rescaled=Rescaled(1000.0))
    verdict = judge(reading(comparison=comparison(broken, moved("demand", ks=0.9))), POLICY)
    assert suppressed(verdict) == {"temp": "unit_changed", "demand": "unit_changed of temp"}
    drift = verdict.of("drift")
    assert drift is not None
    assert drift.status is Status.INCONCLUSIVE


@pytest.mark.parametrize(
    ("read", "code"),
    [
        (reading(arrivals=arrivals(500, silence=13 * HOUR)), "silent"),
        (reading(arrivals=arrivals(300), usual_rows=800.0), "volume_collapse"),
        (reading(arrivals=replace(arrivals(1000), duplicates=500)), "duplicated_batch"),
    ],
)
def test_rows_that_are_lacking_or_double_explain_no_more_than_their_share(read: Reading, code: str) -> None:
    both = comparison(moved("hour", ks=0.45), moved("temp", ks=0.8))
    assert suppressed(judge(replace(read, comparison=both), POLICY)) == {"hour": code, "temp": None}


def test_a_short_silence_explains_hardly_anything() -> None:
    long = replace(reading().window, end=reading().window.start + 30 * DAY)
    read = reading(window=long, arrivals=arrivals(silence=13 * HOUR), comparison=comparison(moved(ks=0.3)))
    assert suppressed(judge(read, POLICY)) == {"temp": None}
