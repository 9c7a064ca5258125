"""The ledger's connection: opening it, its transactions, and foreign exceptions mapped to ours."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlmodel import Session

from profiles.effects import effect
from profiles.errors import LedgerConflict, LedgerUnavailable
from registry.schema import HEAD, check_version, migrate, schema_version

_DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_BUSY_SECONDS = 20
# What drivers say, and what a person should do about it.
_ADVICE = (
    ("not a database", "the file is something else or damaged: name another, or restore a backup"),
    ("malformed", "the file is damaged: restore a backup"),
    ("locked", f"another process has held it for over {_BUSY_SECONDS} s: end that one, or try again"),
    ("readonly", "it is read-only here: make file and folder writable for this user"),
    ("read-only", "it is read-only here: connect to the primary server"),
    ("unable to open", "the file cannot be opened: check that the folder exists and is readable"),
    ("password", "the server refuses this user or password: correct database_url"),
    ("does not exist", "create the database or the role first, or correct database_url"),
    ("no such table", "there is no ledger in this database: open it once with migration allowed"),
    ("refused", "nothing answers there: start the server, or correct database_url"),
)


class Database:
    """An engine for one ledger: SQLite or PostgreSQL, with short transactions that read or write."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.where = engine.url.render_as_string(hide_password=True)
        # A check of the whole ledger needs one snapshot; each statement on its own would see another.
        isolation = {"isolation_level": "REPEATABLE READ"} if self.dialect == "postgresql" else {}
        self._reader = engine.execution_options(**isolation)
        self._writer = engine.execution_options(muster_writes=True)

    @classmethod
    def open(cls, url: str, *, migrated: bool = True) -> Self:
        """Connect, and bring the schema up to date where `migrated` allows it.

        Raises LedgerUnavailable when the database cannot be used, or is of a newer or (with `migrated`
        false) an older schema.
        """
        database = cls(_engine(_parsed(url)))
        try:
            database._prepare(migrated)
        except BaseException:
            database.close()
            raise
        return database

    def _prepare(self, migrated: bool) -> None:
        with self.mapped():
            with self._reader.connect() as connection:
                version = schema_version(connection)
            if not check_version(version, self.where):
                return
            if not migrated:
                found = "no schema" if version is None else f"schema {version}"
                raise LedgerUnavailable(
                    f"the ledger at {self.where} has {found} and this Muster needs {HEAD}: "
                    "open it once with migration allowed"
                )
            with effect("ledger.migrate"), self._writer.begin() as connection:
                migrate(connection, self.where)

    @property
    def dialect(self) -> str:
        """The kind of database: `sqlite` or `postgresql`."""
        return self._engine.dialect.name

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one snapshot and changes nothing."""
        with self.mapped(), Session(self._reader) as session:
            yield session

    @contextmanager
    def writing(self, what: str) -> Iterator[Session]:
        """Give a session whose changes are committed together at the end, as the effect of `what`."""
        with self.mapped(), Session(self._writer, expire_on_commit=False) as session:
            yield session
            with effect(f"ledger.commit {what}"):
                session.commit()

    @contextmanager
    def mapped(self) -> Iterator[None]:
        """Turn the exceptions of SQLAlchemy and its drivers into LedgerUnavailable or LedgerConflict."""
        try:
            yield
        except IntegrityError as error:
            raise LedgerConflict(
                f"the ledger at {self.where} refuses the row: {error.orig}. Somebody else wrote it first, or "
                "what it refers to is not recorded; read the ledger again"
            ) from error
        except SQLAlchemyError as error:
            raise LedgerUnavailable(f"the ledger at {self.where} cannot be used: {_told(error)}") from error


def _told(error: SQLAlchemyError) -> str:
    said = str(error.orig if isinstance(error, DBAPIError) else error).strip()
    advice = next((advice for sign, advice in _ADVICE if sign in said.lower()), "see the server's log")
    return f"{said}. What to do: {advice}"


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise LedgerUnavailable(
            "database_url cannot be read; write sqlite:////folder/ledger.db or postgresql://user@host/database"
        ) from error
    if parsed.drivername not in _DRIVERS:
        raise LedgerUnavailable(
            f"the ledger cannot be kept in {parsed.drivername}; "
            "write sqlite:////folder/ledger.db or postgresql://user@host/database"
        )
    return parsed.set(drivername=_DRIVERS[parsed.drivername])


def _engine(url: URL) -> Engine:
    if url.drivername != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database and url.database != ":memory:":
        try:
            Path(url.database).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LedgerUnavailable(f"no folder for the ledger {url.database}: {error}") from error
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _configure_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:
    import sqlite3

    connection.isolation_level = None  # the driver begins no transactions; _begin_sqlite does
    connection.execute("PRAGMA foreign_keys = ON")
    if connection.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        # While another process switches a new file over, this one may be refused; the mode stays.
        with suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: Connection) -> None:
    # A writer takes its lock at once: a reader that becomes a writer is refused without waiting.
    writes = connection.get_execution_options().get("muster_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
