"""Drift: whether inputs and predictions are distributed as in the baseline.

A drift says that a distribution moved. It does not say that the model fares worse: the sentences take
care not to claim that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from policies.objectives.evidence import Blind, comparison_of, found, inconclusive
from policies.objectives.movement import DESCRIBED, steady, visible
from policies.objectives.wording import apart, listed, number, percent
from policies.policy import Drift, Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import ColumnComparison, Comparison, Reading

DRIFT = "drift"
_NO_HARM_SHOWN = "whether this harms the predictions, drift alone does not say"


@dataclass(frozen=True)
class _Limit:
    """A distance with its two effect limits."""

    distance: str
    minor: float
    significant: float


def judge_drift(
    reading: Reading, policy: Policy, target: Drift, explained: Mapping[str, str]
) -> ObjectiveVerdict:
    """Judge every column that is not ignored; a drift must be both visible and large.

    `explained` maps a column to the code of the quality finding that explains its drift: such a drift is
    kept and does not count, and neither does it count as no drift.
    """
    comparison = comparison_of(reading, policy)
    if isinstance(comparison, Blind):
        return inconclusive(DRIFT, comparison.reason)
    columns = _judged(comparison, target)
    if not columns:
        return inconclusive(DRIFT, "no column of numbers or categories to compare with the baseline")
    findings = _by_size(
        [
            replace(finding, suppressed_by=explained.get(column.column))
            for column in columns
            if (finding := column_drift(column, target)) is not None
        ]
    )
    if any(finding.suppressed_by is None for finding in findings):
        verdict = found(DRIFT, findings)
        return replace(verdict, reason=f"{verdict.reason}; {_NO_HARM_SHOWN}")
    # No drift counts. Before that is called no drift, every column must have been open to view.
    if findings:
        said = [f"{f.column} moved, which {f.suppressed_by} explains" for f in findings]
        return replace(inconclusive(DRIFT, listed(said)), findings=tuple(findings))
    if hidden := [column.column for column in columns if not measurable(column, target)]:
        return inconclusive(DRIFT, f"could not be compared with the baseline: {listed(hidden)}")
    return ObjectiveVerdict(DRIFT, Status.MET, _no_drift(columns))


def _judged(comparison: Comparison, target: Drift) -> list[ColumnComparison]:
    # Times always move on, and nothing is known of the distribution of other kinds or of no values.
    return [
        column
        for column in comparison.columns
        if column.column not in target.ignore
        and (
            column.baseline_kind in ("number", "category") or {column.kind, column.baseline_kind} & DESCRIBED
        )
    ]


def _limits(column: ColumnComparison, target: Drift) -> tuple[_Limit, ...]:
    psi = _Limit("psi", target.minor, target.significant)
    if column.kind == "category":
        # One category out of many that doubles hardly shows in psi.
        return psi, _Limit("linf", target.minor_share, target.significant_share)
    if column.kind == "text":
        return (_Limit("new_words", target.minor_new_words, target.significant_new_words),)
    if column.kind == "embedding":
        return (_Limit("mmd", target.minor_mmd, target.significant_mmd),)
    # The tail of a skewed column may double within the last of psi's cells.
    return psi, _Limit("wasserstein", target.minor_shift, target.significant_shift)


def measurable(column: ColumnComparison, target: Drift) -> bool:
    """Say whether any distance that is judged is known, and what chance makes of it."""
    return any(visible(column, limit.distance) is not None for limit in _limits(column, target))


def column_drift(column: ColumnComparison, target: Drift, subject: str | None = None) -> Finding | None:
    """Return the largest drift of one column that is visible and not small; `subject` begins its sentence."""
    what = f"embedding {column.column}" if column.kind == "embedding" else column.column
    drifts = [
        _finding(column, limit, target, subject or f"{what} moved")
        for limit in _limits(column, target)
        if visible(column, limit.distance) and getattr(column.distances, limit.distance) >= limit.minor
    ]
    return next(iter(_by_size(drifts)), None)


def _finding(column: ColumnComparison, limit: _Limit, target: Drift, subject: str) -> Finding:
    value = getattr(column.distances, limit.distance)
    chance = getattr(column.chance, limit.distance)
    significant = value >= limit.significant
    size, allowed = ("significant", limit.significant) if significant else ("minor", limit.minor)
    if limit.distance == "linf":
        measured, bounds = f"one category's share changed by {percent(value)}", percent(allowed)
        by_chance = percent(chance)
    elif limit.distance == "wasserstein":
        (said, bounds), by_chance = apart(value, allowed), number(chance)
        measured = f"its values shifted by {said} sd"
    elif limit.distance == "new_words":
        new = percent(column.new_word_share or 0.0)
        measured = f"{new} of its words are new, {percent(value)} more than expected"
        bounds, by_chance = percent(allowed), percent(chance)
    else:
        (said, bounds), by_chance = apart(value, allowed), number(chance)
        measured = f"{'MMD' if limit.distance == 'mmd' else 'psi'} {said}"
    return Finding(
        code=DRIFT,
        sentence=(
            f"{subject}: {measured}, {size} from {bounds} on, by chance up to {by_chance}; "
            f"{column.present:,} rows{_nature(column)}"
        ),
        status=Status.BREACHED if significant else Status.AT_RISK,
        severity=target.severity if significant else Severity.LOW,
        measured=value,
        limit=allowed,
        rows=column.present,
        column=column.column,
        smallest_shift=column.smallest_shift,
    )


def _nature(column: ColumnComparison) -> str:
    """Say of a column that each window holds one value of it, that this is so in the baseline as well."""
    if not column.constant or not steady(column):
        return ""
    share = percent(column.baseline_steady or 0.0)
    return f"; it holds a single value, as in {share} of the baseline's windows"


def _by_size(findings: list[Finding]) -> list[Finding]:
    """Sort significant before minor drifts, then by how often they exceed their limit."""
    return sorted(
        findings, key=lambda f: (f.status is not Status.BREACHED, -f.measured / f.limit, f.column or "")
    )


def _no_drift(columns: list[ColumnComparison]) -> str:
    """Say how small a shift would have been seen in the columns that see least."""
    shifts = {
        kind: max(
            (c.smallest_shift for c in columns if c.kind == kind and c.smallest_shift is not None),
            default=None,
        )
        for kind in ("number", "category", "text", "embedding")
    }
    seen = []
    if shifts["number"] is not None:
        seen.append(f"a shift of {number(shifts['number'], 2)} sd")
    if shifts["category"] is not None:
        seen.append(f"{percent(shifts['category'])} of one category's share")
    if shifts["text"] is not None:
        seen.append(f"{percent(shifts['text'])} more new words")
    if shifts["embedding"] is not None:
        seen.append(f"an MMD of {number(shifts['embedding'], 2)}")
    power = f"; {' or '.join(seen)} would have been seen" if seen else ""
    return f"no drift in {len(columns)} columns{power}"
