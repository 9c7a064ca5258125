"""A pulse opens an incident when its limit is over, resolves it when rows come, and says nothing twice."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from policies.incidents import Incident, follow
from policies.policy import Freshness, Policy
from policies.pulse import Pulse, furthest_back, judge_pulse
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.window import Window
from tests.policies.readings import DAY, HOUR, POLICY, START

HOURLY = replace(POLICY, freshness=Freshness(HOUR, Severity.CRITICAL))
MINUTES = timedelta(minutes=1)
NOON = START + 12 * HOUR


def pulse(after: timedelta, newest: datetime | None = NOON, **fields: object) -> Pulse:
    """A pulse some time after noon, the time of the newest row."""
    at = NOON + after
    return replace(Pulse("pricing.bike", at, at - 25 * HOUR, newest), **fields)  # type: ignore[arg-type]


def unreadable(after: timedelta, since: datetime = NOON) -> Pulse:
    return pulse(after, None, fault="no file matches a.csv", unreadable_since=since)


# the newest rows seen by pulses every five minutes -> minute of the pulse and what it changed
STORIES: dict[str, tuple[list[Pulse], list[tuple[int, str]]]] = {
    "rows within the limit": ([pulse(60 * MINUTES)], []),
    "a silence beyond the limit": ([pulse(60 * MINUTES), pulse(65 * MINUTES)], [(65, "opened")]),
    "a silence that goes on": ([pulse(n * MINUTES) for n in (65, 70, 75)], [(65, "opened")]),
    "rows again": (
        [pulse(65 * MINUTES), pulse(70 * MINUTES, NOON + 68 * MINUTES), pulse(75 * MINUTES, NOON + HOUR)],
        [(65, "opened"), (70, "resolved")],
    ),
    "a second silence is another incident": (
        [
            pulse(65 * MINUTES),
            pulse(70 * MINUTES, NOON + 68 * MINUTES),
            pulse(130 * MINUTES, NOON + 68 * MINUTES),
        ],
        [(65, "opened"), (70, "resolved"), (130, "opened")],
    ),
    "no row as far as it looked": ([pulse(HOUR, None)], [(60, "opened")]),
    "cannot be read, not for long": ([unreadable(60 * MINUTES)], []),
    "cannot be read for too long": ([unreadable(65 * MINUTES), unreadable(70 * MINUTES)], [(65, "opened")]),
    "a feed that cannot be read is not alive": (
        [pulse(65 * MINUTES), unreadable(70 * MINUTES, NOON + 70 * MINUTES)], [(65, "opened")],
    ),
    "read again": (
        [unreadable(65 * MINUTES), pulse(70 * MINUTES, NOON + 68 * MINUTES)],
        [(65, "opened"), (70, "resolved")],
    ),
}  # fmt: skip


def told(pulses: list[Pulse], known: dict[str, Incident], policy: Policy = HOURLY) -> list[tuple[int, str]]:
    said = []
    for each in pulses:
        reached = [i for i in known.values() if i.resolved is None or i.last >= each.at]
        for change in judge_pulse(each, reached, policy):
            known[change.after.name] = change.after
            said.append(((each.at - NOON) // MINUTES, str(change.change)))
    return said


@pytest.mark.parametrize("story", STORIES)
def test_incidents_follow_the_pulses_and_the_same_pulses_again_change_nothing(story: str) -> None:
    pulses, said = STORIES[story]
    known: dict[str, Incident] = {}
    assert told(pulses, known) == said
    before: Mapping[str, Incident] = dict(known)
    assert told(pulses, known) == []
    assert known == before


def test_an_incident_says_since_when_and_how_long() -> None:
    (change,) = judge_pulse(pulse(65 * MINUTES), (), HOURLY)
    assert change.after == Incident(
        model="pricing.bike", name="silent@2012-10-29T13:05Z", objective="freshness", kind="silent",
        began=NOON, last=NOON + 65 * MINUTES, severity=Severity.CRITICAL,
        sentence="no rows for 1h 5m from 2012-10-29 12:00 UTC; at most 1h are allowed",
    )  # fmt: skip
    (change,) = judge_pulse(pulse(HOUR, None), (), HOURLY)
    assert change.sentence.startswith("no rows for 25h or longer from 2012-10-28 12:00 UTC")
    (change,) = judge_pulse(unreadable(65 * MINUTES), (), HOURLY)
    assert change.sentence.startswith("the feed cannot be read since 2012-10-29 12:00 UTC: no file matches")


def test_persistence_is_waited_for_in_windows_and_the_look_back_is_bounded() -> None:
    patient = replace(HOURLY, freshness=Freshness(HOUR, Severity.CRITICAL, persistence=2))
    assert judge_pulse(pulse(DAY), (), patient) == ()
    assert judge_pulse(pulse(DAY + 61 * MINUTES), (), patient) != ()
    assert HOURLY.freshness is not None
    assert patient.freshness is not None
    assert furthest_back(HOURLY, HOURLY.freshness, NOON) == NOON - HOUR - DAY
    assert furthest_back(patient, patient.freshness, NOON) == NOON - HOUR - 2 * DAY


def test_without_the_objective_or_beside_other_outages_nothing_happens() -> None:
    assert judge_pulse(pulse(DAY), (), replace(POLICY, freshness=None)) == ()
    (change,) = judge_pulse(pulse(65 * MINUTES), (), HOURLY)
    stopped = replace(change.after, name="labels_stopped@x", kind="labels_stopped")
    assert judge_pulse(pulse(70 * MINUTES, NOON + 68 * MINUTES), (stopped,), HOURLY) == ()


def verdict(day: int, status: Status) -> Verdict:
    found = Finding("silent", "no rows for 5h", status, Severity.CRITICAL, 5.0, 1.0, 100)
    findings = (found,) if status is Status.BREACHED else ()
    objective = ObjectiveVerdict("freshness", status, "as said", findings=findings)
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    return Verdict("pricing.bike", window, status, None, (objective,))


@pytest.mark.parametrize("resolved", [False, True])
def test_the_verdict_on_the_window_of_a_pulse_does_not_open_a_second_incident(resolved: bool) -> None:
    pulses = [pulse(65 * MINUTES), *([pulse(300 * MINUTES, NOON + 299 * MINUTES)] if resolved else [])]
    known: dict[str, Incident] = {}
    told(pulses, known)
    for day in (-1, 0):
        assert follow(list(known.values()), verdict(day, Status.BREACHED), (), HOURLY) == ()


def test_a_later_window_extends_the_incident_of_a_pulse_or_resolves_it() -> None:
    known: dict[str, Incident] = {}
    told([pulse(65 * MINUTES)], known)
    (change,) = follow(list(known.values()), verdict(1, Status.BREACHED), (), HOURLY)
    assert (change.change, change.after.windows) == ("extended", 2)
    (change,) = follow(list(known.values()), verdict(1, Status.MET), (), HOURLY)
    assert change.change == "resolved"


def test_rows_resolve_an_incident_that_a_window_opened() -> None:
    (opened,) = follow((), verdict(0, Status.BREACHED), (), HOURLY)
    assert judge_pulse(pulse(DAY, NOON), (opened.after,), HOURLY) == ()
    (change,) = judge_pulse(pulse(DAY, NOON + DAY - MINUTES), (opened.after,), HOURLY)
    assert change.after.resolved == "no longer silent: the newest row is from 2012-10-30 11:59 UTC"
