"""Rows of prediction logs and label streams that a team's own SQL query returns.

The one door to other people's databases. The URL lies in an environment variable, because it holds a
password; neither it nor a value from the data appears in a message. Nothing is ever written: PostgreSQL
runs the query in a read-only transaction, SQLite with `query_only`.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.counting import counted
from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.fields import lacking
from profiles.times import in_utc, moments, within
from profiles.window import Window

PARAMETERS = ("since", "until")
_ROWS = 10_000
# What PostgreSQL quotes after its message is a value from the data.
_VALUE = re.compile(r':\s*["\'(].*$', re.DOTALL)
_BEGINNING = datetime(1, 1, 1, tzinfo=UTC)
_END = datetime(9999, 12, 31, tzinfo=UTC)


class Query:
    """A query with the parameters `:since` and `:until` (UTC), read as one table.

    `connection` names the environment variable that holds the database's URL. The query returns the
    rows with since <= time < until; what it returns beyond is left out. SQLite has no type for times:
    there the parameters are text such as `2026-03-01 00:00:00.000000`.
    """

    def __init__(self, query: str, connection: str) -> None:
        self._query = query.strip().rstrip(";")
        self._connection = connection

    def columns(self, since: datetime | None = None, until: datetime | None = None) -> tuple[str, ...]:
        """Return the names of the query's columns; TrafficUnavailable when it cannot be run."""
        del since, until
        with self._answer(self._query, _BEGINNING, _BEGINNING) as answer:
            return tuple(answer.keys())

    def batches(
        self,
        columns: Sequence[str],
        time: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        undated: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows with since <= `time` < until, with `columns` in that order, in the query's order.

        Times come in UTC. `undated` yields the rows without a time as well. Raises ColumnMissing when a
        column is not there, TrafficUnavailable when the query cannot be run.
        """
        with self._answer(self._query, since or _BEGINNING, until or _END) as answer:
            names = tuple(answer.keys())
            asked = tuple(dict.fromkeys(columns if time is None else [*columns, time]))
            if lack := lacking(asked, dict.fromkeys(names)):
                raise ColumnMissing(f"the query on {self._connection} {lack}")
            places = [names.index(name) for name in asked]
            for rows in answer.partitions(_ROWS):
                values = list(zip(*rows, strict=True))
                batch = _batch({name: values[place] for name, place in zip(asked, places, strict=True)})
                if time is not None:
                    at = moments(time, batch.column(time))
                    batch = batch.set_column(asked.index(time), time, at)
                    batch = batch.filter(within(at, since, until, undated=undated))
                yield in_utc(batch.select(list(columns)))

    def earliest(self, time: str) -> datetime | None:
        """Return the smallest value of column `time`, or None when there is no row."""
        smallest = f"SELECT min(rows_of_the_log.{_quoted(time)}) FROM ({self._query}) AS rows_of_the_log"  # noqa: S608
        with self._answer(smallest, _BEGINNING, _END) as answer:
            found = answer.scalar()
        moment: datetime | None = pc.min(moments(time, _column([found]))).as_py()
        return moment

    def latest(self, time: str, since: datetime, until: datetime) -> datetime | None:
        """Return the largest value of column `time` in since <= t < until, or None when there is no row."""
        largest = f"SELECT max(rows_of_the_log.{_quoted(time)}) FROM ({self._query}) AS rows_of_the_log"  # noqa: S608
        with self._answer(largest, since, until) as answer:
            found = answer.scalar()
        moment: datetime | None = pc.max(moments(time, _column([found]))).as_py()
        if moment is not None and moment >= until:
            # The query returns rows from beyond the span, and one of them stands for the others.
            within_span = (
                pc.max(batch.column(0)).as_py() for batch in self.batches([time], time, since, until)
            )
            return max(filter(None, within_span), default=None)
        return None if moment is None or moment < since else moment

    def counts(self, time: str, windows: Sequence[Window]) -> tuple[int, ...]:
        """Return how many rows lie in each of the windows, which ascend and do not overlap, in one query.

        The database counts the rows of each time; times are told apart here, whatever type they have there.
        """
        column = f"rows_of_the_log.{_quoted(time)}"
        per_time = f"SELECT {column}, count(*) FROM ({self._query}) AS rows_of_the_log GROUP BY {column}"  # noqa: S608
        found = np.zeros(len(windows), np.int64)
        with self._answer(per_time, windows[0].start, windows[-1].end) as answer:
            for rows in answer.partitions(_ROWS):
                stamps, times = zip(*rows, strict=True)
                at = moments(time, _column(stamps))
                dated = at.is_valid()
                found += counted(at.filter(dated), windows, pa.array(times).filter(dated))
        return tuple(int(count) for count in found)

    def mark(self, since: datetime, until: datetime) -> str | None:
        """Return None: a database does not say whether rows of a query have changed."""
        del since, until
        return None

    @contextmanager
    def _answer(self, query: str, since: datetime, until: datetime) -> Iterator[Any]:
        """Run a query; every fault of the database becomes a TrafficUnavailable without secrets."""
        import sqlalchemy

        url = self._url()
        try:
            engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
            with engine.connect() as connection:
                reading = connection.execution_options(yield_per=_ROWS, **_read_only(connection))
                with reading.execute(sqlalchemy.text(query), {"since": since, "until": until}) as answer:
                    yield answer
        except (sqlalchemy.exc.SQLAlchemyError, ImportError, UnicodeDecodeError) as error:
            raise TrafficUnavailable(f"the query on {self._connection} failed: {_said(error, url)}") from None

    def _url(self) -> Any:
        """Return the URL that the environment holds, for the driver that is installed."""
        import sqlalchemy

        text = os.environ.get(self._connection)
        if not text:
            raise TrafficUnavailable(
                f"`connection` names the environment variable {self._connection}, which is not set; set it "
                "to the database's URL where Muster runs"
            )
        try:
            url = sqlalchemy.make_url(text)
        except (sqlalchemy.exc.ArgumentError, ValueError):
            raise TrafficUnavailable(
                f"the environment variable {self._connection} holds no URL of a database; write it as "
                "postgresql://user:password@host/database"
            ) from None
        plain = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
        return url.set(drivername=plain.get(url.drivername, url.drivername))


def _read_only(connection: Any) -> Mapping[str, Any]:
    """Keep a connection from writing, and PostgreSQL's times without a zone in UTC."""
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA query_only = ON")
        connection.rollback()
        return {}
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SET TIME ZONE 'UTC'")
        connection.commit()
        return {"postgresql_readonly": True}
    return {}


def _quoted(name: str) -> str:
    doubled = name.replace('"', '""').replace(":", r"\:")
    return f'"{doubled}"'


def _batch(columns: Mapping[str, Sequence[Any]]) -> pa.RecordBatch:
    return pa.RecordBatch.from_pydict(dict(zip(columns, map(_column, columns.values()), strict=True)))


def _column(values: Sequence[Any]) -> pa.Array:
    """Return a column's values as Arrow infers them; types that do not go together become text."""
    try:
        return pa.array(values)
    except (pa.ArrowException, OverflowError):
        return pa.array([None if value is None else str(value) for value in values], pa.string())


def _said(error: BaseException, url: Any) -> str:
    """Return the driver's first line, without the URL's secrets and without values from the data."""
    text = str(getattr(error, "orig", None) or error).strip() or type(error).__name__
    text = text.splitlines()[0]
    for secret in (url.render_as_string(hide_password=False), str(url.password or ""), *_texts(url.query)):
        if secret:
            text = text.replace(secret, "***")
    return text if _is_about_the_query(error) else _VALUE.sub("", text)


def _is_about_the_query(error: BaseException) -> bool:
    """Say whether the message names tables and columns, not values."""
    import sqlalchemy

    return isinstance(error, sqlalchemy.exc.ProgrammingError | sqlalchemy.exc.OperationalError)


def _texts(query: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(value) for value in query.values())
