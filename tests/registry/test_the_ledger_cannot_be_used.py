"""What people are told when the database is not what it should be."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from profiles.errors import LedgerConflict, LedgerUnavailable
from registry import database
from registry.ledger import Ledger


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("not a url", "cannot be read"),
        ("mysql://ann:s3cret@db/ledger", "cannot be kept in mysql"),
        ("postgresql://ann:s3cret@127.0.0.1:1/ledger", "refused.*start the server"),
        ("sqlite:////proc/no/such/ledger.db", "no folder for the ledger"),
    ],
)
def test_a_database_that_cannot_be_reached(url: str, told: str) -> None:
    with pytest.raises(LedgerUnavailable, match=f"(?s){told}") as raised:
        Ledger.open(url)
    assert "s3cret" not in str(raised.value)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    file = tmp_path / "ledger.db"
    file.write_bytes(b"columns,and,rows\n" * 100)
    with pytest.raises(LedgerUnavailable, match=r"ledger\.db cannot be used.*something else or damaged"):
        Ledger.open(f"sqlite:///{file}")


@pytest.mark.servers
def test_a_database_that_was_not_created(postgres_server: str) -> None:
    with pytest.raises(LedgerUnavailable, match=r"(?s)does not exist.*create the database"):
        Ledger.open(f"{postgres_server}/no_such_database")


def test_a_ledger_that_somebody_else_holds(
    tmp_path: Path, facts: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_BUSY_SECONDS", 0)
    file = tmp_path / "ledger.db"
    with Ledger.open(f"sqlite:///{file}") as ledger:
        holder = sqlite3.connect(file, isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match=r"locked.*another process has held it"):
            ledger.record_policy(facts.policy(), "model: ...", facts.at(0))
        assert ledger.models() == ()  # readers do not wait
        holder.close()


def test_a_connection_that_may_only_read(ledger: Ledger, facts: Any) -> None:
    connect = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET default_transaction_read_only = on"}
    with ledger._database._engine.connect() as connection:
        connection.execute(text(connect[ledger._database.dialect]))
        connection.commit()
    with pytest.raises(LedgerUnavailable, match=r"read-?only.*it is read-only here"):
        ledger.record_policy(facts.policy(), "model: ...", facts.at(0))


def test_a_row_that_refers_to_nothing_is_a_conflict(known: Ledger, facts: Any) -> None:
    with pytest.raises(LedgerConflict, match="refuses the row"):
        known.transit(facts.request(0, "1", policy_digest="sha256:unknown"), facts.at(0))


def test_sqlite_is_opened_for_several_writers(tmp_path: Path) -> None:
    with Ledger.open(f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}") as ledger:
        connection = ledger._database._engine.raw_connection()
        found = {
            name: connection.cursor().execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "foreign_keys", "busy_timeout")
        }
        connection.close()
    assert found == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 20_000}
