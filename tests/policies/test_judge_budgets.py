"""What a budget makes of a verdict: allowed shortfalls, burns, spent budgets; and their incidents."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from policies.incidents import Incident, follow
from policies.judge import judge
from policies.policy import Budget, BurnTier, ErrorShare, Policy
from policies.spending import Counts
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.layout import TrafficLayout
from profiles.reading import Failures, Reading
from profiles.window import Window
from registry.canonical import dump, load
from tests.policies.readings import DAY, HEALTHY, HOUR, POLICY, START, arrivals, number, reading, seen

HIGH, CRITICAL, LOW = Severity.HIGH, Severity.CRITICAL, Severity.LOW
TIERS = (BurnTier(CRITICAL, 0.4, 2 * DAY), BurnTier(HIGH, 0.3334, 10 * DAY))
TENTH = Budget("windows", 0.1, 30 * DAY, TIERS)
assert POLICY.drift is not None
assert POLICY.freshness is not None
assert POLICY.quality is not None
BUDGETED = replace(POLICY, drift=replace(POLICY.drift, budget=TENTH))
MOVED = seen(number(psi=0.5))
SILENT = reading(arrivals=arrivals(1000, 13 * HOUR))
BLIND = reading(arrivals=arrivals(20))


def judged(
    made: Reading, *before: Counts, policy: Policy = BUDGETED, objective: str = "drift"
) -> ObjectiveVerdict:
    found = judge(made, policy, before={objective: before}).of(objective)
    assert found is not None
    return found


def period(short: int, good: int, unknown: int = 0) -> Counts:
    return Counts(30, short, good, unknown)


# the reading, what was counted before -> status, severity, codes, what the reason says of the budget
CASES: dict[str, tuple[Reading, tuple[Counts, ...], str, Severity | None, list[str], str]] = {
    "the first shortfall": (MOVED, (), "at_risk", LOW, ["drift"], "1 of 3 windows that 30d allow are spent"),
    "the last that is allowed": (
        MOVED, (period(2, 20),), "at_risk", LOW, ["drift"], "3 of 3 windows that 30d allow are spent",
    ),
    "one too many": (
        MOVED, (period(3, 20),), "breached", HIGH, ["budget_spent", "drift"],
        "4 windows fell short in 30d, 3 are allowed",
    ),
    "a quiet window under a spent budget": (
        HEALTHY, (period(4, 20),), "breached", HIGH, ["budget_spent"],
        "4 windows fell short in 30d, 3 are allowed",
    ),
    "a quiet window": (HEALTHY, (period(0, 20),), "met", None, [], ""),
    "a quiet window after a shortfall": (
        HEALTHY, (period(1, 20),), "met", None, [], "1 of 3 windows that 30d allow are spent",
    ),
    "blind windows make the budget smaller": (
        MOVED, (period(2, 10, 10),), "breached", HIGH, ["budget_spent", "drift"],
        "3 windows fell short in 30d, 2 are allowed; 10 windows could not be judged",
    ),
    "two days in a row": (
        MOVED, (period(1, 20), Counts(2, 1), Counts(10, 1, 8)), "breached", CRITICAL, ["burn", "drift"],
        "burning 10 times as fast as the budget lasts, at most 6 is allowed: 2 of 2 windows fell short",
    ),
    "two days of ten": (
        MOVED, (period(1, 20), Counts(2, 0, 1), Counts(10, 1, 8)), "breached", HIGH, ["burn", "drift"],
        "burning 2 times as fast as the budget lasts, at most 1 is allowed: 2 of 10 windows fell short",
    ),
    "a burn that is over": (
        HEALTHY, (period(2, 20), Counts(2, 1), Counts(10, 2, 7)), "met", None, [],
        "2 of 3 windows that 30d allow are spent",
    ),
    "a window that cannot be judged": (BLIND, (period(9, 9),), "inconclusive", None, [], ""),
    "a window that cannot be read": (
        replace(HEALTHY, fault="damaged"), (period(9, 9),), "errored", None, [], "",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_a_shortfall_is_judged_by_what_is_left(case: str) -> None:
    made, before, status, severity, codes, said = CASES[case]
    verdict = judged(made, *before)
    assert (str(verdict.status), verdict.severity, [f.code for f in verdict.findings]) == (
        status,
        severity,
        codes,
    )
    assert said in verdict.reason
    assert verdict.budget is not None
    assert verdict.budget.kept == {"met": "good"}.get(status, verdict.budget.kept)


def test_what_the_budget_allows_is_said_after_what_was_found() -> None:
    alone = judge(MOVED, POLICY).of("drift")
    assert alone is not None
    allowed = judged(MOVED)
    assert allowed.reason == f"{alone.reason}; 1 of 3 windows that 30d allow are spent"
    assert allowed.findings == (replace(alone.findings[0], status=Status.AT_RISK, severity=LOW),)


def test_without_a_budget_nothing_changes_whatever_is_counted() -> None:
    assert judge(MOVED, POLICY, before={"drift": [period(9, 9)]}) == judge(MOVED, POLICY)


def test_an_outage_stays_a_breach_whatever_is_left() -> None:
    assert POLICY.freshness is not None
    assert POLICY.quality is not None
    policy = replace(
        POLICY,
        freshness=replace(POLICY.freshness, budget=TENTH),
        quality=replace(POLICY.quality, budget=TENTH),
    )
    silent = judged(SILENT, policy=policy, objective="freshness")
    assert (silent.status, silent.severity, silent.findings[0].status) == (
        Status.BREACHED,
        CRITICAL,
        Status.BREACHED,
    )
    assert silent.reason.endswith("1 of 3 windows that 30d allow are spent")
    broken = seen(number(missing_share=1.0, present=0), number("wind", out_of_range_share=0.3))
    quality = judged(broken, policy=policy, objective="quality")
    assert {f.code: str(f.status) for f in quality.findings} == {
        "all_null": "breached",
        "out_of_range": "at_risk",
    }
    assert quality.status is Status.BREACHED


FAILING = replace(
    POLICY,
    traffic=TrafficLayout("a.csv", "csv", "ts", "demand", "id", status="code", ok=("200",)),
    errors=ErrorShare(0.05, HIGH, Budget("rows", 0.01, 30 * DAY, (BurnTier(CRITICAL, 0.2, DAY),))),
)


@pytest.mark.parametrize(
    ("failed", "before", "status", "codes"),
    [
        (5, (Counts(30, good=29, bad_rows=100, rows=29_000),), "met", []),
        (50, (Counts(30, good=29, bad_rows=100, rows=29_000),), "met", []),
        (55, (Counts(30, good=29, bad_rows=100, rows=29_000),), "at_risk", ["errors"]),
        (70, (Counts(30, good=29, bad_rows=100, rows=29_000),), "breached", ["burn", "errors"]),
        (40, (Counts(30, good=29, bad_rows=270, rows=29_000),), "breached", ["budget_spent"]),
    ],
)
def test_failed_rows_are_spent_one_by_one(
    failed: int, before: tuple[Counts, ...], status: str, codes: list[str]
) -> None:
    made = reading(failures=Failures(failed, 1000))
    verdict = judged(made, *before, policy=FAILING, objective="errors")
    assert (str(verdict.status), [f.code for f in verdict.findings]) == (status, codes)
    assert verdict.budget is not None
    assert (verdict.budget.bad_rows, verdict.budget.rows) == (failed, 1000)


def test_a_window_that_fell_short_spends_all_its_rows() -> None:
    assert POLICY.drift is not None
    by_rows = replace(POLICY, drift=replace(POLICY.drift, budget=Budget("rows", 0.1, 30 * DAY)))
    verdict = judged(MOVED, Counts(30, good=9, rows=9000), policy=by_rows)
    assert verdict.reason.endswith("1,000 of 3,000 rows that 30d allow are spent")


def test_a_verdict_with_its_budget_is_stored_whole_and_old_ones_still_load() -> None:
    verdict = judge(MOVED, BUDGETED, before={"drift": (period(1, 20), Counts(2, 1), Counts(10, 1, 8))})
    assert load(Verdict, dump(verdict)) == verdict
    old = dump(judge(MOVED, POLICY)).replace(',"budget":null', "").replace('"budget":null,', "")
    assert "budget" not in old
    assert load(Verdict, old) == judge(MOVED, POLICY)


def test_a_verdict_is_judged_again_from_its_own_counts() -> None:
    verdict = judge(MOVED, BUDGETED, before={"drift": (period(1, 20), Counts(2, 1), Counts(10, 1, 8))})
    kept = {o.objective: o.budget.before for o in verdict.objectives if o.budget is not None}
    assert judge(MOVED, BUDGETED, before=kept) == verdict


def days(*states: str) -> list[Verdict]:
    """Judge days in turn, each with the counts of those before it; `b` is a shortfall, `u` unknown."""
    verdicts: list[Verdict] = []
    for day, state in enumerate(states):
        window = Window(START + day * DAY, START + (day + 1) * DAY)
        made = replace({"b": MOVED, "u": BLIND}.get(state, HEALTHY), window=window)
        before = [_counts(n, states[max(0, day - n + 1) : day]) for n in (30, 2, 1, 10)]
        verdicts.append(judge(made, BUDGETED, before={"drift": before}))
    return verdicts


def _counts(windows: int, states: Sequence[str]) -> Counts:
    return Counts(windows, states.count("b"), states.count("g"), states.count("u"))


def told(verdicts: Sequence[Verdict], policy: Policy = BUDGETED) -> list[tuple[int, str, str]]:
    known: dict[str, Incident] = {}
    said: list[tuple[int, str, str]] = []
    for index, verdict in enumerate(verdicts):
        reached = [i for i in known.values() if i.resolved is None or i.last >= verdict.window.start]
        for change in follow(reached, verdict, verdicts[:index], policy):
            known[change.after.name] = change.after
            if change.after.objective == "drift":
                said.append((index, change.change, str(change.after.severity)))
    return said


STORIES: dict[str, tuple[str, list[tuple[int, str, str]]]] = {
    "one shortfall opens nothing": ("ggbg", []),
    "shortfalls apart open nothing": ("b" + 10 * "g" + "b" + 10 * "g", []),
    "two in a row burn at once, whatever the persistence, and are over": (
        "gbbg", [(2, "opened", "critical"), (3, "resolved", "critical")],
    ),
    "two within ten days": ("bgggbg", [(4, "opened", "high"), (5, "resolved", "high")]),
    "a blind window ends no burn": ("bbug", [(1, "opened", "critical"), (3, "resolved", "critical")]),
    "a spent budget lasts until enough is forgotten": (
        "b" + 10 * "g" + "b" + 10 * "g" + "bgg" + "b" + 4 * "g" + "g",
        [(25, "opened", "high"), (30, "resolved", "high")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES)
def test_burns_and_spent_budgets_are_incidents_until_they_are_over(story: str) -> None:
    states, said = STORIES[story]
    assert [each for each in told(days(*states)) if each[1] not in ("extended", "escalated")] == said


def test_a_burn_that_is_over_says_that_the_budget_holds() -> None:
    (opened,) = follow((), days("b", "b")[-1], (), BUDGETED)
    assert opened.after.kind == "drift"
    assert opened.sentence.startswith("burning 10 times as fast as the budget lasts")
    still = replace(days("b", "b", "g")[-1].objectives[0], objective="drift")
    assert still.status is Status.MET
    short = days("b", "g", "g", "g", "g", "g", "g", "g", "g", "g", "g", "b")[-1]
    (closed,) = [c for c in follow([opened.after], short, (), BUDGETED) if c.after.kind == "drift"]
    assert closed.change == "resolved"
    assert str(closed.after.resolved).startswith("drift is within its budget again: temp moved")


def test_findings_of_a_budget_name_what_they_rest_on() -> None:
    burn, _ = judged(MOVED, period(1, 20), Counts(2, 1), Counts(10, 1, 8)).findings
    assert burn == Finding(
        code="burn", sentence=burn.sentence, status=Status.BREACHED, severity=CRITICAL,
        measured=10.0, limit=6.0, rows=2,
    )  # fmt: skip
    spent = judged(HEALTHY, period(4, 20)).findings[0]
    assert (spent.measured, spent.limit, spent.rows) == (4.0, 3.0, 25)


def test_an_outage_is_one_incident_and_what_it_spent_is_told_after_it() -> None:
    assert POLICY.freshness is not None
    tight = Budget("windows", 0.1, 30 * DAY, (BurnTier(CRITICAL, 0.4, 2 * DAY),))
    policy = replace(POLICY, freshness=replace(POLICY.freshness, budget=tight))
    spent = [period(4, 20), Counts(2, 1), Counts(1)]
    silent = judge(SILENT, policy, before={"freshness": spent})
    found = silent.of("freshness")
    assert found is not None
    assert {f.code for f in found.findings} == {"burn", "budget_spent", "silent"}
    opened = follow((), silent, (), policy)
    assert [change.after.kind for change in opened] == ["silent"]
    after = replace(HEALTHY, window=Window(START + DAY, START + 2 * DAY))
    changes = follow([opened[0].after], judge(after, policy, before={"freshness": spent}), (), policy)
    assert {(c.change, c.after.kind) for c in changes} == {("opened", "freshness"), ("resolved", "silent")}
