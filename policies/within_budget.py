"""What an error budget makes of an objective's verdict: a shortfall that it allows, a burn, or a breach."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import floor

from policies.budget import ERRORS, burn_limit, spend
from policies.objectives.wording import listed
from policies.outages import OUTAGES
from policies.policy import Budget, BurnTier, Policy
from policies.spending import Burn, Counts, Kept, Spending
from policies.verdict import (
    SEVERITIES,
    Finding,
    ObjectiveVerdict,
    Severity,
    Status,
    worst_severity,
    worst_status,
)
from profiles.reading import Reading
from profiles.window import spelled

# Kinds of findings that speak for many windows: they need not persist.
BURN, SPENT = "burn", "budget_spent"
BUDGET_CODES = frozenset({BURN, SPENT})
_KEPT: Mapping[Status, Kept] = {
    Status.MET: "good",
    Status.AT_RISK: "good",
    Status.BREACHED: "short",
    Status.INCONCLUSIVE: "unknown",
    Status.ERRORED: "unknown",
}


def kept(status: Status) -> Kept:
    """Return how a window that was judged alone counts."""
    return _KEPT[status]


def within_budget(
    alone: ObjectiveVerdict, reading: Reading, policy: Policy, before: Sequence[Counts]
) -> ObjectiveVerdict:
    """Return the verdict on an objective by its error budget, where it has one.

    `alone` is the verdict on the window alone, `before` what was counted of earlier ones. A shortfall that
    the budget allows is at risk, but an outage stays a breach. A budget that is spent, and one that burns too
    fast, is a breach even where the window itself is met. A window that could not be judged stays so.
    """
    target = getattr(policy, alone.objective)
    budget: Budget | None = target.budget
    if budget is None:
        return alone
    bad_rows, rows = _rows(alone, reading)
    spending = spend(alone.objective, budget, policy.cadence, kept(alone.status), bad_rows, rows, before)
    if spending.kept == "unknown":
        return replace(alone, budget=spending)
    added = tuple(_findings(alone.objective, budget, target.severity, spending))
    softened = alone.findings if spending.spent else tuple(_softened(each) for each in alone.findings)
    findings = (*added, *softened)
    return replace(
        alone,
        status=_status(alone, findings, spending),
        reason=_reason(alone, findings, spending),
        severity=worst_severity(f.severity for f in findings if f.suppressed_by is None),
        findings=findings,
        budget=spending,
    )


def _rows(alone: ObjectiveVerdict, reading: Reading) -> tuple[int, int]:
    """Return how many rows of a window count as bad, and how many in all; of errors those that failed."""
    state = kept(alone.status)
    if state == "unknown":
        return 0, 0
    if alone.objective == ERRORS and reading.failures is not None:
        return reading.failures.failed, reading.failures.rows
    rows = reading.arrivals.rows
    return (rows if state == "short" else 0), rows


def _softened(finding: Finding) -> Finding:
    if finding.status is not Status.BREACHED or finding.code in OUTAGES or finding.suppressed_by is not None:
        return finding
    return replace(finding, status=Status.AT_RISK, severity=Severity.LOW)


def _status(alone: ObjectiveVerdict, findings: Sequence[Finding], spending: Spending) -> Status:
    counted = [finding.status for finding in findings if finding.suppressed_by is None]
    if alone.status is Status.BREACHED and not spending.spent:
        return worst_status([Status.AT_RISK, *counted])
    return worst_status([alone.status, *counted])


def _findings(objective: str, budget: Budget, severity: Severity, spending: Spending) -> Iterator[Finding]:
    fast = [(tier, burn) for tier, burn in zip(budget.burn, spending.burns, strict=True) if burn.too_fast]
    if fast:
        tier, burn = max(
            fast, key=lambda each: (SEVERITIES.index(each[0].severity), burn_limit(each[0], budget))
        )
        yield _burning(objective, budget, tier, burn)
    if spending.spent:
        period = spending.before[0]
        blind = f"; {_windows(spending.unknown)} could not be judged" if spending.unknown else ""
        yield Finding(
            code=SPENT,
            sentence=(
                f"{spending.bad:,} {budget.of} {_failed(objective, budget)} in {spelled(budget.over)}, "
                f"{floor(spending.allowed):,} are allowed{blind}"
            ),
            status=Status.BREACHED,
            severity=severity,
            measured=float(spending.bad),
            limit=spending.allowed,
            rows=period.known + 1 if budget.of == "windows" else period.rows + spending.rows,
        )


def _burning(objective: str, budget: Budget, tier: BurnTier, burn: Burn) -> Finding:
    return Finding(
        code=BURN,
        sentence=(
            f"burning {burn.long or 0.0:.3g} times as fast as the budget lasts, at most {burn.limit:.3g} is "
            f"allowed: {burn.bad:,} of {burn.events:,} {budget.of} {_failed(objective, budget)} within "
            f"{spelled(tier.within)}"
        ),
        status=Status.BREACHED,
        severity=tier.severity,
        measured=burn.long or 0.0,
        limit=burn.limit,
        rows=burn.events,
    )


def _failed(objective: str, budget: Budget) -> str:
    return "failed" if objective == ERRORS and budget.of == "rows" else "fell short"


def _reason(alone: ObjectiveVerdict, findings: Sequence[Finding], spending: Spending) -> str:
    """Say what was found, then how the budget stands where something of it was spent here or found."""
    said = listed([each.sentence for each in alone.findings if each.suppressed_by is None])
    rest = alone.reason.removeprefix(said) if said and alone.reason.startswith(said) else f"; {alone.reason}"
    now = listed([each.sentence for each in findings if each.suppressed_by is None])
    reason = f"{now}{rest}" if now else alone.reason
    if spending.spent or spending.bad == 0:
        return reason
    return f"{reason}; {spent_said(spending)}"


def spent_said(spending: Spending) -> str:
    """Say what is spent of a budget: `2 of 3 windows that 30d allow are spent`."""
    unknown = f", {_windows(spending.unknown)} unknown" if spending.unknown else ""
    return (
        f"{spending.bad:,} of {floor(spending.allowed):,} {spending.of} that {spelled(spending.over)} allow "
        f"are spent{unknown}"
    )


def _windows(count: int) -> str:
    return "1 window" if count == 1 else f"{count:,} windows"
