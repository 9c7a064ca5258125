"""Error budgets on screens: what is left of them, how fast they burn, and what they counted."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from policies.objectives.wording import percent
from policies.objectives.wording import span as lasting
from policies.spending import Burn, Kept, Spending
from policies.within_budget import spent_said
from profiles.window import spelled
from registry.records import Judged
from reports.charts import Level, Point, over_time
from reports.strips import Cell, Strip
from reports.words import counted, span

_KINDS: Mapping[Kept, tuple[str, str]] = {
    "good": ("met", "kept"),
    "short": ("breached", "fell short"),
    "unknown": ("inconclusive", "unknown"),
}


def left_said(spending: Spending) -> str:
    """Say in a few words what is left: `67 % left`, `overspent`, `budget unknown`."""
    if spending.spent:
        return "overspent"
    return "budget unknown" if spending.left is None else f"{percent(spending.left)} left"


def budget_said(spending: Spending) -> str:
    """Say how a budget stands: what is spent and left, how fast it burns, and how long it lasts so."""
    said = [spent_said(spending), left_said(spending)]
    said += [_burn_said(burn) for burn in spending.burns]
    if spending.exhausted_in is not None and not spending.spent and spending.left:
        said.append(f"spent in {lasting(spending.exhausted_in)} at this pace")
    return "; ".join(said)


def _burn_said(burn: Burn) -> str:
    rates = " and ".join("?" if rate is None else f"{rate:.3g}" for rate in (burn.long, burn.short))
    word = "too fast: " if burn.too_fast else ""
    return f"{word}burn rate {rates} over {counted(burn.windows, 'window')}, at most {burn.limit:.3g}"


def budget_json(spending: Spending) -> dict[str, Any]:
    """Return the shape of one budget in `muster why --json`."""
    return {
        "of": spending.of,
        "over": spelled(spending.over),
        "bad": spending.bad,
        "allowed": spending.allowed,
        "unknown_windows": spending.unknown,
        "left": spending.left,
        "exhausted_in_seconds": (
            None if spending.exhausted_in is None else spending.exhausted_in.total_seconds()
        ),
        "burns": [
            {
                "windows": burn.windows,
                "long": burn.long,
                "short": burn.short,
                "limit": burn.limit,
                "too_fast": burn.too_fast,
            }
            for burn in spending.burns
        ],
    }


@dataclass(frozen=True)
class BudgetPicture:
    """One objective's budget over time: in words, as a picture of what was left, and window by window."""

    name: str
    said: str
    picture: Markup
    picture_said: str
    strip: Strip


def budgets(judged: Sequence[Judged]) -> list[BudgetPicture]:
    """Return the budgets that the newest window was judged by, in the order of the objectives."""
    newest = judged[-1].verdict.objectives if judged else ()
    return [_picture(each.objective, each.budget, judged) for each in newest if each.budget is not None]


def _picture(objective: str, now: Spending, judged: Sequence[Judged]) -> BudgetPicture:
    known = [(each, each.verdict.of(objective)) for each in judged]
    budgets = [(each, None if verdict is None else verdict.budget) for each, verdict in known]
    points = [
        Point(each.verdict.window.start, 100 * budget.left, bad=budget.spent)
        for each, budget in budgets
        if budget is not None and budget.left is not None
    ]
    spent = sum(point.bad for point in points)
    said = "percent of the budget left after each window"
    said += f"; overspent in {counted(spent, 'window')}" if spent else "; never overspent"
    levels = [Level("whole", tuple(p.at for p in points), tuple(100.0 for _ in points))]
    return BudgetPicture(
        name=objective,
        said=budget_said(now),
        picture=over_time(f"budget-{objective}", said, points, levels) if points else Markup(),
        picture_said=said,
        strip=_strip(objective, budgets),
    )


def _strip(objective: str, budgets: Sequence[tuple[Judged, Spending | None]]) -> Strip:
    cells, counts = [], Counter[str]()
    for each, budget in budgets:
        kind, word = ("absent", "no budget then") if budget is None else _KINDS[budget.kept]
        counts[word] += 1
        left = "" if budget is None else f", {left_said(budget)}"
        cells.append(Cell(kind, f"{span(each.verdict.window)} {word}{left}"))
    return Strip(objective, tuple(cells), ", ".join(f"{n} {word}" for word, n in counts.items()))
