"""Drift of the labels: whether what came true is distributed as in the baseline. A part of drift."""

from dataclasses import dataclass, replace

from policies.objectives.drift import column_drift, measurable
from policies.objectives.evidence import Blind, comparison_of, found, label_coverage, too_few_labels
from policies.objectives.wording import listed, number, percent
from policies.policy import Drift, Policy
from policies.verdict import Finding, ObjectiveVerdict, Status, worst_severity, worst_status
from profiles.reading import ColumnComparison, Outcomes, Reading


@dataclass(frozen=True)
class _Seen:
    """What the labels showed: a finding where they drifted, and a sentence either way."""

    said: str
    finding: Finding | None = None


def with_labels(
    whole: ObjectiveVerdict, reading: Reading, policy: Policy, target: Drift, explained: str | None
) -> ObjectiveVerdict:
    """Add the drift of the labels to the verdict on inputs and predictions.

    Labels that cannot be compared (yet) are said not to be, and leave the verdict on what could be: they come
    late by nature. A breach by labels alone is provisional as long as more of them may come. `explained` is
    the code of the outage that a drift of the labels follows from; such a drift is kept and does not count.
    """
    if policy.labels is None or policy.labels.label in target.ignore:
        return whole
    if reading.outcomes is None:
        return whole  # no label is known, or the reading is older than this part of the verdict
    if isinstance(comparison_of(reading, policy), Blind):
        return whole  # which already says why nothing is judged
    seen = _judged(reading, reading.outcomes, policy, target)
    if isinstance(seen, Blind):
        return replace(whole, reason=f"{whole.reason}; labels not compared: {seen.reason}")
    if seen.finding is None or explained is not None:
        said = seen.said if explained is None else f"{seen.said}, which {explained} explains"
        kept = () if seen.finding is None else (replace(seen.finding, suppressed_by=explained),)
        return replace(whole, reason=f"{whole.reason}; {said}", findings=(*whole.findings, *kept))
    own = found(whole.objective, [seen.finding])
    early = reading.labels is not None and not reading.labels.mature
    return replace(
        whole,
        status=worst_status([whole.status, own.status]),
        reason=own.reason if whole.status is Status.MET else _reason(whole, seen.finding),
        severity=worst_severity([whole.severity, own.severity]),
        findings=(*whole.findings, *own.findings),
        provisional=whole.provisional or (early and whole.status is not Status.BREACHED),
    )


def _reason(whole: ObjectiveVerdict, finding: Finding) -> str:
    """Return a reason that begins with all findings' sentences, as every reason that is made of them does."""
    said = [each.sentence for each in whole.findings if each.suppressed_by is None]
    if not said or not whole.reason.startswith(listed(said)):
        return f"{whole.reason}; {finding.sentence}"
    return listed([*said, finding.sentence]) + whole.reason.removeprefix(listed(said))


def _judged(reading: Reading, outcomes: Outcomes, policy: Policy, target: Drift) -> _Seen | Blind:
    """Return what the labels show, or why they show nothing."""
    if (why := too_few_labels(reading.labels, policy, label_coverage(policy))) is not None:
        return Blind(why)
    # Enough labels are in; what may lack is something to compare them with.
    if outcomes.comparison is None:
        name = "the baseline" if reading.baseline is None else f"the baseline {reading.baseline.name}"
        return Blind(f"{name} has no labels to compare with; register one of a labelled period")
    column = next(iter(outcomes.comparison.columns), None)
    if column is None or not measurable(column, target):
        return Blind("they are of another kind than those of the baseline")
    name = f"label `{column.column}`"
    early = ""
    if reading.labels is not None and not reading.labels.mature:
        early = f"; provisional, {percent(reading.labels.coverage)} of the rows have labels so far"
    finding = column_drift(column, target, f"{name} drifted")
    if finding is None:
        return _Seen(f"{name} did not drift{_power(column)}{early}")
    finding = replace(finding, sentence=f"{finding.sentence}{early}")
    return _Seen(finding.sentence, finding)


def _power(column: ColumnComparison) -> str:
    if column.smallest_shift is None:
        return ""
    if column.kind == "category":
        return f", {percent(column.smallest_shift)} of one class's share would have been seen"
    return f", a shift of {number(column.smallest_shift, 2)} sd would have been seen"
