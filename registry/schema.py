"""The schema's version, and bringing a database up to it.

Alembic is imported only when there is something to migrate.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from profiles.errors import LedgerUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

# Every revision in order, so that opening an up-to-date ledger need not import Alembic.
REVISIONS = ("0001", "0002", "0003", "0004", "0005", "0006", "0007")
HEAD = REVISIONS[-1]
# MLflow and Prefect both use Alembic's default name for theirs.
VERSION_TABLE = "muster_alembic_version"
# Any number, as long as every Muster takes the same one.
_ADVISORY_LOCK = 6_878_737_264


def schema_version(connection: Connection) -> str | None:
    """Return the revision that a database is at, or None when there is no ledger in it."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608
    return found


def check_version(version: str | None, where: str) -> bool:
    """Say whether a database needs migrating; LedgerUnavailable when this code is too old for it."""
    if version is None or version in REVISIONS:
        return version != HEAD
    raise LedgerUnavailable(
        f"the ledger at {where} has schema {version}, and this Muster knows schemas up to {HEAD}: "
        "a newer Muster has migrated it. Run that one, or restore the backup from before"
    )


def migrate(connection: Connection, where: str) -> None:
    """Bring the schema up to date inside the caller's transaction, one process at a time.

    On SQLite the caller's transaction holds the write lock already.
    """
    from alembic import command

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})
    if check_version(schema_version(connection), where):
        command.upgrade(alembic_config(connection), "head")


def alembic_config(connection: Connection) -> "Config":
    """Return what Alembic's commands need to work on `connection`.

    A new revision is written by `alembic.command.revision(alembic_config(connection), "what changes",
    autogenerate=True)` on a database at the head; its number then goes into REVISIONS.
    """
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "ledger_%%(rev)s")
    config.attributes["connection"] = connection
    return config
