"""Alerts: in the transaction that changes an incident, once, and to those who heard of it before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.incidents import Incident, IncidentChange
from policies.intents import Intent, Response
from policies.policy import Routes
from policies.pulse import Pulse
from policies.verdict import Status
from profiles.effects import observed
from registry.ledger import Ledger

ROUTES = Routes(critical=("on-call",), high=("chat", "on-call"))


@pytest.fixture
def policy(known: Ledger, facts: Any) -> str:
    return known.record_policy(facts.policy(routes=ROUTES), "model: ...", facts.at(0))


def told(ledger: Ledger) -> list[tuple[str, str, str]]:
    alerts = [each.intent.content for each in ledger.intents(kinds=("send",))]
    return [(each["channel"], each["alert"]["kind"], each["alert"]["doing"]) for each in alerts]


def watch(ledger: Ledger, facts: Any, policy: str, *statuses: Status) -> None:
    def respond(changes: Any) -> Response:
        opened = [change for change in changes if change.change == "opened"]
        wanted = (Intent(facts.model, f"retrain for {c.after.name}", "retrain", "retrain") for c in opened)
        return Response(tuple(wanted))

    for day, status in enumerate(statuses):
        verdict = facts.verdict(day, status)
        ledger.record_window(facts.reading(day), verdict, policy, facts.at(day + 1.5), respond=respond)


def test_a_window_tells_its_incidents_and_what_is_done_once(known: Ledger, facts: Any, policy: str) -> None:
    for _ in range(2):
        watch(known, facts, policy, Status.BREACHED, Status.BREACHED, Status.BREACHED, Status.MET)
    assert told(known) == [
        ("chat", "opened", "Muster will retrain"),
        ("on-call", "opened", "Muster will retrain"),
        ("chat", "resolved", "Muster has done nothing"),
        ("on-call", "resolved", "Muster has done nothing"),
    ]
    assert known.verify().sound


def test_who_heard_the_beginning_hears_the_end_although_the_routes_have_changed(
    known: Ledger, facts: Any, policy: str
) -> None:
    watch(known, facts, policy, Status.BREACHED, Status.BREACHED)
    other = known.record_policy(facts.policy(routes=Routes(high=("new",))), "model: ...", facts.at(3))
    known.record_window(facts.reading(2), facts.verdict(2, Status.MET), other, facts.at(3.5))
    assert [channel for channel, kind, _ in told(known) if kind == "resolved"] == ["chat", "on-call"]


def test_without_routes_nobody_is_told(known: Ledger, facts: Any) -> None:
    digest = known.record_policy(facts.policy(), "model: ...", facts.at(0))
    watch(known, facts, digest, Status.BREACHED, Status.BREACHED)
    assert told(known) == []


def test_window_incident_intent_and_alert_are_one_transaction(known: Ledger, facts: Any, policy: str) -> None:
    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "before ledger.commit window":
            raise Killed

    watch(known, facts, policy, Status.BREACHED)
    with observed(die), pytest.raises(Killed):
        watch(known, facts, policy, Status.BREACHED, Status.BREACHED)
    assert known.incidents() == ()
    assert known.intents() == ()
    watch(known, facts, policy, Status.BREACHED, Status.BREACHED)
    assert len(known.intents()) == 3


def test_a_pulse_tells_a_silence_and_its_end(known: Ledger, facts: Any, policy: str) -> None:
    resolved = facts.policy(routes=ROUTES)
    at, hour = facts.at(5), timedelta(hours=1)
    silent = Pulse(facts.model, at, at - 9 * hour, newest=at - 8 * hour)
    alive = Pulse(facts.model, at + hour, at - 8 * hour, newest=at)
    for pulse in (silent, silent, alive, alive):
        known.record_pulse(pulse, resolved, policy)
    assert [(channel, kind) for channel, kind, _ in told(known)] == [
        ("on-call", "opened"),
        ("on-call", "resolved"),
    ]
    assert known.verify().sound


def test_who_heard_of_an_incident_hears_that_a_person_has_resolved_it(
    known: Ledger, facts: Any, policy: str
) -> None:
    def resolve(incident: Incident) -> IncidentChange:
        return IncidentChange("resolved", replace(incident, resolved="a sale"), "a sale", actor="ann")

    watch(known, facts, policy, Status.BREACHED, Status.BREACHED)
    known.change_incident(facts.model, "drift@2026-03-02T00:00Z", resolve, facts.at(3))
    assert told(known)[2:] == [
        ("chat", "resolved", "ann decided so"),
        ("on-call", "resolved", "ann decided so"),
    ]
    assert known.verify().sound
