"""COUNT: what an error budget allows, what is spent of it and how fast it burns. Pure.

Budgets and burn rates are those of B. Beyer et al. (eds.), The Site Reliability Workbook (O'Reilly, 2018),
chapter 5, "Alerting on SLOs", with windows or rows for requests. All comparisons are exact (fractions).
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from fractions import Fraction

from policies.policy import Budget, BurnTier
from policies.spending import Burn, Counts, Event, Kept, Spending
from profiles.window import Cadence, Window

ERRORS = "errors"
# The short span that has to burn as fast: the workbook's part of the long one.
_CONFIRMED_BY = 12
_SECOND = timedelta(seconds=1)


def exact(share: float) -> Fraction:
    """Return a share as it was written: 0.07 is seven hundredths, not the binary number next to it."""
    return Fraction(str(share))


def by_windows(objective: str, budget: Budget) -> bool:
    """Say whether a window counts as a whole: all its rows are good, or all fell short."""
    return budget.of == "windows" or objective != ERRORS


def burn_limit(tier: BurnTier, budget: Budget) -> Fraction:
    """Return the rate beyond which a tier burns too fast: spends / (within / over).

    2 % of the budget in 1 h of 30 d is a rate of 14.4.
    """
    return exact(tier.spends) * Fraction(budget.over // _SECOND, tier.within // _SECOND)


def spans(budget: Budget, cadence: Cadence) -> tuple[int, ...]:
    """Return the spans to count over, in windows and rounded up: the period, and each tier's two."""
    found = [cadence.count(budget.over)]
    for tier in budget.burn:
        long = cadence.count(tier.within)
        found += [long, _confirming(long)]
    return tuple(dict.fromkeys(found))


def counted(window: Window, budget: Budget, cadence: Cadence, events: Iterable[Event]) -> tuple[Counts, ...]:
    """Return what was counted before `window` in each span that ends with it, in the order of `spans`.

    Events may come in any order. Windows of another cadence do not count, and where rows are counted those
    without a count of rows do not either: both were judged by an earlier policy.
    """
    usable = [
        event
        for event in events
        if event.start < window.start
        and cadence.window(event.start) == Window(event.start, event.end)
        and (budget.of == "windows" or event.kept == "unknown" or event.rows is not None)
    ]
    return tuple(_counted(cadence.before(window.start, n - 1), n, usable) for n in spans(budget, cadence))


def _counted(since: datetime, windows: int, events: Sequence[Event]) -> Counts:
    held = [event for event in events if event.start >= since]
    kept = Counter(event.kept for event in held)
    known = [event for event in held if event.kept != "unknown"]
    return Counts(
        windows,
        *(kept["short"], kept["good"], kept["unknown"]),
        bad_rows=sum(event.bad_rows or 0 for event in known),
        rows=sum(event.rows or 0 for event in known),
    )


def spend(
    objective: str,
    budget: Budget,
    cadence: Cadence,
    kept: Kept,
    bad_rows: int,
    rows: int,
    before: Sequence[Counts] = (),
) -> Spending:
    """Return how a budget stands after a window; a span that `before` does not have is empty.

    spent = bad / allowed of the period, left = 1 - spent. At the pace of the longest tier's long span (of
    the period, without tiers), the budget is spent in left * over / pace, where the pace exceeds 1.
    """
    given = {counts.windows: counts for counts in before}
    known = {n: given.get(n, Counts(n)) for n in spans(budget, cadence)}
    totals = {n: counts.plus(kept, bad_rows, rows) for n, counts in known.items()}
    period = totals[cadence.count(budget.over)]
    bad, may = _bad(period, budget), allowed(period, budget)
    left = None if may == 0 else max(Fraction(0), 1 - bad / may)
    burns = tuple(_burn(objective, tier, budget, cadence, totals) for tier in budget.burn)
    longest = max((burn.windows for burn in burns), default=period.windows)
    return Spending(
        of=budget.of,
        over=budget.over,
        kept=kept,
        bad_rows=bad_rows,
        rows=rows,
        before=tuple(known.values()),
        bad=bad,
        allowed=float(may),
        unknown=period.unknown,
        left=None if left is None else float(left),
        burns=burns,
        exhausted_in=_exhausted_in(left, rate(totals[longest], budget), budget.over),
    )


def allowed(counts: Counts, budget: Budget) -> Fraction:
    """Return how many windows or rows of a span may fall short.

    allow * (windows - unknown), for rows times the mean rows of the known windows. Windows that could not be
    judged are left out, so that nothing is earned by being blind; windows before the first one that was ever
    judged are taken to be like the others, as a new budget is a whole one.
    """
    share = exact(budget.allow) * (counts.windows - counts.unknown)
    if budget.of == "windows":
        return share
    return share * Fraction(counts.rows, counts.known) if counts.known else Fraction(0)


def rate(counts: Counts, budget: Budget) -> Fraction | None:
    """Return a span's burn rate: bad / allowed of that span; None where nothing is known."""
    may = allowed(counts, budget)
    return None if counts.known == 0 or may == 0 else _bad(counts, budget) / may


def _confirming(long: int) -> int:
    return -(-long // _CONFIRMED_BY)


def _bad(counts: Counts, budget: Budget) -> int:
    return counts.short if budget.of == "windows" else counts.bad_rows


def _burn(
    objective: str, tier: BurnTier, budget: Budget, cadence: Cadence, totals: dict[int, Counts]
) -> Burn:
    """Measure one tier: too fast when both spans exceed its limit.

    Where windows count as a whole, one that fell short is a shortfall and not yet a burn: it takes two.
    """
    windows = cadence.count(tier.within)
    counts, limit = totals[windows], burn_limit(tier, budget)
    long, short = rate(counts, budget), rate(totals[_confirming(windows)], budget)
    enough = counts.short > 1 or not by_windows(objective, budget)
    return Burn(
        windows=windows,
        long=None if long is None else float(long),
        short=None if short is None else float(short),
        limit=float(limit),
        bad=_bad(counts, budget),
        events=counts.known if budget.of == "windows" else counts.rows,
        too_fast=enough and long is not None and short is not None and min(long, short) > limit,
    )


def _exhausted_in(left: Fraction | None, pace: Fraction | None, over: timedelta) -> timedelta | None:
    if left == 0:
        return timedelta(0)
    if left is None or pace is None or pace <= 1:
        return None
    return timedelta(seconds=round(left * round(over.total_seconds()) / pace))
