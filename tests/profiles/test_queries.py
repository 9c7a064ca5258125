import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pyarrow as pa
import pytest

from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.labels import known_labels
from profiles.layout import LabelLayout, TrafficLayout
from profiles.queries import Query
from profiles.see import Sight, first_seen, see
from profiles.sketch import read
from profiles.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
LOG = "SELECT ts, id, x, y FROM log WHERE ts >= :since AND ts < :until"
LABELS = "SELECT id, paid, arrived FROM labels WHERE arrived >= :since AND arrived < :until"
# Hours after the start; the last row belongs to the next day.
HOURS = (0, 1, 23, 24)


def sqlite(folder: Path) -> str:
    with sqlite3.connect(folder / "log.db") as database:
        database.execute("CREATE TABLE log (ts TEXT, id TEXT, x REAL, y REAL)")
        database.execute("CREATE TABLE labels (id TEXT, paid REAL, arrived TEXT)")
        for hour in HOURS:
            at = (START + timedelta(hours=hour)).strftime("%Y-%m-%d %H:%M:%S.%f")
            database.execute("INSERT INTO log VALUES (?, ?, ?, ?)", (at, f"r{hour}", hour * 1.5, hour))
            database.execute("INSERT INTO labels VALUES (?, ?, ?)", (f"r{hour}", hour * 2.0, at))
    database.close()
    return f"sqlite:///{folder / 'log.db'}"


def postgres(url: str, kind: str) -> str:
    with psycopg.connect(url, autocommit=True) as database:
        database.execute(f"CREATE TABLE log (ts {kind}, id text, x numeric, y double precision)")
        database.execute(f"CREATE TABLE labels (id text, paid double precision, arrived {kind})")
        for hour in HOURS:
            at = START + timedelta(hours=hour)
            stamp = at if kind == "timestamptz" else at.replace(tzinfo=None)
            database.execute("INSERT INTO log VALUES (%s, %s, %s, %s)", (stamp, f"r{hour}", hour * 1.5, hour))
            database.execute("INSERT INTO labels VALUES (%s, %s, %s)", (f"r{hour}", hour * 2.0, stamp))
    return url


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("timestamptz", marks=pytest.mark.servers),
        pytest.param("timestamp", marks=pytest.mark.servers),
    ]
)
def warehouse(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The name of the variable with the URL of a database that holds a log and labels."""
    url = sqlite(tmp_path)
    if request.param != "sqlite":
        url = postgres(request.getfixturevalue("postgres_url"), request.param)
    monkeypatch.setenv("WAREHOUSE_URL", url)
    return "WAREHOUSE_URL"


def layout(query: str = LOG) -> TrafficLayout:
    return TrafficLayout(None, None, "ts", "y", request_id="id", query=query, connection="WAREHOUSE_URL")


def test_a_window_is_read_from_a_query_as_from_files(warehouse: str, tmp_path: Path) -> None:
    looking = Sight(layout(LOG + ";"), None, (), tmp_path)
    found = see(looking, DAY, DAY.end)
    assert found.profile is not None
    profile = read(found.profile)
    assert (found.arrivals.rows, set(profile.columns)) == (3, {"x", "y"})
    assert found.arrivals.last == START + timedelta(hours=23)
    column = profile.columns["x"].distribution
    assert column is not None
    assert (column.minimum, column.maximum) == (0.0, 34.5)
    assert first_seen(looking) == START


def test_labels_are_read_from_a_query(warehouse: str, tmp_path: Path) -> None:
    labels = LabelLayout(
        None, None, "paid", "id", timedelta(days=1), "arrived", query=LABELS, connection=warehouse
    )
    known = known_labels(labels, DAY, START + timedelta(hours=2), tmp_path, pa.chunked_array([["r1", "r9"]]))
    assert known.select(["id", "label"]).to_pydict() == {"id": ["r1"], "label": [2.0]}


def test_batches_of_different_types_are_one_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", sqlite(tmp_path))
    monkeypatch.setattr("profiles.queries._ROWS", 1)
    query = LOG.replace("x,", "CASE WHEN x > 2 THEN 'big' ELSE 1 END AS x,")
    found = see(Sight(layout(query), None, (), tmp_path), DAY, DAY.end)
    assert found.profile is not None
    column = read(found.profile).columns["x"]
    assert (column.kind, column.categories) == ("category", {"1": 2, "big": 1})


def test_rows_beyond_the_window_that_a_query_returns_are_left_out(warehouse: str) -> None:
    query = "SELECT ts, x FROM log WHERE :since < :until"
    batches = Query(query, warehouse).batches(["x"], "ts", DAY.start, DAY.end)
    assert sum(batch.num_rows for batch in batches) == 3


def test_the_newest_row_is_asked_for_within_a_span(warehouse: str) -> None:
    for query in (LOG, "SELECT ts, x FROM log WHERE :since < :until"):
        log = Query(query, warehouse)
        assert log.latest("ts", DAY.start, DAY.end) == START + timedelta(hours=23)
        assert log.latest("ts", DAY.start, START + timedelta(hours=23)) == START + timedelta(hours=1)
        assert log.latest("ts", START + timedelta(hours=2), START + timedelta(hours=3)) is None
        assert log.latest("ts", DAY.end + timedelta(hours=2), DAY.end + timedelta(hours=3)) is None


def unset(patch: pytest.MonkeyPatch, _: Path) -> str:
    patch.delenv("WAREHOUSE_URL", raising=False)
    return LOG


def not_a_url(patch: pytest.MonkeyPatch, _: Path) -> str:
    patch.setenv("WAREHOUSE_URL", "hunter2 is no url")
    return LOG


def nobody_listens(patch: pytest.MonkeyPatch, _: Path) -> str:
    patch.setenv("WAREHOUSE_URL", "postgresql://me:hunter2@127.0.0.1:9/db?application_name=hunter2")
    return LOG


def unknown_driver(patch: pytest.MonkeyPatch, _: Path) -> str:
    patch.setenv("WAREHOUSE_URL", "oracle://me:hunter2@127.0.0.1/db")
    return LOG


def no_table(patch: pytest.MonkeyPatch, folder: Path) -> str:
    patch.setenv("WAREHOUSE_URL", sqlite(folder))
    return LOG.replace("FROM log", "FROM nowhere")


def writes(patch: pytest.MonkeyPatch, folder: Path) -> str:
    patch.setenv("WAREHOUSE_URL", sqlite(folder))
    return "DELETE FROM log WHERE ts >= :since AND ts < :until RETURNING ts, id, x, y"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (unset, "WAREHOUSE_URL, which is not set"),
        (not_a_url, "WAREHOUSE_URL holds no URL of a database"),
        (nobody_listens, "the query on WAREHOUSE_URL failed"),
        (unknown_driver, "the query on WAREHOUSE_URL failed"),
        (no_table, "no such table: nowhere"),
        (writes, "readonly database"),
    ],
)
def test_a_query_that_cannot_be_run_is_said_without_secrets(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[pytest.MonkeyPatch, Path], str],
    said: str,
) -> None:
    query = wrong(monkeypatch, tmp_path)
    with pytest.raises(TrafficUnavailable, match=said) as caught:
        see(Sight(layout(query), None, (), tmp_path), DAY, DAY.end)
    assert "hunter2" not in str(caught.value)


@pytest.mark.servers
def test_a_query_cannot_write_and_a_cast_does_not_tell_values(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE_URL", postgres(postgres_url, "timestamptz"))
    for gone in ("DELETE FROM log", "WITH gone AS (DELETE FROM log RETURNING ts) SELECT ts FROM gone"):
        with pytest.raises(TrafficUnavailable, match="the query on WAREHOUSE_URL failed"):
            Query(f"{gone} WHERE ts >= :since AND ts < :until", "WAREHOUSE_URL").columns()
    assert Query(LOG, "WAREHOUSE_URL").earliest("ts") == START
    cast = Query("SELECT ts, id::int FROM log WHERE ts >= :since AND ts < :until", "WAREHOUSE_URL")
    with pytest.raises(TrafficUnavailable, match=r"invalid input syntax for type integer$"):
        list(cast.batches(["id"], "ts", DAY.start, DAY.end))


def test_a_column_that_the_query_does_not_return_is_named(warehouse: str) -> None:
    with pytest.raises(
        ColumnMissing, match="the query on WAREHOUSE_URL has no column z; it has id, ts, x, y"
    ):
        list(Query(LOG, warehouse).batches(["z"], "ts", DAY.start, DAY.end))
