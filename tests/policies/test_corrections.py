"""A window that is judged again corrects the incident that it had a part in; nothing is undone."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.annotations import acknowledged, annotated, resolved
from policies.corrections import Again, Past, concerns, corrected
from policies.incidents import Incident, IncidentChange, follow
from policies.verdict import Severity, Status, Verdict
from tests.policies.readings import DAY, POLICY, START
from tests.policies.test_incidents import CRITICAL, DRIFT, HIGH, LOW, SILENT, UNIT, day

MINOR_SILENCE = ("freshness", "silent", None, LOW)
QUIET = "no longer silent"


class Fleet:
    """Verdicts and incidents of one model, kept as the ledger keeps them."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        self.verdicts: dict[object, Verdict] = {}
        self.incidents: dict[str, Incident] = {}
        self.opened: dict[str, Incident] = {}
        for verdict in verdicts:
            self.judge(verdict)

    def judge(self, verdict: Verdict) -> list[IncidentChange]:
        start = verdict.window.start
        before = self.verdicts.get(start)
        self.verdicts[start] = verdict
        ordered = [each for _, each in sorted(self.verdicts.items(), key=str)]
        known = [each for each in self.incidents.values() if each.resolved is None or each.last >= start]
        changes = list(follow(known, verdict, [v for v in ordered if v.window < verdict.window], POLICY))
        for incident in known:
            began = self.opened[incident.name].began
            if before is None or not concerns(incident, began, verdict, before):
                continue
            later = [o.began for o in self.opened.values() if o.kind == incident.kind and o.began > began]
            within = [
                v for v in ordered if v.window.start >= began and all(v.window.start < at for at in later)
            ]
            change = corrected(Past(incident, began, within), verdict, Again(before, (80, 1240)), POLICY)
            changes += [] if change is None else [change]
        for change in changes:
            self.incidents[change.after.name] = change.after
            self.opened.setdefault(change.after.name, change.after)
        return changes


def again(first: Sequence[Verdict], *later: Verdict) -> list[IncidentChange]:
    """Judge windows in turn and then some of them again; return what the second verdicts change."""
    fleet = Fleet(first)
    return [change for verdict in later for change in fleet.judge(verdict)]


# first verdicts, the second one, and of the correction: what it says, windows, severity, is it over
CORRECTIONS: dict[str, tuple[list[Verdict], Verdict, tuple[str, int, Severity, bool]]] = {
    "its only window is met after all": (
        [day(0), day(1, SILENT)], day(1), (QUIET, 1, CRITICAL, True),
    ),
    "its first window is met, the second stays": (
        [day(0, SILENT), day(1, SILENT)], day(0), (QUIET, 1, CRITICAL, False),
    ),
    "its last window is met and ends it": (
        [day(0, SILENT), day(1, SILENT)], day(1), (QUIET, 1, CRITICAL, True),
    ),
    "it was over, and the window that ended it is breached": (
        [day(0, SILENT), day(1)], day(1, SILENT),
        ("breached as well: freshness is wrong", 2, CRITICAL, False),
    ),
    "it was over, and still is by a later window": (
        [day(0, SILENT), day(1), day(2)], day(1, SILENT),
        ("breached as well: freshness is wrong", 2, CRITICAL, True),
    ),
    "it is less urgent": (
        [day(0, SILENT)], day(0, MINOR_SILENCE),
        ("low instead of critical: freshness is wrong", 1, LOW, False),
    ),
    "what is left of a drift has not persisted": (
        [day(0, DRIFT), day(1, DRIFT)], day(0), ("no longer breached", 2, HIGH, True),
    ),
    "it had been over": (
        [day(0, SILENT), day(1)], day(0), (QUIET, 1, CRITICAL, True),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CORRECTIONS)
def test_a_second_verdict_corrects(case: str) -> None:
    first, second, (said, windows, severity, over) = CORRECTIONS[case]
    (change,) = again(first, second)
    at = f"{second.window.start:%Y-%m-%d %H:%M} UTC"
    assert change.sentence == f"judged again with 1,240 rows instead of 80 (window of {at}): {said}"
    after = change.after
    assert (change.change, after.note) == ("corrected", change.sentence)
    assert (after.windows, after.severity, after.resolved is not None) == (windows, severity, over)


UNCHANGED: dict[str, tuple[list[Verdict], Verdict]] = {
    "the same again": ([day(0, SILENT), day(1)], day(0, SILENT)),
    "nothing is known of it now": ([day(0, SILENT)], day(0, unknown=["freshness"])),
    "another kind is gone": ([day(0, SILENT), day(1, SILENT, DRIFT)], day(1, SILENT)),
    "it lies before the incident": ([day(0), day(1, SILENT)], day(0, SILENT)),
}


@pytest.mark.parametrize("case", UNCHANGED)
def test_a_second_verdict_leaves_alone(case: str) -> None:
    assert again(*UNCHANGED[case]) == []


def test_an_incident_of_which_a_window_is_unknown_is_not_resolved_by_another() -> None:
    fleet = Fleet([day(0, SILENT), day(1, SILENT)])
    assert fleet.judge(day(0, unknown=["freshness"])) == []
    (change,) = fleet.judge(day(1))
    assert (change.after.resolved, change.after.note) == (None, change.sentence)


def test_labels_or_another_policy_may_be_what_changed() -> None:
    incident = follow((), day(0, SILENT), (), POLICY)[0].after
    past = Past(incident, START, [day(0)])

    def said(change: Again) -> str:
        found = corrected(past, day(0), change, POLICY)
        assert found is not None
        return found.sentence.partition(" (")[0]

    before = day(0, SILENT)
    assert said(Again(before, (80, 80), (10, 78))) == "judged again with 78 labels instead of 10"
    assert said(Again(before, (80, 80), other_policy=True)) == "judged again by another policy"
    assert said(Again(before, (80, 80))) == "judged again"


def test_what_a_pulse_opened_is_not_resolved_because_rows_came_late() -> None:
    incident = follow((), day(0, SILENT), (), POLICY)[0].after
    past = Past(incident, START, [day(0)], by_window=False)
    change = corrected(past, day(0), Again(day(0, SILENT), (0, 80)), POLICY)
    assert change is not None
    assert change.after == replace(incident, note=change.sentence)


def test_what_a_person_resolved_stays_resolved_for_their_reason() -> None:
    incident = follow((), day(0, SILENT), (), POLICY)[0].after
    by_hand = resolved(incident, "planned outage", "ann", START + DAY).after
    past = Past(by_hand, START, [day(0, MINOR_SILENCE)], ended_by_window=False)
    change = corrected(past, day(0, MINOR_SILENCE), Again(day(0, SILENT), (80, 81)), POLICY)
    assert change is not None
    assert (change.after.resolved, change.after.severity) == ("planned outage (ann)", LOW)


def test_what_persons_say_has_their_name() -> None:
    incident = follow((), day(0, SILENT), (), POLICY)[0].after
    noted = annotated(incident, "the provider knows", "ann")
    assert (noted.change, noted.actor, noted.after.note) == ("annotated", "ann", "the provider knows (ann)")
    mine = acknowledged(noted.after, "", "bob")
    assert (mine.after.acknowledged_by, mine.after.note) == ("bob", "the provider knows (ann)")
    over = resolved(mine.after, "planned", "bob", START + 3 * DAY)
    assert (over.change, over.after.resolved, over.after.last) == (
        "resolved",
        "planned (bob)",
        START + 3 * DAY,
    )


_KINDS = st.sampled_from([(), (SILENT,), (MINOR_SILENCE,), (DRIFT,), (SILENT, DRIFT), (UNIT,)])


@given(first=st.lists(_KINDS, min_size=3, max_size=8), better=st.data())
def test_incidents_end_alike_in_whatever_order_windows_turn_out_better(
    first: list[tuple[tuple[str, str, str | None, Severity], ...]], better: st.DataObject
) -> None:
    changed = better.draw(st.sets(st.integers(0, len(first) - 1)))
    second = {n: better.draw(st.sampled_from([(), *((kind,) for kind in first[n])])) for n in changed}
    order = better.draw(st.permutations(sorted(changed)))
    verdicts = [day(n, *kinds) for n, kinds in enumerate(first)]

    def ends(numbers: Sequence[int], repeated: int = 1) -> Mapping[str, Incident]:
        fleet = Fleet(verdicts)
        for number in [*numbers] * repeated:
            fleet.judge(day(number, *second[number]))
        # The note tells of the correction that came last.
        return {name: plain(each) for name, each in fleet.incidents.items()}

    assert ends(sorted(changed)) == ends(order) == ends(order, repeated=2)


def plain(incident: Incident) -> Incident:
    """Leave the note out; of an incident that was withdrawn the rest is what was last known of it."""
    if incident.resolved is None or incident.resolved != incident.note:
        return replace(incident, note=None)
    blank = replace(incident, began=START, last=START, severity=LOW, sentence="", windows=0, columns=())
    return replace(blank, note=None, resolved="judged again")


def test_statuses_that_are_not_breaches_are_told_as_they_are() -> None:
    risky = day(1)
    objectives = tuple(
        replace(each, status=Status.AT_RISK) if each.objective == "freshness" else each
        for each in risky.objectives
    )
    fleet = Fleet([day(0, SILENT), day(1), day(2)])
    assert fleet.judge(replace(risky, objectives=objectives)) == []
