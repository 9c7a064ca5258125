"""The slices of a window judged like the window, and what they add to its verdict."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from policies.objectives.drift import judge_drift
from policies.objectives.evidence import inconclusive
from policies.objectives.performance import judge_performance
from policies.objectives.wording import listed
from policies.policy import Drift, Performance, Policy
from policies.verdict import (
    Finding,
    ObjectiveVerdict,
    Status,
    worst_severity,
    worst_status,
)
from profiles.reading import Reading, SegmentReading
from profiles.segments import false_alarm_rate, is_rest

_SHORTFALLS = (Status.AT_RISK, Status.BREACHED)


def drift_in_slices(
    whole: ObjectiveVerdict, reading: Reading, policy: Policy, target: Drift, explained: Mapping[str, str]
) -> ObjectiveVerdict:
    """Add the drift of each slice to the verdict on all rows.

    A slice is judged beside its own baseline only: beside all rows it would always have drifted by what
    makes it a slice. What explains a drift of all rows explains it in a slice as well.
    """
    if not target.segments or _saw_nothing(whole):
        return whole
    return _with_slices(
        whole,
        [
            (
                each.name,
                judge_drift(_sliced(reading, each), policy, target, explained)
                if _comparable(each)
                else inconclusive(whole.objective, "no baseline of its own"),
            )
            for each in reading.segments
        ],
    )


def performance_in_slices(
    whole: ObjectiveVerdict, reading: Reading, policy: Policy, target: Performance
) -> ObjectiveVerdict:
    """Add the score of each slice to the verdict on all rows; it breaches where it is visibly too bad.

    A slice without a baseline of its own is held to the limit of all rows.
    """
    if not target.segments or _saw_nothing(whole):
        return whole
    chance = false_alarm_rate(len(reading.segments))
    return _with_slices(
        whole,
        [
            (each.name, _said(each, judge_performance(_sliced(reading, each), policy, target, chance)))
            for each in reading.segments
        ],
    )


def _said(segment: SegmentReading, verdict: ObjectiveVerdict) -> ObjectiveVerdict:
    """Say of each finding when a slice was not held to a baseline of its own."""
    if segment.own_baseline or segment.baseline is None:
        return verdict
    note = f"held to the baseline of all rows, {segment.baseline.name}"
    return replace(
        verdict,
        findings=tuple(replace(each, sentence=f"{each.sentence}; {note}") for each in verdict.findings),
    )


def _saw_nothing(whole: ObjectiveVerdict) -> bool:
    """Say whether all rows together showed nothing; a drift that is explained was seen all the same."""
    return whole.status is Status.INCONCLUSIVE and not whole.findings


def _comparable(segment: SegmentReading) -> bool:
    return segment.own_baseline and not is_rest(segment.name)


def _sliced(reading: Reading, segment: SegmentReading) -> Reading:
    """Return the reading as if the slice were all there is."""
    return replace(
        reading,
        arrivals=replace(reading.arrivals, rows=segment.rows),
        baseline=segment.baseline,
        comparison=segment.comparison,
        labels=segment.labels,
        scores=segment.scores,
        unmeasured=segment.unmeasured,
        value=segment.value,
        segments=(),
    )


def _with_slices(whole: ObjectiveVerdict, slices: Sequence[tuple[str, ObjectiveVerdict]]) -> ObjectiveVerdict:
    """Join the verdicts: the worst of all that could be judged; without any such slice it is not met."""
    blind = tuple(name for name, verdict in slices if verdict.status is Status.INCONCLUSIVE)
    seen = [(name, verdict) for name, verdict in slices if name not in blind]
    found = [f"in {name} {verdict.reason}" for name, verdict in seen if verdict.status in _SHORTFALLS]
    reasons = [whole.reason]
    if found:
        reasons.append(listed(found))
    if blind:
        reasons.append(f"blind in {len(blind)} of {len(slices)} slices: {listed(blind)}")
    unknown = [] if seen else [Status.INCONCLUSIVE]
    verdicts = [verdict for _, verdict in seen]
    return replace(
        whole,
        status=worst_status([whole.status, *(verdict.status for verdict in verdicts), *unknown]),
        reason="; ".join(reasons),
        severity=worst_severity([whole.severity, *(verdict.severity for verdict in verdicts)]),
        findings=(*whole.findings, *_named(slices)),
        blind=blind,
    )


def _named(slices: Sequence[tuple[str, ObjectiveVerdict]]) -> list[Finding]:
    return [
        replace(finding, segment=name, sentence=f"{name}: {finding.sentence}")
        for name, verdict in slices
        for finding in verdict.findings
    ]
