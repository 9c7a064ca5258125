"""Opening: migrations, their agreement with the tables, several processes at once."""

import multiprocessing
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, Connection, Engine, inspect, text

from profiles.errors import LedgerUnavailable
from registry.database import Database
from registry.ledger import Ledger
from registry.moves import Wish
from registry.records import Actor
from registry.schema import HEAD, REVISIONS, VERSION_TABLE, alembic_config, schema_version
from registry.tables import APPEND_ONLY, Row


@pytest.fixture
def engine(ledger_url: str) -> Iterator[Engine]:
    database = Database.open(ledger_url)
    yield database._writer
    database.close()


def migrated(engine: Engine, change: Callable[[Connection], None]) -> set[str]:
    with engine.begin() as connection:
        change(connection)
        return set(inspect(connection).get_table_names())


def test_the_schema_goes_up_and_down_and_up_again(engine: Engine) -> None:
    tables = {VERSION_TABLE, *Row.metadata.tables}
    assert set(inspect(engine).get_table_names()) == tables
    down = migrated(engine, lambda connection: command.downgrade(alembic_config(connection), "base"))
    assert down == {VERSION_TABLE}
    up = migrated(engine, lambda connection: command.upgrade(alembic_config(connection), "head"))
    assert up == tables


def test_the_migrations_make_exactly_the_tables_that_the_code_has(engine: Engine) -> None:
    with engine.connect() as connection:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, Row.metadata) == []
        found = inspect(connection)
        for table in Row.metadata.tables.values():
            checks = {str(check["name"]) for check in found.get_check_constraints(table.name)}
            assert checks == {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}


def test_every_append_only_table_has_its_triggers(engine: Engine) -> None:
    catalogue = {
        "sqlite": "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal",
    }
    with engine.connect() as connection:
        guarded = connection.execute(text(catalogue[engine.dialect.name])).scalars().all()
    assert sorted(guarded) == sorted([*APPEND_ONLY, *APPEND_ONLY])


def test_the_code_knows_the_revisions_that_alembic_has(engine: Engine) -> None:
    with engine.connect() as connection:
        script = ScriptDirectory.from_config(alembic_config(connection))
        assert schema_version(connection) == HEAD == script.get_current_head()
    assert tuple(r.revision for r in reversed(list(script.walk_revisions()))) == REVISIONS


def test_what_an_older_muster_wrote_is_kept_whole(ledger_url: str, engine: Engine, facts: Any) -> None:
    with Ledger.open(ledger_url) as ledger:
        facts.fill(ledger)
        before, verified = ledger.content(), ledger.verify()
    migrated(engine, lambda connection: command.downgrade(alembic_config(connection), "0002"))
    with Ledger.open(ledger_url) as ledger:
        assert (ledger.content(), ledger.verify()) == (before, verified)
        assert verified.sound
        # A name that is only claimed could not be an actor before.
        ledger.roll_back(facts.model, Wish("press", Actor("bob", "claimed"), "it is bad"), facts.at(11))
        assert ledger.verify().sound
    test_every_append_only_table_has_its_triggers(engine)


def test_a_newer_schema_is_not_touched(engine: Engine, ledger_url: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(LedgerUnavailable, match=r"has schema 9999.*a newer Muster has migrated it"):
        Ledger.open(ledger_url)


def test_without_permission_to_migrate_an_empty_database_is_refused(ledger_url: str, facts: Any) -> None:
    with pytest.raises(LedgerUnavailable, match=r"no schema.*open it once with migration allowed"):
        Ledger.open(ledger_url, migrate=False)
    with Ledger.open(ledger_url) as ledger:
        facts.fill(ledger)
    with Ledger.open(ledger_url, migrate=False) as ledger:
        assert len(ledger.windows(facts.model)) == 3


def test_several_processes_may_open_a_new_ledger_at_once(ledger_url: str, facts: Any) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        digests = pool.starmap(_open_and_record, [(ledger_url, facts.policy(), facts.at(0))] * 8)
    assert len(set(digests)) == 1
    with Ledger.open(ledger_url) as ledger:
        found = ledger.verify()
        assert (found.entries, found.sound) == (1, True)


def _open_and_record(url: str, policy: Any, at: Any) -> str:
    with Ledger.open(url) as ledger:
        return ledger.record_policy(policy, "model: ...", at)


def test_opening_an_up_to_date_ledger_imports_neither_alembic_nor_other_heavy_tools(tmp_path: Any) -> None:
    url = f"sqlite:///{tmp_path / 'ledger.db'}"
    Ledger.open(url).close()
    program = (
        "import sys; from registry.ledger import Ledger; Ledger.open(sys.argv[1]).latest(); "
        "print([m for m in ('alembic', 'mlflow', 'prefect', 'pandas', 'pyarrow', 'whylogs', 'scipy')"
        " if m in sys.modules])"
    )
    printed = subprocess.run([sys.executable, "-c", program, url], capture_output=True, text=True, check=True)
    assert printed.stdout.strip() == "[]"
