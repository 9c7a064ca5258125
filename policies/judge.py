"""JUDGE: a reading and a policy in, a verdict out. Pure: no clock, no client, no chance."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

from policies.objectives.drift import judge_drift
from policies.objectives.feed import judge_freshness, judge_volume
from policies.objectives.label_drift import with_labels
from policies.objectives.operations import judge_errors, judge_latency
from policies.objectives.performance import judge_performance
from policies.objectives.quality import judge_quality
from policies.objectives.slices import drift_in_slices, performance_in_slices
from policies.objectives.value import judge_value
from policies.outages import explained, explained_labels
from policies.policy import Drift, Performance, Policy, ValuePerPrediction
from policies.spending import Counts
from policies.verdict import ObjectiveVerdict, Status, Verdict, worst_severity, worst_status
from policies.within_budget import within_budget
from profiles.reading import Reading

OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance", "value", "latency", "errors")


def judge(
    reading: Reading,
    policy: Policy,
    recent: Sequence[Verdict] = (),
    before: Mapping[str, Sequence[Counts]] = MappingProxyType({}),
) -> Verdict:
    """Return how the window stands by the policy; objectives that are off are not in the verdict.

    `recent` holds earlier verdicts of the model in any order. They never change a status; a shortfall
    that lasts is said to last. `before` holds, by objective, what was counted of earlier windows in the spans
    of its error budget; they do change its status. Recomputing a verdict needs the same `recent` and
    `before`, which the verdict keeps.
    """
    objectives = _errored(reading.fault, policy) if reading.fault is not None else _judged(reading, policy)
    objectives = tuple(
        within_budget(each, reading, policy, before.get(each.objective, ())) for each in objectives
    )
    objectives = tuple(_with_streak(objective, reading, recent) for objective in objectives)
    return Verdict(
        model=reading.model,
        window=reading.window,
        status=worst_status(objective.status for objective in objectives),
        severity=worst_severity(objective.severity for objective in objectives),
        objectives=objectives,
        baseline=None if reading.baseline is None else reading.baseline.name,
    )


def _errored(fault: str, policy: Policy) -> tuple[ObjectiveVerdict, ...]:
    return tuple(
        ObjectiveVerdict(name, Status.ERRORED, fault)
        for name in OBJECTIVES
        if getattr(policy, name) is not None
    )


def _judged(reading: Reading, policy: Policy) -> tuple[ObjectiveVerdict, ...]:
    """Judge every objective that is on, outages before drift, which they may explain."""
    outages = tuple(
        verdict
        for verdict in (
            judge_freshness(reading, policy.freshness) if policy.freshness else None,
            judge_volume(reading, policy.volume) if policy.volume else None,
            judge_quality(reading, policy, policy.quality) if policy.quality else None,
        )
        if verdict is not None
    )
    verdicts = (
        *outages,
        _drift(reading, policy, policy.drift, outages) if policy.drift else None,
        _performance(reading, policy, policy.performance) if policy.performance else None,
        _value(reading, policy, policy.value) if policy.value else None,
        judge_latency(reading, policy, policy.latency) if policy.latency else None,
        judge_errors(reading, policy, policy.errors) if policy.errors else None,
    )
    return tuple(verdict for verdict in verdicts if verdict is not None)


def _drift(
    reading: Reading, policy: Policy, target: Drift, outages: Sequence[ObjectiveVerdict]
) -> ObjectiveVerdict:
    """Judge inputs and predictions, their slices, and the labels."""
    causes = explained(reading, policy, outages)
    whole = judge_drift(reading, policy, target, causes)
    sliced = drift_in_slices(whole, reading, policy, target, causes)
    return with_labels(sliced, reading, policy, target, explained_labels(reading, outages))


def _performance(reading: Reading, policy: Policy, target: Performance) -> ObjectiveVerdict:
    judged = performance_in_slices(judge_performance(reading, policy, target), reading, policy, target)
    return replace(judged, provisional=reading.labels is not None and not reading.labels.mature)


def _value(reading: Reading, policy: Policy, target: ValuePerPrediction) -> ObjectiveVerdict:
    with_labels = target.minimum_coverage is not None
    early = with_labels and reading.labels is not None and not reading.labels.mature
    return replace(judge_value(reading, policy, target), provisional=early)


def _with_streak(
    objective: ObjectiveVerdict, reading: Reading, recent: Sequence[Verdict]
) -> ObjectiveVerdict:
    """Add to a shortfall's reason how many windows in a row it has lasted."""
    if objective.status not in (Status.AT_RISK, Status.BREACHED):
        return objective
    windows, start = 1, reading.window.start
    for verdict in sorted(recent, key=lambda v: v.window, reverse=True):
        before = verdict.of(objective.objective)
        if verdict.model != reading.model or verdict.window.end != start or before is None:
            continue
        if before.status is not objective.status:
            break
        windows, start = windows + 1, verdict.window.start
    if windows == 1:
        return objective
    return replace(objective, reason=f"{objective.reason}; {windows} windows in a row")
