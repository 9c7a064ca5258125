"""What of an error budget nobody wrote: what is counted, over which period, and which burns are too fast."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from math import ceil, floor

from policies.budget import ERRORS, burn_limit, by_windows, exact
from policies.policy import Budget, BudgetUnit, BurnTier
from policies.verdict import SEVERITIES, Severity
from policies.written_budget import BudgetFile
from policies.written_switch import Off
from profiles.window import Cadence

PERIOD = timedelta(days=30)
PERIOD_WINDOWS = 12  # of a cadence of weeks or months 30 days hold too few to count a share of
# Share of the budget, the part of the period that it is spent in, and whether it is fast. The Site
# Reliability Workbook, chapter 5: 2 % in 1 h, 5 % in 6 h and 10 % in 3 d of 30 d, burn rates 14.4, 6 and 1.
TIERS = (
    (Fraction(2, 100), Fraction(1, 720), True),
    (Fraction(5, 100), Fraction(1, 120), True),
    (Fraction(10, 100), Fraction(1, 10), False),
)
_WRITTEN = 10_000  # shares are rounded up to hundredths of a percent
_SECOND = timedelta(seconds=1)


def resolved_budget(
    keys: BudgetFile | Off | None, objective: str, severity: Severity, cadence: Cadence
) -> Budget | None:
    """Fill in the defaults of a budget; None where there is none."""
    if not isinstance(keys, BudgetFile) or keys.allow is None:
        return None
    budget = Budget(unit(keys, objective), keys.allow, keys.over or period(cadence))
    tiers = (
        usual_tiers(objective, budget, severity, cadence)
        if keys.burn is None
        else tuple(BurnTier(each.severity, each.spends, each.within) for each in keys.burn)
    )
    return Budget(budget.of, budget.allow, budget.over, tiers)


def unit(keys: BudgetFile, objective: str) -> BudgetUnit:
    """Return what a budget counts: by default rows where they fail one by one, else windows."""
    return keys.of or ("rows" if objective == ERRORS else "windows")


def period(cadence: Cadence) -> timedelta:
    """Return the default for the period: 30 days, at least 12 windows."""
    return max(PERIOD, PERIOD_WINDOWS * cadence.length)


def usual_tiers(objective: str, budget: Budget, severity: Severity, cadence: Cadence) -> tuple[BurnTier, ...]:
    """Return the workbook's tiers, fitted to a budget that may be a few windows.

    Each tier keeps its burn rate r. Its span is the workbook's part of the period in whole windows; where
    windows count as a whole it is long enough, 1 / (allow * r) windows, that its share of the budget is one
    of them, so that a single one is no burn. A tier is left out that can never be reached (r * allow >= 1),
    or not before the budget is spent. A fast burn is one step more urgent than a breach of the objective.
    """
    kept: dict[tuple[Severity, timedelta], BurnTier] = {}
    for tier in _fitted(objective, budget, severity, cadence):
        if _tells_something(tier, objective, budget, cadence):
            kept[tier.severity, tier.within] = tier
    return tuple(kept.values())


def _fitted(objective: str, budget: Budget, severity: Severity, cadence: Cadence) -> Iterator[BurnTier]:
    windows, share = cadence.count(budget.over), exact(budget.allow)
    faster = SEVERITIES[min(SEVERITIES.index(severity) + 1, len(SEVERITIES) - 1)]
    for spends, part, fast in TIERS:
        rate = spends / part
        long = ceil(part * windows)
        if by_windows(objective, budget):
            long = max(long, ceil(1 / (share * rate)))
        within = long * cadence.length
        asked = rate * Fraction(within // _SECOND, budget.over // _SECOND)
        written = ceil(asked * _WRITTEN) / _WRITTEN
        yield BurnTier(faster if fast else severity, min(written, 1.0), within)


def _tells_something(tier: BurnTier, objective: str, budget: Budget, cadence: Cadence) -> bool:
    share, windows = exact(budget.allow), cadence.count(budget.over)
    limit, long = burn_limit(tier, budget), cadence.count(tier.within)
    if tier.spends >= 1 or tier.within > budget.over or limit < 1 or limit * share >= 1:
        return False
    if by_windows(objective, budget):
        # One window is no burn, and the burn is seen while something is left.
        return 1 <= floor(limit * share * long) < floor(share * windows)
    return limit * long < windows
