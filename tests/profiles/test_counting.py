"""How many rows windows have now, and whether a log may have changed, without reading more than times."""

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.counting import counted
from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.queries import Query
from profiles.times import MOMENT
from profiles.traffic import Files
from profiles.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR, MICROSECOND = timedelta(hours=1), timedelta(microseconds=1)
# Two that touch, a gap, and a longer one.
WINDOWS = [
    Window(START, START + HOUR),
    Window(START + HOUR, START + 2 * HOUR),
    Window(START + 4 * HOUR, START + 7 * HOUR),
]
TIMES = [
    START - MICROSECOND, START, START + HOUR - MICROSECOND, START + HOUR, START + 3 * HOUR,
    *[START + 5 * HOUR] * 3, START + 7 * HOUR,
]  # fmt: skip
COUNTS = (2, 1, 3)


@given(st.lists(st.integers(-60, 600), max_size=50), st.booleans())
def test_rows_are_counted_as_a_person_would(minutes: list[int], weighted: bool) -> None:
    times = [START + minute * timedelta(minutes=1) for minute in minutes]
    twice = pa.array([2] * len(times), pa.int64()) if weighted else None
    found = counted(pa.array(times, MOMENT), WINDOWS, twice)
    assert [*found] == [(1 + weighted) * sum(map(window.contains, times)) for window in WINDOWS]


def written(root: Path, name: str, times: list[datetime | None]) -> None:
    table = pa.table({"ts": pa.array(times, MOMENT), "x": [1.0] * len(times)})
    if name.endswith(".csv"):
        pc.write_csv(table, root / name)
    else:
        pq.write_table(table, root / name, row_group_size=2)


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_files_are_counted_in_one_scan(tmp_path: Path, suffix: str) -> None:
    for part in range(3):
        written(tmp_path, f"{part}.{suffix}", [*TIMES[part::3], None])
    files = Files(f"*.{suffix}", "csv" if suffix == "csv" else "parquet", tmp_path)
    assert files.counts("ts", WINDOWS) == COUNTS
    with pytest.raises(ColumnMissing):
        files.counts("when", WINDOWS)
    with pytest.raises(TrafficUnavailable):
        Files("nowhere/*.csv", "csv", tmp_path).counts("ts", WINDOWS)


def test_the_rows_of_a_query_are_counted_whatever_type_their_times_have(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOG_URL", f"sqlite:///{tmp_path / 'log.db'}")
    with sqlite3.connect(tmp_path / "log.db") as log:
        log.execute("CREATE TABLE log (ts TEXT)")
        texts = [(at.isoformat() if n % 2 else f"{at:%Y-%m-%d %H:%M:%S.%f}",) for n, at in enumerate(TIMES)]
        log.executemany("INSERT INTO log VALUES (?)", [*texts, (None,)])
    query = Query("SELECT * FROM log", "LOG_URL")
    assert query.counts("ts", WINDOWS) == COUNTS
    assert query.mark(START, START + HOUR) is None
    with pytest.raises(TrafficUnavailable):
        query.counts("when", WINDOWS)


def test_the_rows_of_a_postgresql_query_are_counted(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sqlalchemy

    url = sqlalchemy.make_url(postgres_url).set(drivername="postgresql+psycopg")
    engine = sqlalchemy.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sqlalchemy.text("CREATE TABLE log (ts TIMESTAMPTZ)"))
        rows = [{"ts": at} for at in [*TIMES, None]]
        connection.execute(sqlalchemy.text("INSERT INTO log VALUES (:ts)"), rows)
    engine.dispose()
    monkeypatch.setenv("LOG_URL", postgres_url)
    assert Query("SELECT * FROM log", "LOG_URL").counts("ts", WINDOWS) == COUNTS


def test_the_mark_of_files_is_another_when_one_is_new_gone_or_written_again(tmp_path: Path) -> None:
    files = Files("*.parquet", "parquet", tmp_path)
    written(tmp_path, "0.parquet", [START])
    marks = [files.mark(START, START + HOUR), files.mark(START, START + 9 * HOUR)]
    assert len({*marks}) == 1
    written(tmp_path, "1.parquet", [START])
    marks.append(files.mark(START, START + HOUR))
    written(tmp_path, "0.parquet", [START, START])
    marks.append(files.mark(START, START + HOUR))
    (tmp_path / "1.parquet").unlink()
    marks.append(files.mark(START, START + HOUR))
    assert None not in marks
    assert len({*marks}) == 4


def test_of_dated_folders_only_those_of_the_span_are_marked(tmp_path: Path) -> None:
    files = Files("{date}/*.parquet", "parquet", tmp_path)
    marks = []
    for day in ("2026-03-01", "2026-02-01"):
        (tmp_path / day).mkdir()
        written(tmp_path / day, "0.parquet", [START])
        marks.append(files.mark(START, START + HOUR))
    assert len({*marks}) == 1
