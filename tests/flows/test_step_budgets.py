"""Budgets end to end, on real files and a real ledger: out of order, judged again, after a kill."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from flows.step import begin, due, step
from flows.watch import catch_up
from flows.world import World
from policies.policy import Budget, BurnTier, Drift, Performance, Policy
from policies.verdict import Severity
from registry.recompute import recompute
from tests.fakes import DAY, START, loaded, policy, world, write_day

HOUR = timedelta(hours=1)
MODEL = "shop.prices"
DRIFT = Drift(
    *(0.1, 0.25, 0.05, 0.1, Severity.HIGH),
    budget=Budget("windows", 0.25, 8 * DAY, (BurnTier(Severity.CRITICAL, 0.75, 2 * DAY),)),
)
PERFORMANCE = Performance(
    "mae", 0.1, None, 0.8, 0.5, Severity.HIGH, budget=Budget("rows", 0.25, timedelta(days=8))
)
BUDGETED = policy(drift=DRIFT, performance=PERFORMANCE)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path, START)
    yield made
    made.ledger.close()


def at(opened: World, now: datetime) -> World:
    return replace(opened, clock=lambda: now)


def write_story(root: Path) -> None:
    """Write days of which the second, the fifth and the sixth are shifted and predicted badly."""
    for day in range(7):
        bad = day in (1, 4, 5)
        write_day(root, day, shift=3.0 if bad else 0.0, error=4.0 if bad else 1.0)


def stood(opened: World, objective: str) -> list[tuple[str, tuple[str, ...]]]:
    found = []
    for each in opened.ledger.windows(MODEL):
        verdict = each.verdict.of(objective)
        assert verdict is not None
        found.append(
            (
                str(verdict.status),
                tuple(sorted({f.code for f in verdict.findings} & {"burn", "budget_spent"})),
            )
        )
    return found


def test_shortfalls_are_allowed_until_they_burn_or_the_budget_is_spent(opened: World) -> None:
    write_story(opened.root)
    for day in range(1, 8):
        catch_up(loaded(BUDGETED), at(opened, START + day * DAY + HOUR))
    assert stood(opened, "drift") == [
        ("met", ()), ("at_risk", ()), ("met", ()), ("met", ()), ("at_risk", ()),
        ("breached", ("budget_spent", "burn")), ("breached", ("budget_spent",)),
    ]  # fmt: skip
    catch_up(loaded(BUDGETED), at(opened, START + 12 * DAY))
    assert stood(opened, "performance")[:7] == [
        ("met", ()), ("at_risk", ()), ("met", ()), ("met", ()), ("at_risk", ()),
        ("breached", ("budget_spent",)), ("breached", ("budget_spent",)),
    ]  # fmt: skip
    kinds = {incident.kind: incident for incident in opened.ledger.incidents(MODEL)}
    assert kinds["drift"].began == START + 5 * DAY
    assert kinds["drift"].severity == "critical"
    assert opened.ledger.verify().sound


def test_a_rerun_after_a_kill_leaves_the_same_ledger(opened: World, tmp_path: Path) -> None:
    """Kill a catch-up after each of its windows; the ledger ends as that of one run."""
    write_story(opened.root)
    now = START + 7 * DAY + HOUR
    catch_up(loaded(BUDGETED), at(opened, now))
    killed = replace(world(tmp_path / "killed", START), root=opened.root)
    for _ in range(7):
        started = begin(BUDGETED, loaded(BUDGETED).source, at(killed, now))
        step(started, due(started, at(killed, now))[0], at(killed, now))
    assert killed.ledger.content() == opened.ledger.content()
    catch_up(loaded(BUDGETED), at(killed, now))
    assert killed.ledger.content() == opened.ledger.content()
    killed.ledger.close()


def test_windows_out_of_order_count_what_was_there_and_why_says_so(opened: World) -> None:
    write_story(opened.root)
    later = at(opened, START + 7 * DAY + HOUR)
    started = begin(BUDGETED, "", later)
    windows = due(started, later)
    for window in (windows[4], windows[1]):
        step(started, window, later)
    late = opened.ledger.judged(MODEL, windows[4].start)
    assert late is not None
    drift = late.verdict.of("drift")
    assert drift is not None
    assert drift.budget is not None
    assert (drift.budget.bad, drift.budget.kept) == (1, "short")
    counted = opened.ledger.budget_counts(BUDGETED, windows[4])
    said = recompute(late, BUDGETED, opened.profiles, counted)
    assert (said.verdict_agrees, said.budgets_agree) == (True, False)
    assert counted["drift"][0].short == 1


def test_every_stored_verdict_comes_out_the_same_again(opened: World) -> None:
    write_story(opened.root)
    for now in (START + 7 * DAY + HOUR, START + 12 * DAY):
        catch_up(loaded(BUDGETED), at(opened, now))
    for each in opened.ledger.windows(MODEL):
        assert recompute(each, BUDGETED, opened.profiles).verdict_agrees


def test_a_budget_that_comes_later_counts_the_windows_before_it(opened: World) -> None:
    plain: Policy = policy()
    write_story(opened.root)
    catch_up(loaded(plain), at(opened, START + 5 * DAY + HOUR))
    catch_up(loaded(BUDGETED), at(opened, START + 6 * DAY + HOUR))
    newest = opened.ledger.judged(MODEL)
    assert newest is not None
    drift = newest.verdict.of("drift")
    assert drift is not None
    assert drift.budget is not None
    assert (drift.budget.before[0].short, drift.budget.before[0].good) == (2, 3)
    performance = newest.verdict.of("performance")
    assert performance is not None
    assert performance.budget is not None
    # Nobody counted rows then: those windows are as if the model had not been watched yet.
    assert performance.budget.before[0].known == 0
