"""Incidents: recorded in the transaction of the window that changed them, chained, and once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from policies.verdict import Status, Verdict
from profiles.effects import observed
from registry.ledger import Ledger

MET, BREACHED = Status.MET, Status.BREACHED


@pytest.fixture
def policy(known: Ledger, facts: Any) -> str:
    return known.record_policy(facts.policy(), "model: ...", facts.at(0))


@pytest.fixture
def watch(known: Ledger, facts: Any, policy: str) -> Callable[..., None]:
    def watched(*statuses: Status, first: int = 0) -> None:
        for day, status in enumerate(statuses, first):
            known.record_window(facts.reading(day), facts.verdict(day, status), policy, facts.at(day + 1.5))

    return watched


def changes(ledger: Ledger) -> list[tuple[str, str]]:
    return [(row["window_start"][:10], row["change"]) for row in ledger.content()["incident_changes"]]


def test_a_drift_that_persists_opens_an_incident_that_goes_on_and_ends(
    known: Ledger, facts: Any, watch: Callable[..., None]
) -> None:
    watch(MET, BREACHED)
    assert known.incidents() == ()
    watch(BREACHED, BREACHED, first=2)
    (incident,) = known.incidents(facts.model, open_only=True)
    assert (incident.kind, incident.columns, incident.windows) == ("drift", ("temp",), 3)
    assert (incident.began, incident.last, incident.resolved) == (facts.at(1), facts.at(3), None)
    watch(MET, first=4)
    assert known.incidents(open_only=True) == ()
    (incident,) = known.incidents()
    assert incident.resolved == "drift is met again: as it is"
    said = [("2026-03-03", "opened"), ("2026-03-04", "extended"), ("2026-03-05", "resolved")]
    assert changes(known) == said
    assert known.verify().sound


def test_recording_windows_again_changes_no_incident(
    known: Ledger, facts: Any, watch: Callable[..., None]
) -> None:
    statuses = (BREACHED, BREACHED, BREACHED, MET, BREACHED)
    watch(*statuses)
    once = known.content()
    watch(*statuses)
    assert known.content() == once


def test_a_window_that_is_read_again_and_still_says_the_same_changes_no_incident(
    known: Ledger, facts: Any, watch: Callable[..., None], policy: str
) -> None:
    watch(BREACHED, BREACHED, BREACHED)
    before = changes(known)
    again = facts.reading(1, mae=41.0)
    assert known.record_window(again, facts.verdict(1, BREACHED), policy, facts.at(9)) == 2
    blind = facts.verdict(0, Status.INCONCLUSIVE)
    assert known.record_window(facts.reading(0, mae=41.0), blind, policy, facts.at(9)) == 2
    assert changes(known) == before


def test_blind_windows_in_between_are_looked_through(
    known: Ledger, facts: Any, watch: Callable[..., None]
) -> None:
    watch(BREACHED, *[Status.INCONCLUSIVE] * 6, BREACHED)
    (incident,) = known.incidents()
    assert (incident.began, incident.last) == (facts.at(0), facts.at(7))


def test_window_and_incident_are_one_transaction(
    known: Ledger, facts: Any, watch: Callable[..., None]
) -> None:
    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "before ledger.commit window":
            raise Killed

    watch(BREACHED)
    with observed(die), pytest.raises(Killed):
        watch(BREACHED, first=1)
    assert len(known.windows(facts.model)) == 1
    assert known.incidents() == ()
    watch(BREACHED, first=1)
    assert len(known.incidents()) == 1


def test_incidents_opened_in_a_span_are_counted(
    known: Ledger, facts: Any, watch: Callable[..., None]
) -> None:
    watch(BREACHED, BREACHED, MET, BREACHED, BREACHED)
    quarter = timedelta(days=90)
    assert known.incidents_opened(facts.model, facts.at(0), facts.at(0) + quarter) == 2
    assert known.incidents_opened(facts.model, facts.at(2), facts.at(2) + quarter) == 1
    assert known.incidents_opened("pricing.other", facts.at(0), facts.at(90)) == 0
    assert isinstance(facts.verdict(0), Verdict)
