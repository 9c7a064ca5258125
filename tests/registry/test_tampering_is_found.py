"""The hash chain: what triggers refuse, and what `verify` finds when they are gone."""

import re
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from policies.grading import Grade
from policies.intents import Intent
from policies.release import Contest
from policies.verdict import Status
from profiles.mirrored import Mirrored
from profiles.paired import Block, PairedLosses
from registry.chain import GENESIS
from registry.ledger import Ledger
from registry.records import Actor
from registry.shadows import PairedReading
from registry.tables import APPEND_ONLY


@pytest.fixture
def engine(ledger: Ledger, facts: Any) -> Engine:
    """The database below a ledger that holds a little of everything."""
    digest = facts.fill(ledger)
    for day in (3, 4):
        verdict = facts.verdict(day, Status.BREACHED)
        ledger.record_window(facts.reading(day), verdict, digest, facts.at(day + 1.5))
    wanted = [Intent(facts.model, key, "retrain", "retrain") for key in ("one", "two")]
    ledger.record_intents(wanted, digest, facts.at(6))
    claim = ledger.claim("worker", facts.at(6), facts.at(7), ("retrain",))
    assert claim is not None
    ledger.end(claim, "done", facts.at(6), "done")
    contest = Contest(facts.model, "2", "1", "bake", facts.at(2), facts.at(2))
    mirrored = Mirrored(PairedLosses("absolute_error", 1.0, (Block(facts.at(2), 3, 3.0, 1.0, 2.0),)))
    ledger.record_paired(PairedReading.of(contest, facts.window(2), 1, mirrored), facts.at(6))
    ledger.record_grade(
        Grade(facts.model, "one", "paired_losses", facts.at(6), facts.at(9), "mae", 3, 30, 0.5, 2.0),
        facts.at(9),
    )
    for frozen in (ledger.freeze, ledger.unfreeze, ledger.freeze):
        assert frozen("all", Actor("ann", "person"), "a sale", facts.at(6))
    return ledger._database._writer


@pytest.fixture
def unguarded(engine: Engine) -> Engine:
    """The same, with triggers dropped and foreign keys not looked at, as an attacker would."""
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            for table in APPEND_ONLY:
                connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER ALL"))
            connection.execute(text("ALTER TABLE models DISABLE TRIGGER ALL"))
        else:
            names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))
            for (name,) in names.all():
                connection.execute(text(f"DROP TRIGGER {name}"))
    return engine


def change(engine: Engine, statement: str) -> None:
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            connection.connection.execute("PRAGMA foreign_keys = OFF")
        changed = connection.execute(text(statement))
        assert changed.rowcount != 0
        connection.commit()


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_append_only_tables_refuse_changes(engine: Engine, table: str) -> None:
    column = "scope" if table == "freezes" else "model"
    statements = [f"UPDATE {table} SET {column} = {column}", f"DELETE FROM {table}"]
    if engine.dialect.name == "postgresql":
        statements.append(f"TRUNCATE {table} CASCADE")
    for statement in statements:
        with pytest.raises(DBAPIError, match="the ledger only grows"), engine.begin() as connection:
            connection.execute(text(statement))


def test_an_untouched_ledger_is_sound(engine: Engine, ledger: Ledger, facts: Any) -> None:
    facts.fill(ledger)
    found = ledger.verify()
    # A policy, two versions with a baseline each, two transitions, five windows with verdicts, one settled,
    # an incident, two intents and the end of one, a paired reading, a grade.
    assert (found.entries, found.chains, found.faults) == (24, 1, ())


READING = "WHERE window_start = (SELECT min(window_start) FROM readings) AND revision = 1"


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE policies SET source = 'nicer'", "policy .*altered row"),
        ("UPDATE versions SET source = 'elsewhere' WHERE version = '2'", "version 2: altered row"),
        ("UPDATE versions SET state = 'rejected' WHERE version = '2'", "version 2: .*does not follow"),
        ("UPDATE baselines SET rows = 1 WHERE version = '1'", "baseline 1/default: altered row"),
        ("UPDATE assignments SET champion = '1'", "assignment .*does not follow"),
        ("UPDATE assignments SET challenger = '1'", "assignment .*does not follow"),
        ("DELETE FROM assignments", "assignment .*does not follow"),
        ("UPDATE transitions SET actor = 'nobody' WHERE revision = 2", "transition 2: altered row"),
        ("UPDATE transitions SET after = 'x' WHERE revision = 2", "transition 2: altered row"),
        (f"UPDATE readings SET packed = 'x' {READING}", "reading 2026-03-01T.*altered row"),
        (f"UPDATE readings SET flow_run = 'other' {READING}", "reading 2026-03-01T.*altered row"),
        ("UPDATE verdicts SET status = 'breached'", "verdict 2026-03-01T.*altered row"),
        ("UPDATE grades SET content = 'x'", "grade one: altered row"),
        ("DELETE FROM policies", "policy .*missing row"),
        ("DELETE FROM verdicts", "verdict .*missing row"),
        ("DELETE FROM settlements", "settled .*missing row"),
        ("DELETE FROM transitions WHERE revision = 2", "transition 2: missing row"),
        ("DELETE FROM entries WHERE kind = 'verdict'", "verdict .*row without entry"),
        ("DELETE FROM entries WHERE seq = 3", "gap: entry 4 follows entry 2"),
        ("DELETE FROM entries WHERE seq = 1", "gap: entry 2 follows entry 0"),
        (f"UPDATE entries SET prev = '{GENESIS}' WHERE seq = 5", "broken link: entry 5"),
        ("UPDATE entries SET content_digest = 'x' WHERE seq = 5", "altered entry: entry 5"),
        ("UPDATE entries SET hash = 'x' WHERE seq = 5", "broken link: entry 6"),
        ("UPDATE entries SET kind = 'policy' WHERE seq = 5", "altered entry"),
        ("UPDATE intents SET content = 'x' WHERE key = 'two'", "intent two: altered row"),
        ("UPDATE intent_events SET sentence = 'x'", "intent event one/done: altered row"),
        ("UPDATE paired_readings SET content = 'x'", "paired reading 2/1/2026-03-03T.*altered row"),
        ("DELETE FROM paired_readings", "paired reading 2/1/2026-03-03T.*missing row"),
        ("DELETE FROM intent_events", "intent event one/done: missing row"),
        ("DELETE FROM intent_events", "lease one: .*open, but nobody can claim it"),
        ("DELETE FROM leases", "lease two: .*open, but nobody can claim it"),
        ("UPDATE leases SET key = 'one'", "lease one: .*over, but can be claimed"),
        ("UPDATE freezes SET frozen = (1 = 0) WHERE seq = 3", "the fleet, freeze 3: altered row"),
        ("UPDATE freezes SET actor = 'bob' WHERE seq = 1", "the fleet, freeze 1: altered row"),
        ("DELETE FROM freezes WHERE seq = 2", "freeze 3: gap: freeze 3 follows freeze 1"),
        ("UPDATE freezes SET prev = 'x' WHERE seq = 2", "freeze 2: broken link"),
        ("DELETE FROM models", None),
    ],
)
def test_verify_finds(unguarded: Engine, ledger: Ledger, statement: str, fault: str | None) -> None:
    if unguarded.dialect.name == "postgresql" and statement.startswith(("DELETE FROM p", "DELETE FROM m")):
        drop_foreign_keys(unguarded)
    change(unguarded, statement)
    found = ledger.verify()
    if fault is None:
        assert found.sound  # the chain does not depend on the list of models
    else:
        assert any(re.search(fault, str(each)) for each in found.faults), found.faults


def test_a_row_that_cannot_be_read_is_a_fault_and_not_a_failure(ledger_url: str, facts: Any) -> None:
    if ledger_url.startswith("postgresql"):
        return  # its columns take no text in place of a time
    with Ledger.open(ledger_url) as ledger:
        facts.fill(ledger)
        engine = ledger._database._writer
        change(engine, "UPDATE policies SET recorded_at = 'yesterday'")
        assert "a policy cannot be read" in str(ledger.verify().faults[0])
        change(engine, "DROP TRIGGER muster_refuse_update_entries")
        change(engine, "UPDATE entries SET at = 'yesterday' WHERE seq = 3")
        assert "the chain cannot be read" in str(ledger.verify().faults[0])


def drop_foreign_keys(engine: Engine) -> None:
    with engine.begin() as connection:
        keys = connection.execute(
            text("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'f'")
        ).all()
        for table, name in keys:
            connection.execute(text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
