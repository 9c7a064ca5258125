"""What is left of a budget is on every screen, in words; `--json` has the fields that are described."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from docs.embed import CHECKOUT
from policies.budget import spend
from policies.policy import Budget, BurnTier, Drift, Freshness
from policies.spending import Counts, Kept, Spending
from policies.verdict import ObjectiveVerdict, Severity, Status
from profiles.window import Cadence
from registry.recompute import Recomputed
from registry.records import RecordedPolicy
from reports.budgets import budget_json, budget_said, budgets, left_said
from reports.pages import ModelSeen, model_page
from reports.promised import in_short
from reports.shapes import why_json
from reports.status import Standing, fleet_table, windows_table
from reports.why import why_text
from tests.fakes import DAY, START, policy
from tests.reports.conftest import Make

TENTH = Budget("windows", 0.1, 30 * DAY, (BurnTier(Severity.CRITICAL, 0.4, 2 * DAY),))
SAME = Recomputed(verdict_agrees=True, comparison_agrees=True, note="The same.", budgets_agree=True)


def spent(kept: Kept, *before: Counts) -> Spending:
    return spend("drift", TENTH, Cadence("1d"), kept, 0, 0, before)


def drift(status: Status, budget: Spending) -> ObjectiveVerdict:
    return ObjectiveVerdict("drift", status, "as it is", budget=budget)


ALLOWED = drift(Status.AT_RISK, spent("short", Counts(30, 1, 9, 1), Counts(2, 1)))
MET = drift(Status.MET, spent("good", Counts(30, 1, 9)))


@pytest.mark.parametrize(
    ("spending", "left", "said"),
    [
        (spent("good"), "100 % left", "0 of 3 windows that 30d allow are spent; 100 % left"),
        (spent("short"), "66.7 % left", "1 of 3 windows that 30d allow are spent; 66.7 % left"),
        (spent("short", Counts(30, 3, 9)), "overspent", "4 of 3 windows that 30d allow are spent; overspent"),
        (
            spent("unknown", Counts(30, 1, 9)), "65.5 % left",
            "1 of 2 windows that 30d allow are spent, 1 window unknown; 65.5 % left",
        ),
        (
            replace(spent("good"), left=None, burns=()), "budget unknown",
            "0 of 3 windows that 30d allow are spent; budget unknown",
        ),
    ],
)  # fmt: skip
def test_a_budget_is_said_in_words(spending: Spending, left: str, said: str) -> None:
    assert left_said(spending) == left
    assert budget_said(spending).startswith(said)


def test_a_burn_says_both_its_rates_the_limit_and_how_long_the_budget_lasts() -> None:
    assert ALLOWED.budget is not None
    said = budget_said(ALLOWED.budget)
    assert "too fast: burn rate 10 and 10 over 2 windows, at most 6; spent in 22h 21m at this pace" in said
    assert "burn rate 0 and 0 over 2 windows, at most 6" in budget_said(spent("good"))
    assert "burn rate ? and ? over 2 windows" in budget_said(spent("unknown", Counts(2, unknown=1)))


def printed(renderable: Any, width: int = 160) -> str:
    console = Console(width=width, highlight=False)
    with console.capture() as captured:
        console.print(renderable)
    return captured.get()


@pytest.mark.parametrize("width", [160, 90])
def test_status_shows_what_is_left_beside_the_objective(judged: Make, width: int) -> None:
    for table in (
        fleet_table([Standing("shop.prices", "shop", "3", judged(ALLOWED))]),
        windows_table("shop.prices", [judged(ALLOWED)]),
    ):
        assert "at risk, 31 % left" in printed(table, width)
    assert "96.7 % left" not in printed(fleet_table([Standing("a.b", "a", "3", judged(MET))]), width)
    assert "66.7 % left" in printed(fleet_table([Standing("a.b", "a", "3", judged(MET))]), width)


def test_why_says_how_each_budget_stands(judged: Make) -> None:
    text = printed(why_text(judged(ALLOWED), policy(), SAME), 200)
    assert "budget of drift  2 of 2 windows that 30d allow are spent, 1 window unknown; 31 % left" in text


def test_json_has_the_fields_that_the_page_describes(judged: Make) -> None:
    found = why_json(judged(ALLOWED), policy(), SAME)
    assert found["objectives"]["drift"]["budget_left"] == pytest.approx(1 - 2 / 2.9)
    assert found["recomputed"]["budgets"] is True
    page = (CHECKOUT / "docs" / "cli.md").read_text()
    described = set(re.findall(r"^\| `budgets\[\]\.([^`]+)` \|", page, re.MULTILINE))
    (budget,) = found["budgets"]
    assert budget.pop("objective") == "drift"
    (burn,) = budget.pop("burns")
    assert described == {"objective", *budget, *(f"burns[].{key}" for key in burn)}
    assert ALLOWED.budget is not None
    assert budget_json(ALLOWED.budget)["exhausted_in_seconds"] == pytest.approx(80_460, abs=60)


def test_the_page_of_a_model_draws_its_budgets(judged: Make) -> None:
    days = []
    for day, objective in enumerate((ObjectiveVerdict("drift", Status.MET, "well"), MET, ALLOWED)):
        made = judged(objective)
        window = replace(made.verdict.window, start=START + day * DAY, end=START + (day + 1) * DAY)
        days.append(
            replace(
                made,
                verdict=replace(made.verdict, window=window),
                reading=replace(made.reading, window=window),
            )
        )
    (drawn,) = budgets(days)
    assert [cell.kind for cell in drawn.strip.cells] == ["absent", "met", "breached"]
    assert drawn.strip.said == "1 no budget then, 1 kept, 1 fell short"
    assert drawn.picture_said == "percent of the budget left after each window; never overspent"
    budgeted = policy(
        drift=Drift(0.1, 0.25, 0.05, 0.1, Severity.HIGH, budget=TENTH),
        freshness=Freshness(timedelta(hours=6), Severity.CRITICAL),
    )
    recorded = RecordedPolicy(f"sha256:{5:064x}", budgeted, "", START)
    page = model_page(ModelSeen("shop.prices", recorded, None, tuple(days)))
    assert 'id="budgets"' in page
    assert "2 of 2 windows that 30d allow are spent" in page
    assert 'id="budgets"' not in model_page(ModelSeen("shop.prices", None, None, tuple(days[:1])))
    assert dict(in_short(recorded))["drift"].endswith("; 10 % of the windows in 30d may fall short")
