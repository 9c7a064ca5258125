"""Pulses over real files and a real ledger, with a clock that the test moves."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from bench.killing import KilledError, raised_at
from flows.pulse import take_pulse
from flows.watch import catch_up
from flows.world import World
from policies.incidents import Incident
from policies.policy import Freshness
from policies.verdict import Severity
from profiles.effects import observed
from tests.fakes import DAY, START, loaded, policy, rows_of, world, write_day

HOUR, FIVE = timedelta(hours=1), timedelta(minutes=5)
MODEL = "shop.prices"
POLICY = policy(freshness=Freshness(HOUR, Severity.CRITICAL))
SILENT = START + DAY + 14 * HOUR


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    """A day of traffic, and a second one whose feed falls silent at 14:00."""
    made = world(tmp_path, START)
    write_day(tmp_path, 0)
    write_until(tmp_path, SILENT)
    yield made
    made.ledger.close()


def write_until(root: Path, end: datetime, since: datetime = START) -> None:
    traffic, _ = rows_of(1)
    kept = pc.and_(pc.less(traffic["ts"], end), pc.greater_equal(traffic["ts"], since))
    pq.write_table(traffic.filter(kept), root / "traffic" / f"{end:%H%M}.parquet")


def at(opened: World, now: datetime) -> World:
    return replace(opened, clock=lambda: now)


def pulses(opened: World, since: datetime, until: datetime) -> None:
    """Take the pulse every five minutes, the last time at `until`."""
    while since <= until:
        take_pulse(loaded(POLICY), at(opened, since))
        since += FIVE


def incidents(opened: World, *, open_only: bool = False) -> tuple[Incident, ...]:
    return opened.ledger.incidents(MODEL, open_only=open_only)


def test_a_silent_feed_is_an_incident_within_two_pulses_after_its_limit(opened: World) -> None:
    last_row = SILENT - timedelta(minutes=6)
    pulses(opened, START + DAY + 13 * HOUR, last_row + HOUR - FIVE)
    assert incidents(opened) == ()
    pulses(opened, SILENT + HOUR - FIVE, SILENT + HOUR + 2 * FIVE)
    (incident,) = incidents(opened, open_only=True)
    assert (incident.kind, incident.severity) == ("silent", Severity.CRITICAL)
    assert incident.began == last_row
    assert incident.last <= last_row + HOUR + 2 * FIVE
    assert opened.ledger.verify().sound


def test_it_is_over_when_rows_come_again_and_pulses_taken_again_change_nothing(opened: World) -> None:
    pulses(opened, SILENT, SILENT + 2 * HOUR)
    write_until(opened.root, START + 2 * DAY, SILENT + 2 * HOUR)
    pulses(opened, SILENT + 2 * HOUR, SILENT + 3 * HOUR)
    (incident,) = incidents(opened)
    assert incident.resolved == "no longer silent: the newest row is from 2026-03-02 16:00 UTC"
    once = opened.ledger.content()
    pulses(opened, SILENT, SILENT + 3 * HOUR)
    assert opened.ledger.content() == once
    assert opened.ledger.verify().sound


def test_the_verdict_on_the_window_later_does_not_double_it_and_the_next_extends_it(opened: World) -> None:
    pulses(opened, SILENT, SILENT + 2 * HOUR)
    catch_up(loaded(POLICY), at(opened, START + 2 * DAY + HOUR))
    silent = [each for each in incidents(opened) if each.kind == "silent"]
    assert [(each.windows, each.resolved) for each in silent] == [(1, None)]
    write_day(opened.root, 3)
    catch_up(loaded(POLICY), at(opened, START + 3 * DAY + HOUR))
    silent = [each for each in incidents(opened) if each.kind == "silent"]
    assert [(each.windows, each.resolved) for each in silent] == [(2, None)]
    assert opened.ledger.verify().sound


def test_a_feed_that_cannot_be_read_is_an_incident_only_when_that_lasts(opened: World) -> None:
    now = START + DAY + 13 * HOUR
    traffic = opened.root / "traffic"
    away = traffic.rename(opened.root / "away")
    pulses(opened, now, now + HOUR)
    assert incidents(opened) == ()
    away.rename(traffic)
    pulses(opened, now + HOUR + FIVE, now + HOUR + FIVE)
    assert opened.ledger.unreadable_since(MODEL) is None
    shutil.rmtree(traffic)
    began = now + 2 * HOUR
    pulses(opened, began, began + HOUR + FIVE)
    (incident,) = incidents(opened, open_only=True)
    assert incident.began == began
    assert incident.sentence.startswith("the feed cannot be read since 2026-03-02 15:00 UTC: no file matches")
    assert opened.ledger.verify().sound


def test_a_pulse_that_is_killed_is_whole_or_not_there(opened: World) -> None:
    with observed(raised_at("before ledger.commit pulse")), pytest.raises(KilledError):
        pulses(opened, SILENT + 2 * HOUR, SILENT + 2 * HOUR)
    assert incidents(opened) == ()
    pulses(opened, SILENT + 2 * HOUR, SILENT + 2 * HOUR)
    assert len(incidents(opened)) == 1


def test_a_model_without_the_objective_is_not_looked_at(opened: World) -> None:
    assert take_pulse(loaded(policy(freshness=None)), at(opened, SILENT)) is None
    assert opened.ledger.models() == ()
