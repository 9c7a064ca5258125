"""Rows that come after their window was settled: it is read again, and its incident corrected."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from bench.killing import KilledError, raised_at
from flows.watch import catch_up
from flows.world import World
from policies.policy import Policy
from policies.verdict import Status
from profiles.effects import observed
from profiles.layout import TrafficLayout
from profiles.see import rows_in
from profiles.traffic import Files
from tests.fakes import DAY, START, loaded, policy, rows_of, standing, world, write_day

HOUR = timedelta(hours=1)
NOW = START + 2 * DAY + HOUR  # the first two days have closed
LATER = NOW + HOUR


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path, NOW)
    yield made
    made.ledger.close()


def watched(opened: World, now: datetime, made: Policy | None = None) -> list[str]:
    verdicts = catch_up(loaded(made or policy()), replace(opened, clock=lambda: now))
    return [f"{each.window.start:%m-%d}" for each in verdicts]


def write_part(root: Path, day: int, name: str, first: int, last: int) -> None:
    (root / "traffic").mkdir(exist_ok=True)
    pq.write_table(rows_of(day)[0].slice(first, last - first), root / "traffic" / f"{name}.parquet")


def begun(opened: World, made: Policy | None = None) -> None:
    """A day as usual, and one of which 80 rows have come, all of them in the morning."""
    write_day(opened.root, 0)
    write_part(opened.root, 1, "001", 0, 80)
    watched(opened, NOW, made)


def test_a_window_is_read_again_when_rows_come_late_and_its_incidents_are_corrected(opened: World) -> None:
    begun(opened)
    (silent,) = opened.ledger.incidents(open_only=True)
    assert silent.kind == "silent"
    write_part(opened.root, 1, "late", 80, 240)
    assert watched(opened, LATER) == ["03-02"]

    judged = opened.ledger.judged("shop.prices", START + DAY)
    assert judged is not None
    assert (judged.reading.arrivals.rows, judged.revision) == (240, 2)
    assert standing(judged, "freshness") is Status.MET
    assert opened.ledger.incidents(open_only=True) == ()
    note = "judged again with 240 rows instead of 80 (window of 2026-03-02 00:00 UTC): no longer silent"
    assert opened.ledger.incidents() == (replace(silent, resolved=note, note=note),)
    said = [change.change for _, change in opened.ledger.incident_changes("shop.prices")]
    assert said == ["opened", "corrected"]
    assert opened.ledger.verify().sound


def test_it_is_read_again_once(opened: World) -> None:
    begun(opened)
    write_part(opened.root, 1, "late", 80, 240)
    watched(opened, LATER)
    once = opened.ledger.content()
    assert [watched(opened, LATER + n * HOUR) for n in range(3)] == [[], [], []]
    assert opened.ledger.content() == once


def test_a_log_that_is_as_it_was_is_not_read(opened: World, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(opened)
    assert watched(opened, LATER) == []

    def refuse(*_: Any) -> None:
        raise AssertionError("the log was read")

    monkeypatch.setattr(Files, "counts", refuse)
    assert watched(opened, LATER) == []
    (opened.root / "traffic" / "001.parquet").touch()
    with pytest.raises(AssertionError, match="the log was read"):
        watched(opened, LATER)


# what happens to the second day's 80 rows -> whether the day is read again
CHANGES = {
    "some are gone, as a batch that was loaded twice": ((0, 40), True),
    "they are written anew": ((0, 80), False),
    "all are gone, as a log that is deleted": ((0, 0), False),
}


@pytest.mark.parametrize("change", CHANGES)
def test_what_a_change_of_the_log_means(opened: World, change: str) -> None:
    begun(opened)
    (first, last), again = CHANGES[change]
    write_part(opened.root, 1, "001", first, last)
    assert watched(opened, LATER) == (["03-02"] if again else [])


@pytest.mark.parametrize(
    ("span", "now", "again"),
    [
        (timedelta(days=3), START + 5 * DAY - HOUR, True),
        (timedelta(days=3), START + 5 * DAY, False),
        (None, LATER, False),
    ],
)
def test_rows_are_looked_for_until_the_span_is_over(
    opened: World, span: timedelta | None, now: datetime, again: bool
) -> None:
    made = policy(late_rows=span, labels=None, performance=None)
    begun(opened, made)
    write_part(opened.root, 1, "late", 80, 240)
    assert ("03-02" in watched(opened, now, made)) is again


def test_a_reading_that_counts_otherwise_is_not_made_for_ever(
    opened: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(opened)
    monkeypatch.setattr("flows.late.rows_in", lambda *asked: tuple(n + 1 for n in rows_in(*asked)))
    assert watched(opened, LATER) == ["03-01", "03-02"]
    once = opened.ledger.content()
    for _ in range(2):
        (opened.root / "traffic" / "001.parquet").touch()
        assert watched(opened, LATER) == []
    assert opened.ledger.content() == once
    write_part(opened.root, 1, "late", 80, 240)
    assert watched(opened, LATER) == ["03-02"]


@pytest.mark.parametrize("point", ["before ledger.commit window", "before ledger.commit look"])
def test_a_watch_that_was_killed_looks_again(opened: World, point: str) -> None:
    begun(opened)
    write_part(opened.root, 1, "late", 80, 240)
    with observed(raised_at(point)), pytest.raises(KilledError):
        watched(opened, LATER)
    watched(opened, LATER)
    judged = opened.ledger.judged("shop.prices", START + DAY)
    assert judged is not None
    assert (judged.reading.arrivals.rows, judged.revision) == (240, 2)
    assert watched(opened, LATER) == []


def test_a_feed_that_cannot_be_read_is_looked_at_another_time(opened: World) -> None:
    begun(opened)
    damaged = opened.root / "traffic" / "late.parquet"
    damaged.write_bytes(b"PAR1 not really")
    assert watched(opened, LATER) == []
    write_part(opened.root, 1, "late", 80, 240)
    assert watched(opened, LATER) == ["03-02"]


def test_rows_of_a_query_that_come_late_are_noticed_too(
    opened: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = opened.root / "log.db"
    monkeypatch.setenv("LOG_URL", f"sqlite:///{file}")
    rows: pa.Table = rows_of(0)[0]
    texts = [
        (f"{row['ts']:%Y-%m-%dT%H:%M:%SZ}", row["id"], row["x"], row["price"]) for row in rows.to_pylist()
    ]
    insert = "INSERT INTO log VALUES (?, ?, ?, ?)"
    with sqlite3.connect(file) as log:
        log.execute("CREATE TABLE log (ts TEXT, id TEXT, x REAL, price REAL)")
        log.executemany(insert, texts[:80])
    query = "SELECT * FROM log WHERE ts BETWEEN strftime('%Y-%m-%d', :since) AND :until"
    layout = TrafficLayout(None, None, "ts", "price", request_id="id", query=query, connection="LOG_URL")
    made = policy(traffic=layout, labels=None, performance=None)
    assert watched(opened, START + DAY + HOUR, made) == ["03-01"]
    with sqlite3.connect(file) as log:
        log.executemany(insert, texts[80:])
    assert watched(opened, START + DAY + 2 * HOUR, made) == ["03-01"]
    assert watched(opened, START + DAY + 2 * HOUR, made) == []
