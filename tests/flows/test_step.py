"""One model's catch-up over real files, a real ledger and real sketches; only the registry is a fake."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.step import Watched, begin, due
from flows.watch import catch_up
from flows.world import World
from policies.policy import Policy
from policies.verdict import Status
from tests.fakes import (
    DAY,
    START,
    FakeVersions,
    baseline,
    loaded,
    policy,
    rows_of,
    standing,
    world,
    write_day,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path, START)
    yield made
    made.ledger.close()


def at(opened: World, now: datetime) -> World:
    return replace(opened, clock=lambda: now)


def watched(opened: World, now: datetime, made: Policy | None = None) -> dict[str, str]:
    verdicts = catch_up(loaded(made or policy()), at(opened, now))
    return {f"{each.window.start:%m-%d}": str(each.status) for each in verdicts}


def begun(opened: World, now: datetime) -> Watched:
    return begin(policy(), "", at(opened, now))


def test_every_closed_window_since_the_first_row_is_watched_once(opened: World) -> None:
    for day in range(3):
        write_day(opened.root, day)
    assert list(watched(opened, START + 2 * DAY + HOUR)) == ["03-01", "03-02"]
    assert watched(opened, START + 2 * DAY + HOUR) == {}


def test_a_window_closes_only_when_its_allowed_lateness_is_over(opened: World) -> None:
    write_day(opened.root, 0)
    assert due(begun(opened, START + DAY + 59 * timedelta(minutes=1)), at(opened, START + DAY)) == ()
    assert len(due(begun(opened, START + DAY + HOUR), at(opened, START + DAY + HOUR))) == 1


def test_a_window_is_read_again_when_its_labels_have_matured(opened: World) -> None:
    write_day(opened.root, 0)
    write_day(opened.root, 1)
    watched(opened, START + DAY + HOUR)
    first = opened.ledger.judged("shop.prices")
    assert first is not None
    assert first.reading.labels is not None
    assert (first.reading.labels.labelled, first.reading.labels.mature) == (10, False)

    assert "03-01" in watched(opened, START + 4 * DAY)
    again = opened.ledger.judged("shop.prices", START)
    assert again is not None
    assert again.reading.labels is not None
    assert (again.reading.labels.labelled, again.reading.labels.mature, again.revision) == (240, True, 2)
    assert again.reading.scores["mae"].value == pytest.approx(1.0)
    assert "03-01" not in watched(opened, START + 5 * DAY)


def test_watching_twice_leaves_the_same_ledger(opened: World) -> None:
    for day in range(3):
        write_day(opened.root, day)
    for now in (START + 2 * DAY, START + 4 * DAY):
        watched(opened, now)
    once = opened.ledger.content()
    for now in (START + 2 * DAY, START + 4 * DAY):
        watched(opened, now)
    assert opened.ledger.content() == once
    assert opened.ledger.verify().sound


def test_traffic_like_the_baseline_is_met_and_shifted_traffic_is_not(opened: World) -> None:
    write_day(opened.root, 0)
    write_day(opened.root, 1, shift=3.0, error=4.0)
    watched(opened, START + 6 * DAY)
    quiet, moved = opened.ledger.windows("shop.prices")[:2]
    assert {o.objective: str(o.status) for o in quiet.verdict.objectives} == {
        "freshness": "met",
        "volume": "met",
        "quality": "met",
        "drift": "met",
        "performance": "met",
    }
    assert standing(moved, "drift") is Status.BREACHED
    assert standing(moved, "performance") is Status.BREACHED


def test_a_day_without_rows_is_a_breach_of_freshness_and_blind_otherwise(opened: World) -> None:
    write_day(opened.root, 0)
    write_day(opened.root, 2)
    watched(opened, START + 3 * DAY + HOUR)
    silent = opened.ledger.judged("shop.prices", START + DAY)
    assert silent is not None
    assert standing(silent, "freshness") is Status.BREACHED
    assert standing(silent, "drift") is Status.INCONCLUSIVE
    assert silent.reading.profile is None


def test_traffic_that_cannot_be_read_is_errored_and_tried_again(opened: World) -> None:
    write_day(opened.root, 0)
    watched(opened, START + DAY + HOUR)
    damaged = opened.root / "traffic" / "001.parquet"
    damaged.write_bytes(b"PAR1 not really")
    assert watched(opened, START + 2 * DAY + HOUR) == {"03-02": "errored"}
    errored = opened.ledger.judged("shop.prices")
    assert errored is not None
    assert "001.parquet" in errored.verdict.objectives[0].reason

    pq.write_table(rows_of(1)[0], damaged)
    assert watched(opened, START + 2 * DAY + 2 * HOUR)["03-02"] == "inconclusive"
    assert standing(opened.ledger.judged("shop.prices"), "drift") is Status.MET


def test_a_first_watch_that_cannot_read_a_file_does_not_lose_the_days_before(opened: World) -> None:
    for day in range(4):
        write_day(opened.root, day)
    damaged = opened.root / "traffic" / "002.parquet"
    damaged.write_bytes(b"PAR1 not really")
    assert watched(opened, START + 3 * DAY + HOUR) == {"03-03": "errored"}

    pq.write_table(rows_of(2)[0], damaged)
    assert list(watched(opened, START + 4 * DAY + HOUR)) == ["03-01", "03-02", "03-03", "03-04"]
    assert watched(opened, START + 4 * DAY + HOUR) == {}


def test_a_row_with_a_broken_clock_does_not_ask_for_half_a_century_of_windows(opened: World) -> None:
    write_day(opened.root, 0)
    write_day(opened.root, -20_000)
    now = START + DAY + HOUR
    assert len(due(begun(opened, now), at(opened, now))) == 1001


def test_rows_from_the_future_do_not_stop_a_model_from_being_watched(opened: World) -> None:
    write_day(opened.root, 400)
    assert watched(opened, START + DAY + HOUR) == {"03-01": "breached"}


def test_a_log_without_any_row_is_a_silent_feed(opened: World) -> None:
    write_day(opened.root, 0, n=0)
    assert watched(opened, START + DAY + HOUR) == {"03-01": "breached"}
    assert standing(opened.ledger.judged("shop.prices"), "freshness") is Status.BREACHED


def test_a_model_that_nobody_serves_is_refused_with_what_to_do(opened: World) -> None:
    from profiles.errors import BaselineMissing

    with pytest.raises(BaselineMissing, match=r"no version of shop\.prices under the alias champion"):
        watched(replace(opened, versions=FakeVersions()), START)


def test_a_version_without_a_baseline_is_watched_and_blind_to_drift(tmp_path: Path) -> None:
    bare = world(tmp_path, START, FakeVersions({("shop.prices", "champion"): "1"}))
    write_day(tmp_path, 0)
    catch_up(loaded(policy()), at(bare, START + DAY + HOUR))
    judged = bare.ledger.judged("shop.prices")
    assert standing(judged, "drift") is Status.INCONCLUSIVE
    assert standing(judged, "freshness") is Status.MET
    bare.ledger.close()


def test_a_foreign_change_of_the_alias_is_adopted_as_a_transition(opened: World) -> None:
    assert isinstance(opened.versions, FakeVersions)
    write_day(opened.root, 0)
    watched(opened, START + DAY + HOUR)
    opened.versions.aliases["shop.prices", "champion"] = "2"
    opened.versions.attached["2"] = (baseline(mae=0.5),)
    write_day(opened.root, 1)
    watched(opened, START + 2 * DAY + HOUR)

    assert [
        (t.kind, t.actor, t.after.champion, t.after.previous)
        for t in opened.ledger.transitions("shop.prices")
    ] == [
        ("adopted", "external", "1", None),
        ("adopted", "external", "2", "1"),
    ]


def test_under_musters_authority_a_foreign_alias_is_not_followed(opened: World) -> None:
    assert isinstance(opened.versions, FakeVersions)
    ours = policy(authority="muster")
    write_day(opened.root, 0)
    watched(opened, START + DAY + HOUR, ours)
    opened.versions.aliases["shop.prices", "champion"] = "2"
    watched(opened, START + 2 * DAY + HOUR, ours)
    assignment = opened.ledger.assignment("shop.prices")
    assert assignment is not None
    assert assignment.champion == "1"


def test_a_past_window_is_compared_with_the_baseline_of_who_served_then(opened: World) -> None:
    assert isinstance(opened.versions, FakeVersions)
    for day in range(4):
        write_day(opened.root, day)
    watched(opened, START + DAY + HOUR)
    opened.versions.aliases["shop.prices", "champion"] = "2"
    opened.versions.attached["2"] = (baseline(mae=0.5),)
    watched(opened, START + 2 * DAY + 2 * HOUR)
    watched(opened, START + 4 * DAY + HOUR)
    assert [each.reading.version for each in opened.ledger.windows("shop.prices")] == ["1", "1", "2", "2"]
