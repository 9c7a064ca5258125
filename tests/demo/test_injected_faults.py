"""Injected faults are named as what they are within one cadence, and nothing else is called out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from demo.fleet import FLEET
from demo.model import DemoModel
from demo.sets.bike import HOLIDAY
from flows.replay import PULSE_EVERY
from policies.incidents import Incident
from policies.judge import judge
from policies.load import load_policies
from policies.outages import OUTAGES
from policies.policy import Policy
from policies.verdict import Severity, Status
from profiles.compare import compare
from profiles.reading import BaselineRef
from profiles.sketch import read
from registry.ledger import Ledger
from registry.profile_store import ProfileStore
from tests.demo.conftest import Demo

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("demo")]

FAULTY = [model for model in FLEET.values() if model.fault is not None]
PULSED = [model for model in FAULTY if model.pulsed]
WINDOWED = [model for model in FAULTY if not model.pulsed]
CLEAN = [model for model in FLEET.values() if model.fault is None and model.drift is None]
POLICIES = {
    each.policy.model: each.policy
    for each in load_policies([Path(__file__).parents[2] / "demo" / "policies"]).policies
}


def named(model: DemoModel) -> str:
    return model.name


def policy_of(model: DemoModel) -> Policy:
    return POLICIES[model.name]


def outages(ledger: Ledger, model: DemoModel) -> list[Incident]:
    return [each for each in ledger.incidents(model.name) if each.kind in OUTAGES]


def test_each_kind_of_fault_is_injected_into_data_that_do_not_drift() -> None:
    assert {model.fault.code for model in FAULTY if model.fault} == {
        "silent",
        "unit_changed",
        "all_null",
        "labels_stopped",
        "duplicated_batch",
    }
    assert all(model.drift is None for model in FAULTY)


@pytest.mark.parametrize("model", FAULTY, ids=named)
def test_a_fault_is_the_only_outage_and_is_named_for_what_it_is(ledger: Ledger, model: DemoModel) -> None:
    (incident,) = outages(ledger, model)
    assert model.fault is not None
    assert incident.kind == model.fault.code
    column = getattr(model.fault, "column", None)
    assert incident.columns == (() if column is None else (column,))


def opening(ledger: Ledger, model: DemoModel) -> tuple[datetime, Incident]:
    """Return the incident that the model's fault opened, and when."""
    assert model.fault is not None
    (found,) = (
        (at, change.after)
        for at, change in ledger.incident_changes(model.name)
        if change.change == "opened" and change.after.kind == model.fault.code
    )
    return found


@pytest.mark.parametrize("model", WINDOWED, ids=named)
def test_a_fault_is_named_by_the_window_it_begins_in_when_that_window_closes(
    ledger: Ledger, model: DemoModel
) -> None:
    assert model.fault is not None
    policy = policy_of(model)
    window = policy.cadence.window(model.fault.began)
    at, incident = opening(ledger, model)
    assert incident.began == window.start
    assert at - window.end == policy.allowed_lateness
    assert at - model.fault.began <= policy.cadence.length + policy.allowed_lateness


@pytest.mark.parametrize("model", WINDOWED, ids=named)
def test_a_fault_is_over_with_the_first_window_after_it(ledger: Ledger, model: DemoModel) -> None:
    assert model.fault is not None
    (incident,) = outages(ledger, model)
    assert incident.resolved is not None
    cadence = policy_of(model).cadence
    last = cadence.floor(model.fault.ended - timedelta(seconds=1))
    assert incident.last == cadence.after(last)


@pytest.mark.parametrize("model", PULSED, ids=named)
def test_a_silent_feed_is_named_within_two_pulses_and_over_within_one(
    ledger: Ledger, model: DemoModel
) -> None:
    assert model.fault is not None
    at, incident = opening(ledger, model)
    assert at - model.fault.began <= 2 * PULSE_EVERY
    assert timedelta() < model.fault.began - incident.began < timedelta(minutes=1)
    (incident,) = outages(ledger, model)
    assert incident.resolved is not None
    assert incident.last - model.fault.ended <= PULSE_EVERY


def test_the_silent_feed_is_critical_and_all_other_faults_are_high(ledger: Ledger) -> None:
    for model in FAULTY:
        (incident,) = outages(ledger, model)
        wanted = Severity.CRITICAL if incident.kind == "silent" else Severity.HIGH
        assert incident.severity is wanted, model.name


def test_a_silence_of_eight_hours_is_eight_silent_windows_of_an_hour(ledger: Ledger) -> None:
    silent = [
        each.reading
        for each in ledger.windows("marketing.call-back")
        if (found := each.verdict.of("freshness")) and found.status is Status.BREACHED
    ]
    assert [each.window.start.hour for each in silent] == list(range(14, 22))
    assert {each.arrivals.rows for each in silent} == {0}


@pytest.mark.parametrize("model", FAULTY, ids=named)
def test_the_drift_that_a_fault_causes_is_suppressed_by_it(ledger: Ledger, model: DemoModel) -> None:
    assert model.fault is not None
    assert "drift" not in {each.kind for each in ledger.incidents(model.name)}
    for judged in ledger.windows(model.name):
        drift = judged.verdict.of("drift")
        assert drift is not None
        for finding in drift.findings:
            assert finding.suppressed_by is not None, (model.name, finding.sentence)
            assert finding.suppressed_by.split(" of ")[0] == model.fault.code


def test_a_broken_input_explains_that_the_answers_moved(ledger: Ledger) -> None:
    judged = ledger.judged("search.screening", datetime(2025, 10, 17, tzinfo=UTC))
    assert judged is not None
    drift = judged.verdict.of("drift")
    assert drift is not None
    suppressed = {finding.column: finding.suppressed_by for finding in drift.findings}
    assert suppressed == {"mean_radius": "unit_changed", "benign": "unit_changed of mean_radius"}


@pytest.mark.parametrize("model", CLEAN, ids=named)
def test_a_model_without_fault_and_without_drift_has_no_incident_at_all(
    ledger: Ledger, model: DemoModel
) -> None:
    assert ledger.incidents(model.name) == ()
    urgent = [
        finding.sentence
        for judged in ledger.windows(model.name)
        for objective in judged.verdict.objectives
        for finding in objective.findings
        if finding.severity is not Severity.LOW
    ]
    assert urgent == []


def test_a_holiday_judged_by_its_own_baseline_stays_quiet_and_names_that_baseline(ledger: Ledger) -> None:
    windows = ledger.windows("pricing.bike-rides")
    holiday = [each for each in windows if each.verdict.baseline == "holiday"]
    assert [each.reading.window for each in holiday] == [HOLIDAY]
    assert {each.verdict.baseline for each in windows} == {"default", "holiday"}
    assert holiday[0].verdict.status is Status.MET


def test_the_same_holiday_beside_the_default_baseline_would_have_breached(demo: Demo, ledger: Ledger) -> None:
    name = "pricing.bike-rides"
    judged = ledger.judged(name, HOLIDAY.start)
    assert judged is not None
    assert judged.reading.profile is not None
    default = ledger.baseline(name, "1")
    assert default is not None
    store = ProfileStore(demo.state / "profiles")
    comparison = compare(read(store.get(judged.reading.profile)), read(store.get(default.profile_digest)))
    reference = BaselineRef("default", default.profile_digest, default.rows, scores=default.scores)
    reading = replace(judged.reading, baseline=reference, comparison=comparison)
    verdict = judge(reading, POLICIES[name])
    assert verdict.status is Status.BREACHED
    assert verdict.baseline == "default"
