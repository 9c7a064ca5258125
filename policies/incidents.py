"""FOLLOW: what a verdict does to a model's incidents: opened, extended, escalated, resolved. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from policies.objectives.wording import listed
from policies.outages import OUTAGES
from policies.policy import Policy
from policies.verdict import (
    SEVERITIES,
    Finding,
    ObjectiveVerdict,
    Severity,
    Status,
    Verdict,
    worst_severity,
)
from policies.within_budget import BUDGET_CODES

# `corrected` by a window that was judged again (policies.corrections); the last two, and by hand `resolved`
# as well, are a person's (policies.annotations).
ChangeKind: TypeAlias = Literal[
    "opened", "extended", "escalated", "resolved", "corrected", "annotated", "acknowledged"
]
# Neither good nor bad was seen: such a window does nothing to an incident.
_UNKNOWN = (Status.INCONCLUSIVE, Status.ERRORED)


@dataclass(frozen=True)
class Incident:
    """A breach that persisted, of one model and one kind.

    `kind` is the code of an outage (`silent`, `unit_changed`...), else the objective's name; `name` is
    unique within the model. `began` is the start of the first window that fell short, `last` that of the
    newest window that had a part in it, be it by resolving it. `resolved` says why it is over, `note` what
    was said of it last beside that, by a person or by a window that was judged again.
    """

    model: str
    name: str
    objective: str
    kind: str
    began: datetime
    last: datetime
    severity: Severity
    sentence: str
    windows: int = 1
    columns: tuple[str, ...] = ()
    resolved: str | None = None
    note: str | None = None
    acknowledged_by: str | None = None


@dataclass(frozen=True)
class IncidentChange:
    """What one window, pulse or person did to an incident; `after` is the incident as it is then.

    `actor` is the person; None where Muster did it itself.
    """

    change: ChangeKind
    after: Incident
    sentence: str
    actor: str | None = None


def follow(
    known: Sequence[Incident], verdict: Verdict, recent: Sequence[Verdict], policy: Policy
) -> tuple[IncidentChange, ...]:
    """Return what `verdict` changes, by kind.

    `known` holds the model's open incidents, and of the others those that reach to the verdict's window or
    beyond it; `recent` earlier verdicts in any order, as many judged ones at least as an objective's
    persistence asks for. A kind whose incident has had a part of this window or of a later one is left
    alone: a window that is judged again opens, extends and resolves nothing twice. What it may correct
    instead is told by policies.corrections.
    """
    found = breaches(verdict)
    changes = []
    settled = set()
    for incident in sorted(known, key=lambda each: each.name):
        if incident.last >= verdict.window.start:
            settled.add(incident.kind)
        elif incident.resolved is None:
            settled.add(incident.kind)
            if (change := _continued(incident, found.get(incident.kind), verdict, policy)) is not None:
                changes.append(change)
    for kind, breach in found.items():
        if kind not in settled and (change := _opened(breach, verdict, recent, policy)) is not None:
            changes.append(change)
    return tuple(changes)


def persistence(policy: Policy, objective: str) -> int:
    """Return how many judged windows in a row must be breached before an incident is opened."""
    return int(getattr(getattr(policy, objective), "persistence", 1))


@dataclass(frozen=True)
class Breach:
    """The findings of one kind that breach in one window."""

    kind: str
    objective: str
    findings: tuple[Finding, ...]
    severity: Severity
    sentence: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that the findings are about, by name."""
        return tuple(sorted({each.column for each in self.findings if each.column is not None}))


def breaches(verdict: Verdict) -> Mapping[str, Breach]:
    """Return what is breached, by kind; a feed that is silent is not also said to bring too few rows.

    Nor is an outage also said to burn a budget: that its objective's budget is spent is told when it is over.
    """
    breaches = {breach.kind: breach for each in verdict.objectives for breach in _of(each)}
    for outage in [each for kind, each in breaches.items() if kind in OUTAGES]:
        own = breaches.get(outage.objective)
        if own is not None and all(finding.code in BUDGET_CODES for finding in own.findings):
            del breaches[outage.objective]
    if "silent" in breaches:
        breaches.pop("volume_collapse", None)
    return breaches


def _of(objective: ObjectiveVerdict) -> Iterator[Breach]:
    if objective.status is not Status.BREACHED:
        return
    counted = [f for f in objective.findings if f.status is Status.BREACHED and f.suppressed_by is None]
    kinds = dict.fromkeys(_kind(objective.objective, finding) for finding in counted)
    for kind in kinds:
        findings = tuple(f for f in counted if _kind(objective.objective, f) == kind)
        severity = worst_severity(finding.severity for finding in findings) or Severity.LOW
        sentence = listed([finding.sentence for finding in findings])
        yield Breach(kind, objective.objective, findings, severity, sentence)


def _kind(objective: str, finding: Finding) -> str:
    return finding.code if finding.code in OUTAGES else objective


def _opened(
    breach: Breach, verdict: Verdict, recent: Sequence[Verdict], policy: Policy
) -> IncidentChange | None:
    run = _run(breach, verdict, recent)
    if len(run) < persistence(policy, breach.objective) and not _spans_windows(breach):
        return None
    incident = Incident(
        model=verdict.model,
        name=f"{breach.kind}@{verdict.window.start:%Y-%m-%dT%H:%MZ}",
        objective=breach.objective,
        kind=breach.kind,
        began=run[-1].window.start,
        last=verdict.window.start,
        severity=breach.severity,
        sentence=breach.sentence,
        windows=len(run),
        columns=breach.columns,
    )
    return IncidentChange("opened", incident, breach.sentence)


def _run(breach: Breach, verdict: Verdict, recent: Sequence[Verdict]) -> list[Verdict]:
    """Return the judged windows in a row that have this kind of breach, newest first.

    Of drift and of other findings about columns, the same column has to be among them throughout: two
    columns that each moved once have not persisted.
    """
    run, columns = [verdict], set(breach.columns)
    for earlier in sorted(recent, key=lambda v: v.window, reverse=True):
        objective = earlier.of(breach.objective)
        if earlier.model != verdict.model or earlier.window.start >= verdict.window.start:
            continue
        if objective is None or objective.status in _UNKNOWN:
            continue
        before = breaches(earlier).get(breach.kind)
        if before is None or (columns and not columns & set(before.columns)):
            break
        columns &= set(before.columns)
        run.append(earlier)
    return run


def _spans_windows(breach: Breach) -> bool:
    """Say whether a budget is spent or burns too fast: that already speaks for many windows."""
    return any(finding.code in BUDGET_CODES for finding in breach.findings)


def _is_over(objective: ObjectiveVerdict) -> bool:
    """Say whether nothing is left of a breach; what an error budget allows, it allows."""
    if objective.budget is not None:
        return objective.status is not Status.BREACHED
    return objective.status is Status.MET


def _continued(
    incident: Incident, breach: Breach | None, verdict: Verdict, policy: Policy
) -> IncidentChange | None:
    """Return what a later window does to an open incident, or None when it does nothing."""
    start = verdict.window.start
    if breach is not None:
        worse = SEVERITIES.index(breach.severity) > SEVERITIES.index(incident.severity)
        after = replace(
            incident,
            last=start,
            windows=incident.windows + 1,
            severity=max(incident.severity, breach.severity, key=SEVERITIES.index),
            sentence=breach.sentence,
            columns=tuple(sorted({*incident.columns, *breach.columns})),
        )
        return IncidentChange("escalated" if worse else "extended", after, breach.sentence)
    objective = verdict.of(incident.objective)
    if getattr(policy, incident.objective, None) is None:
        reason = f"the policy no longer has the objective {incident.objective}"
    elif objective is None or objective.status in _UNKNOWN or objective.provisional:
        return None
    elif incident.kind == incident.objective and not _is_over(objective):
        # Still at risk, or breached by what is an incident of its own.
        return None
    else:
        again = "met" if objective.status is Status.MET else "within its budget"
        reason = f"{objective.objective} is {again} again: {objective.reason}"
        if incident.kind != incident.objective:
            reason = f"no longer {incident.kind.replace('_', ' ')}: {objective.reason}"
    return IncidentChange("resolved", replace(incident, last=start, resolved=reason), reason)
