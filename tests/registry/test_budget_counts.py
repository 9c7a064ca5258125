"""What budgets are counted from: the newest verdict on each window, once, on both databases."""

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.judge import judge
from policies.policy import Budget, Drift, Policy
from policies.spending import Counts, Event, Spending
from policies.verdict import ObjectiveVerdict, Severity, Status, Verdict
from registry.ledger import Ledger
from registry.recompute import recompute

DRIFT = Drift(0.1, 0.25, 0.1, 0.3, Severity.HIGH, budget=Budget("windows", 0.5, timedelta(days=4)))
SHORT, MET, BLIND = Status.BREACHED, Status.MET, Status.INCONCLUSIVE


@pytest.fixture
def budgeted(facts: Any) -> Policy:
    made: Policy = facts.policy(drift=DRIFT)
    return made


def spending(kept: Any, bad_rows: int = 0, rows: int = 0) -> Spending:
    return Spending("rows", timedelta(days=4), kept, bad_rows, rows, (), 0, 0.0, 0, None)


def verdict(
    facts: Any, day: int, status: Status, budget: Spending | None = None, reason: str = "x"
) -> Verdict:
    objectives = (
        ObjectiveVerdict("freshness", MET, "on time"),
        ObjectiveVerdict("drift", status, reason, budget=budget),
    )
    made: Verdict = replace(facts.verdict(day), status=status, severity=None, objectives=objectives)
    return made


def put(
    ledger: Ledger, facts: Any, digest: str, day: int, made: Verdict, mae: float = 1.0, at: float = 0
) -> None:
    ledger.record_window(facts.reading(day, mae=mae), made, digest, facts.at(day + 1 + at))


def events(ledger: Ledger, facts: Any, since: int, until: int) -> list[tuple[int, str, Any, Any]]:
    found = ledger.budget_events(facts.model, ("drift",), facts.at(since), facts.at(until)).get("drift", ())
    assert all(each.end - each.start == timedelta(days=1) for each in found)
    return [((e.start - facts.start).days, e.kept, e.bad_rows, e.rows) for e in found]


def test_each_window_counts_by_its_status_or_by_what_its_budget_kept(
    ledger: Ledger, facts: Any, budgeted: Policy
) -> None:
    digest = ledger.record_policy(budgeted, "", facts.at(0))
    for day, status in enumerate([SHORT, MET, Status.AT_RISK, BLIND, Status.ERRORED]):
        put(ledger, facts, digest, day, verdict(facts, day, status))
    put(ledger, facts, digest, 5, verdict(facts, 5, Status.AT_RISK, spending("short", 12, 480)))
    put(ledger, facts, digest, 6, verdict(facts, 6, SHORT, spending("good", 3, 480)))
    assert events(ledger, facts, 0, 9) == [
        (0, "short", None, None), (1, "good", None, None), (2, "good", None, None),
        (3, "unknown", None, None), (4, "unknown", None, None), (5, "short", 12, 480), (6, "good", 3, 480),
    ]  # fmt: skip
    assert [day for day, *_ in events(ledger, facts, 1, 3)] == [1, 2]
    assert ledger.budget_events("shop.other", ("drift",), facts.at(0), facts.at(9)) == {}
    assert ledger.budget_events(facts.model, ("errors",), facts.at(0), facts.at(9)) == {}


def test_of_a_window_that_was_judged_again_the_newest_verdict_counts_once(
    ledger: Ledger, facts: Any, budgeted: Policy
) -> None:
    digest = ledger.record_policy(budgeted, "", facts.at(0))
    put(ledger, facts, digest, 0, verdict(facts, 0, SHORT))
    put(ledger, facts, digest, 0, verdict(facts, 0, MET), mae=2.0, at=1)
    assert events(ledger, facts, 0, 2) == [(0, "good", None, None)]
    stricter = ledger.record_policy(facts.policy(drift=replace(DRIFT, minor=0.05)), "", facts.at(3))
    put(ledger, facts, stricter, 0, verdict(facts, 0, BLIND), mae=2.0, at=3)
    assert events(ledger, facts, 0, 2) == [(0, "unknown", None, None)]
    dropped = ledger.record_policy(facts.policy(drift=None), "", facts.at(5))
    only = replace(verdict(facts, 0, MET), objectives=(ObjectiveVerdict("freshness", MET, "on time"),))
    put(ledger, facts, dropped, 0, only, mae=2.0, at=5)
    assert events(ledger, facts, 0, 2) == []


def test_counts_hold_whatever_the_order_of_recording(ledger: Ledger, facts: Any, budgeted: Policy) -> None:
    digest = ledger.record_policy(budgeted, "", facts.at(0))
    states = [SHORT, MET, SHORT, BLIND, MET, SHORT]
    days = list(range(6))
    random.Random(3).shuffle(days)  # noqa: S311 - any order will do
    for day in days:
        put(ledger, facts, digest, day, verdict(facts, day, states[day]))
    assert ledger.budget_counts(budgeted, facts.window(5)) == {
        "drift": (Counts(4, short=1, good=1, unknown=1),)
    }
    assert ledger.budget_counts(budgeted, facts.window(0)) == {"drift": (Counts(4),)}
    assert ledger.budget_counts(facts.policy(), facts.window(5)) == {}


def test_text_that_a_database_refuses_in_json_stops_no_budget(
    ledger: Ledger, facts: Any, budgeted: Policy
) -> None:
    digest = ledger.record_policy(budgeted, "", facts.at(0))
    put(ledger, facts, digest, 0, verdict(facts, 0, SHORT, reason="column a\x00b \\u0000 \\ moved"))
    assert events(ledger, facts, 0, 2) == [(0, "short", None, None)]


def test_a_verdict_is_recomputed_from_its_counts_and_says_when_they_moved(
    ledger: Ledger, facts: Any, budgeted: Policy, tmp_path: Any
) -> None:
    from registry.profile_store import ProfileStore

    digest = ledger.record_policy(budgeted, "", facts.at(0))
    put(ledger, facts, digest, 0, verdict(facts, 0, SHORT))
    reading = facts.reading(1, mae=1.0, profile=None)
    judged = judge(reading, budgeted, before=ledger.budget_counts(budgeted, facts.window(1)))
    ledger.record_window(reading, judged, digest, facts.at(2))
    found, profiles = ledger.judged(facts.model, facts.at(1)), ProfileStore(tmp_path / "profiles")
    assert found is not None

    then = recompute(found, budgeted, profiles, ledger.budget_counts(budgeted, facts.window(1)))
    assert (then.verdict_agrees, then.budgets_agree) == (True, True)
    assert recompute(found, budgeted, profiles).budgets_agree is None

    put(ledger, facts, digest, 0, verdict(facts, 0, MET), mae=2.0, at=3)
    now = recompute(found, budgeted, profiles, ledger.budget_counts(budgeted, facts.window(1)))
    assert (now.verdict_agrees, now.budgets_agree) == (True, False)
    assert now.note.endswith(
        "Windows before this one were judged again since: of the budget of drift, 1 fell short, 0 did not "
        "and 0 were unknown then and 0 fell short, 1 did not and 0 were unknown now."
    )


def test_an_event_is_a_plain_value(facts: Any) -> None:
    window = facts.window(0)
    assert Event(window.start, window.end, "good") == Event(window.start, window.end, "good", None, None)
