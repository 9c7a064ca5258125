import json
import sqlite3

from tests.console.conftest import MODEL, Installation


def test_an_intact_ledger_is_counted(installed: Installation) -> None:
    told = installed.run("ledger", "verify")
    counts = json.loads(installed.run("ledger", "verify", "--json").output)
    assert told.exit_code == 0
    assert counts["entries"] > 12
    assert told.output == f"{counts['entries']} entries in 1 hash chain: intact\n"


def test_an_altered_verdict_is_found_and_told_by_the_exit_code(installed: Installation) -> None:
    with sqlite3.connect(installed.folder / "state" / "ledger.db") as database:
        database.execute("DROP TRIGGER muster_refuse_update_verdicts")
        database.execute("UPDATE verdicts SET content = replace(content, 'breached', 'met')")
    database.close()
    told = installed.run("ledger", "verify")
    assert told.exit_code == 3
    assert f"{MODEL}, verdict" in told.output
    assert "altered row" in told.output
    assert told.output.rstrip().endswith("faults")
    assert installed.run("ledger", "verify", "--json").exit_code == 3


def test_a_ledger_that_a_newer_muster_migrated_is_left_alone(installed: Installation) -> None:
    with sqlite3.connect(installed.folder / "state" / "ledger.db") as database:
        database.execute("UPDATE muster_alembic_version SET version_num = '9999'")
    database.close()
    for command in (("status",), ("why", MODEL), ("ledger", "verify")):
        told = installed.run(*command)
        assert told.exit_code == 1
        assert "a newer Muster has migrated it" in told.stderr
