"""What is usual is learned from earlier windows: a collapse, labels that stop, incidents in the ledger."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.watch import catch_up
from flows.world import World
from registry.profile_store import ProfileStore
from registry.recompute import recompute
from tests.fakes import DAY, START, loaded, policy, rows_of, world

DAYS = 24


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    """Weekends have a tenth of the rows; the last Saturday is as usual."""
    made = world(tmp_path, START + (DAYS + 1) * DAY)
    for day in range(DAYS):
        weekend = (START + day * DAY).weekday() > 4
        write(tmp_path, day, *rows_of(day, n=90 if weekend else 900))
    yield made
    made.ledger.close()


def write(root: Path, day: int, traffic: pa.Table, labels: pa.Table) -> None:
    for folder, table in (("traffic", traffic), ("labels", labels)):
        (root / folder).mkdir(exist_ok=True)
        pq.write_table(table, root / folder / f"{day:03}.parquet")


def codes(opened: World, day: int) -> set[str]:
    judged = opened.ledger.judged("shop.prices", START + day * DAY)
    assert judged is not None
    return {f.code for o in judged.verdict.objectives for f in o.findings if f.suppressed_by is None}


def usual_rows(opened: World, day: int) -> float | None:
    judged = opened.ledger.judged("shop.prices", START + day * DAY)
    assert judged is not None
    return judged.reading.usual_rows


def test_a_weekday_is_compared_with_weekdays_and_a_weekend_with_weekends(opened: World) -> None:
    catch_up(loaded(policy()), opened)
    # START is a Sunday: day 22 is a Monday, days 20 and 21 are a weekend.
    assert (usual_rows(opened, 0), usual_rows(opened, 21), usual_rows(opened, 22)) == (None, 90.0, 900.0)
    assert "volume_collapse" not in codes(opened, 21)


def test_a_weekday_with_as_few_rows_as_a_weekend_is_a_collapse(opened: World, tmp_path: Path) -> None:
    write(tmp_path, 23, *rows_of(23, n=90))
    catch_up(loaded(policy()), opened)
    assert "volume_collapse" in codes(opened, 23)
    assert [i.kind for i in opened.ledger.incidents(open_only=True)] == ["volume_collapse"]


def test_labels_that_stop_are_noticed_in_the_first_window_without_any(opened: World, tmp_path: Path) -> None:
    for day in range(20, DAYS):
        write(tmp_path, day, rows_of(day, n=900)[0], rows_of(day, n=900)[1].slice(0, 0))
    catch_up(loaded(policy()), opened)
    # Labels come a day after their request: those of day 19 are the last, and come on day 20.
    assert ["labels_stopped" in codes(opened, day) for day in (19, 20, 21, 22)] == [False, False, True, True]
    assert "labels_stopped" in {i.kind for i in opened.ledger.incidents("shop.prices", open_only=True)}


def test_a_verdict_beside_what_is_usual_can_be_recomputed(opened: World, tmp_path: Path) -> None:
    write(tmp_path, 23, *rows_of(23, n=90))
    catch_up(loaded(policy()), opened)
    judged = opened.ledger.judged("shop.prices")
    assert judged is not None
    recorded = opened.ledger.policy(judged.policy_digest).policy
    assert recompute(judged, recorded, ProfileStore(tmp_path / "state" / "profiles")).verdict_agrees


def test_watching_again_leaves_the_same_incidents(opened: World, tmp_path: Path) -> None:
    write(tmp_path, 23, *rows_of(23, n=90))
    catch_up(loaded(policy()), opened)
    once = opened.ledger.content()
    catch_up(loaded(policy()), replace(opened))
    assert opened.ledger.content() == once
    assert opened.ledger.verify().sound
