"""Corrections and what persons say: recorded beside what was, in the chain, and once."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from alembic import command
from sqlalchemy import text

from policies.annotations import annotated, resolved
from policies.incidents import Incident
from policies.pulse import Pulse
from policies.verdict import Status
from profiles.errors import LedgerUnavailable
from registry.chain import FACTS, FactKind
from registry.database import Database
from registry.ledger import Ledger
from registry.records import Look
from registry.schema import alembic_config
from registry.tables import IncidentRow

MET, BREACHED = Status.MET, Status.BREACHED
NAME = "drift@2026-03-02T00:00Z"


@pytest.fixture
def policy(known: Ledger, facts: Any) -> str:
    return known.record_policy(facts.policy(), "model: ...", facts.at(0))


def watch(ledger: Ledger, facts: Any, policy: str, *statuses: Status) -> None:
    for day, status in enumerate(statuses):
        ledger.record_window(facts.reading(day), facts.verdict(day, status), policy, facts.at(day + 1.5))


def again(ledger: Ledger, facts: Any, policy: str, day: int, status: Status, rows: int = 1240) -> int:
    reading = facts.reading(day)
    reading = replace(reading, arrivals=replace(reading.arrivals, rows=rows))
    revision: int = ledger.record_window(reading, facts.verdict(day, status), policy, facts.at(9))
    return revision


def changes(ledger: Ledger, facts: Any) -> list[str]:
    return [change.change for _, change in ledger.incident_changes(facts.model)]


def test_a_window_that_is_judged_again_corrects_its_incident(known: Ledger, facts: Any, policy: str) -> None:
    watch(known, facts, policy, BREACHED, BREACHED)
    assert again(known, facts, policy, 1, MET) == 2
    (incident,) = known.incidents()
    note = "judged again with 1,240 rows instead of 480 (window of 2026-03-02 00:00 UTC): no longer breached"
    assert (incident.resolved, incident.note) == (note, note)
    assert again(known, facts, policy, 1, MET) == 2
    assert changes(known, facts) == ["opened", "corrected"]
    assert again(known, facts, policy, 1, BREACHED, rows=1300) == 3
    (incident,) = known.incidents(open_only=True)
    assert (incident.windows, incident.name) == (2, NAME)
    assert changes(known, facts) == ["opened", "corrected", "corrected"]
    assert known.incidents_opened(facts.model, facts.at(0), facts.at(9)) == 1
    assert known.verify().sound


def test_after_a_correction_later_windows_go_on_as_before(known: Ledger, facts: Any, policy: str) -> None:
    watch(known, facts, policy, BREACHED, BREACHED, BREACHED)
    again(known, facts, policy, 0, MET)
    assert [each.began for each in known.incidents(open_only=True)] == [facts.at(1)]
    known.record_window(facts.reading(3), facts.verdict(3, MET), policy, facts.at(9))
    (incident,) = known.incidents()
    assert (incident.began, incident.windows, incident.last) == (facts.at(1), 2, facts.at(3))
    assert incident.resolved == "drift is met again: as it is"


def test_an_incident_of_one_kind_is_corrected_up_to_the_next(known: Ledger, facts: Any, policy: str) -> None:
    watch(known, facts, policy, BREACHED, BREACHED, MET, BREACHED, BREACHED, MET)
    again(known, facts, policy, 1, MET)
    first, second = sorted(known.incidents(), key=lambda each: each.began)
    assert first.resolved is not None
    assert first.resolved.startswith("judged again")
    assert (second.note, second.resolved) == (None, "drift is met again: as it is")


def test_another_policy_on_the_same_reading_corrects_too(known: Ledger, facts: Any, policy: str) -> None:
    watch(known, facts, policy, BREACHED, BREACHED)
    other = known.record_policy(facts.policy(minimum_rows=81), "model: ...", facts.at(9))
    assert known.record_window(facts.reading(1), facts.verdict(1, MET), other, facts.at(9)) == 1
    (incident,) = known.incidents()
    assert incident.resolved is not None
    assert incident.resolved.startswith("judged again by another policy (")
    assert known.verify().sound


def test_persons_annotate_and_resolve_with_their_name(known: Ledger, facts: Any, policy: str) -> None:
    def note(incident: Incident) -> Any:
        return annotated(incident, "the provider knows", "ann")

    watch(known, facts, policy, BREACHED, BREACHED)
    for hour in range(2):
        known.change_incident(facts.model, NAME, note, facts.at(3 + hour / 24))
    known.change_incident(
        facts.model, NAME, lambda i: resolved(i, "planned", "bob", facts.at(4)), facts.at(4)
    )
    assert [(c.change, c.actor) for _, c in known.incident_changes(facts.model)] == [
        ("opened", None), ("annotated", "ann"), ("annotated", "ann"), ("resolved", "bob"),
    ]  # fmt: skip
    (incident,) = known.incidents()
    assert (incident.resolved, incident.note) == ("planned (bob)", "the provider knows (ann)")
    again(known, facts, policy, 1, MET)
    assert known.incidents()[0].resolved == "planned (bob)"
    assert known.verify().sound
    with pytest.raises(LedgerUnavailable, match=r"no incident drift@yesterday of pricing\.bike-demand"):
        known.change_incident(facts.model, "drift@yesterday", note, facts.at(5))


# what an attacker does to the row of the second change -> the fault
TAMPERED = {
    "UPDATE incident_changes SET nth = 9 WHERE nth = 2": "not in their entries' order",
    "UPDATE incident_changes SET actor = 'eve' WHERE nth = 2": "altered row",
    "UPDATE incident_changes SET policy_digest = 'sha256:0' WHERE nth = 2": "row without entry",
    "DELETE FROM incident_changes WHERE nth = 2": "missing row",
}


@pytest.mark.parametrize("statement", TAMPERED)
def test_verify_finds_altered_changes(known: Ledger, facts: Any, policy: str, statement: str) -> None:
    watch(known, facts, policy, BREACHED, BREACHED)
    again(known, facts, policy, 1, MET)
    engine = known._database._writer
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE incident_changes DISABLE TRIGGER ALL"))
        else:
            connection.execute(text("DROP TRIGGER muster_refuse_update_incident_changes"))
            connection.execute(text("DROP TRIGGER muster_refuse_delete_incident_changes"))
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.execute("PRAGMA foreign_keys = OFF")
        connection.execute(text(statement))
        connection.commit()
    assert any(TAMPERED[statement] in str(fault) for fault in known.verify().faults)


def test_a_ledger_of_the_schema_before_is_upgraded_and_verifies(
    ledger_url: str, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as former:
        # The entries that Muster made then: the key had no reading, and there was no actor to cover.
        mutable = frozenset({"nth", "actor"})
        kinds: Any = FACTS
        former.setitem(kinds, IncidentRow, FactKind("incident", ("incident", "window_start"), mutable))
        digest = _filled(ledger_url, facts)
        _downgraded(ledger_url)
    with Ledger.open(ledger_url) as ledger:
        assert (ledger.verify().faults, ledger.verify().sound) == ((), True)
        found = [(each.kind, each.windows, each.resolved is None) for each in ledger.incidents()]
        assert sorted(found) == [("drift", 3, False), ("silent", 1, True)]
        again(ledger, facts, digest, 2, MET)
        assert changes(ledger, facts)[-1] == "corrected"
        assert ledger.verify().sound


def _filled(url: str, facts: Any) -> str:
    with Ledger.open(url) as ledger:
        policy: str = ledger.record_policy(facts.policy(), "model: ...", facts.at(0))
        watch(ledger, facts, policy, BREACHED, BREACHED, BREACHED, MET)
        ledger.record_pulse(Pulse(facts.model, facts.at(6), facts.at(4)), facts.policy(), policy)
    return policy


def _downgraded(url: str) -> None:
    database = Database.open(url)
    change: Callable[..., None] = command.downgrade
    with database._writer.begin() as connection:
        change(alembic_config(connection), "0002")
    database.close()


def test_a_look_is_replaced_by_the_next_and_is_no_fact(known: Ledger, facts: Any, policy: str) -> None:
    watch(known, facts, policy, MET, MET)
    before = known.content()
    assert known.look(facts.model) is None
    for look in (Look(facts.model, "a", {facts.at(1): 3}), Look(facts.model, None)):
        known.record_look(look)
        assert known.look(facts.model) == look
    assert known.content() == before


def test_rows_are_counted_by_the_newest_readings_that_could_be_read(
    known: Ledger, facts: Any, policy: str
) -> None:
    watch(known, facts, policy, MET, MET)
    again(known, facts, policy, 1, MET)
    unreadable = facts.reading(2, fault="the file is damaged")
    known.record_window(unreadable, facts.verdict(2, Status.ERRORED), policy, facts.at(9))
    assert known.counted(facts.model, facts.at(0)) == ((facts.window(0), 480), (facts.window(1), 1240))
    assert known.counted(facts.model, facts.at(1)) == ((facts.window(1), 1240),)
