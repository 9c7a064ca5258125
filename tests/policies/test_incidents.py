"""Incidents are opened by what persists, go on, become more urgent and end; a window counts once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest

from policies.incidents import Incident, IncidentChange, follow
from policies.policy import Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.window import Window
from tests.policies.readings import DAY, POLICY, START

HIGH, CRITICAL, LOW = Severity.HIGH, Severity.CRITICAL, Severity.LOW
Kind = tuple[str, str, str | None, Severity]
DRIFT: Kind = ("drift", "drift", "temp", HIGH)
OTHER: Kind = ("drift", "drift", "wind", HIGH)
SILENT: Kind = ("freshness", "silent", None, CRITICAL)
FEW: Kind = ("volume", "volume_collapse", None, HIGH)
NULL: Kind = ("quality", "all_null", "temp", HIGH)
UNIT: Kind = ("quality", "unit_changed", "wind", HIGH)
RANGE: Kind = ("quality", "out_of_range", "temp", HIGH)
WORSE: Kind = ("performance", "performance", None, HIGH)
_OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance")


def day(number: int, *kinds: Kind, unknown: Sequence[str] = (), provisional: bool = False) -> Verdict:
    """The verdict of a day on which all is met but `kinds`, and `unknown` could not be told."""
    objectives = []
    for name in _OBJECTIVES:
        findings = tuple(
            Finding(code, f"{column or name} is wrong", Status.BREACHED, severity, 1.0, 0.0, 100, column)
            for objective, code, column, severity in kinds
            if objective == name
        )
        status = Status.BREACHED if findings else Status.INCONCLUSIVE if name in unknown else Status.MET
        objectives.append(
            ObjectiveVerdict(name, status, f"{name} as said", findings=findings, provisional=provisional)
        )
    window = Window(START + number * DAY, START + (number + 1) * DAY)
    return Verdict("pricing.bike", window, Status.MET, None, tuple(objectives))


def told(verdicts: Sequence[Verdict], policy: Policy = POLICY) -> list[tuple[int, str, str]]:
    """Follow verdicts in turn, as the ledger does; return day, change and kind of each change."""
    known: dict[str, Incident] = {}
    said: list[tuple[int, str, str]] = []
    for index, verdict in enumerate(verdicts):
        reached = [i for i in known.values() if i.resolved is None or i.last >= verdict.window.start]
        for change in follow(reached, verdict, verdicts[:index], policy):
            known[change.after.name] = change.after
            said.append(((verdict.window.start - START) // DAY, change.change, change.after.kind))
    return said


# what happens day by day -> what is said
STORIES: dict[str, tuple[list[Verdict], list[tuple[int, str, str]]]] = {
    "a drift of one window": ([day(0), day(1, DRIFT), day(2)], []),
    "a drift that persists, goes on and is over": (
        [day(0, DRIFT), day(1, DRIFT), day(2, DRIFT), day(3)],
        [(1, "opened", "drift"), (2, "extended", "drift"), (3, "resolved", "drift")],
    ),
    "two columns that each moved once": ([day(0, DRIFT), day(1, OTHER)], []),
    "a silence": ([day(0), day(1, SILENT), day(2)], [(1, "opened", "silent"), (2, "resolved", "silent")]),
    "a silence also brings few rows": ([day(0, SILENT, FEW)], [(0, "opened", "silent")]),
    "windows that tell nothing neither resolve nor extend": (
        [day(0, SILENT), day(1, unknown=["freshness"]), day(2)],
        [(0, "opened", "silent"), (2, "resolved", "silent")],
    ),
    "a blind window between two of drift does not break the row": (
        [day(0, DRIFT), day(1, unknown=["drift"]), day(2, DRIFT)], [(2, "opened", "drift")],
    ),
    "a quiet window between two of drift does": ([day(0, DRIFT), day(1), day(2, DRIFT)], []),
    "several kinds in one objective are incidents of their own": (
        [day(0, NULL, UNIT), day(1, UNIT), day(2)],
        [(0, "opened", "all_null"), (0, "opened", "unit_changed"), (1, "extended", "unit_changed"),
         (1, "resolved", "all_null"), (2, "resolved", "unit_changed")],
    ),
    "what has no name of its own goes by its objective": (
        [day(0, RANGE), day(1)], [(0, "opened", "quality"), (1, "resolved", "quality")],
    ),
    "a score that got worse": (
        [day(0, WORSE), day(1)], [(0, "opened", "performance"), (1, "resolved", "performance")],
    ),
    "a score that may still change resolves nothing": (
        [day(0, WORSE), day(1, provisional=True)], [(0, "opened", "performance")],
    ),
    "the same again is a new incident": (
        [day(0, SILENT), day(1), day(2, SILENT)],
        [(0, "opened", "silent"), (1, "resolved", "silent"), (2, "opened", "silent")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_incidents_follow_the_verdicts(story: str) -> None:
    verdicts, said = STORIES[story]
    assert sorted(told(verdicts)) == sorted(said)


@pytest.mark.parametrize("story", STORIES)
def test_judging_every_window_again_changes_nothing(story: str) -> None:
    verdicts, said = STORIES[story]
    known: dict[str, Incident] = {}
    for _ in range(2):
        for index, verdict in enumerate(verdicts):
            reached = [i for i in known.values() if i.resolved is None or i.last >= verdict.window.start]
            for change in follow(reached, verdict, verdicts[:index], POLICY):
                known[change.after.name] = change.after
    assert len(known) == len([change for _, change, _ in said if change == "opened"])


def opened(*verdicts: Verdict) -> IncidentChange:
    (change,) = follow((), verdicts[-1], verdicts[:-1], POLICY)
    return change


def test_an_incident_says_what_since_when_and_how_urgent() -> None:
    change = opened(day(0, DRIFT), day(1, DRIFT, OTHER))
    assert change.after == Incident(
        model="pricing.bike", name="drift@2012-10-30T00:00Z", objective="drift", kind="drift",
        began=START, last=START + DAY, severity=HIGH,
        sentence="temp is wrong; wind is wrong", windows=2, columns=("temp", "wind"),
    )  # fmt: skip


def test_a_more_urgent_breach_escalates() -> None:
    incident = opened(day(0, ("freshness", "silent", None, LOW))).after
    (change,) = follow([incident], day(1, SILENT), [], POLICY)
    assert (change.change, change.after.severity, change.after.windows) == ("escalated", CRITICAL, 2)


def test_a_resolved_incident_says_why() -> None:
    (change,) = follow([opened(day(0, NULL)).after], day(1), [], POLICY)
    assert change.after.resolved == "no longer all null: quality as said"
    (change,) = follow([opened(day(0, WORSE)).after], day(1), [], POLICY)
    assert change.after.resolved == "performance is met again: performance as said"


def test_an_objective_that_was_switched_off_ends_its_incident() -> None:
    (change,) = follow([opened(day(0, SILENT)).after], day(1), [], replace(POLICY, freshness=None))
    assert change.after.resolved == "the policy no longer has the objective freshness"


def test_persistence_is_the_policys() -> None:
    assert POLICY.drift is not None
    assert POLICY.freshness is not None
    at_once = replace(POLICY, drift=replace(POLICY.drift, persistence=1))
    assert told([day(0, DRIFT)], at_once) == [(0, "opened", "drift")]
    patient = replace(POLICY, freshness=replace(POLICY.freshness, persistence=3))
    assert told([day(n, SILENT) for n in range(3)], patient) == [(2, "opened", "silent")]


def test_suppressed_findings_open_nothing() -> None:
    verdict = day(0, SILENT)
    silent = verdict.objectives[0]
    hidden = replace(silent, findings=(replace(silent.findings[0], suppressed_by="x"),))
    assert follow((), replace(verdict, objectives=(hidden, *verdict.objectives[1:])), (), POLICY) == ()


def test_an_older_window_does_nothing_to_an_incident_that_went_on() -> None:
    incident = replace(opened(day(5, SILENT)).after, last=START + 7 * DAY)
    assert follow([incident], day(6), (), POLICY) == ()
    assert follow([replace(incident, resolved="over")], day(6, SILENT), (), POLICY) == ()
    assert timedelta(0) < incident.last - incident.began
