"""Validating: rows that are to be learned from, beside the baseline of the version that serves. Pure."""

from dataclasses import dataclass

from policies.objectives.evidence import label_coverage
from policies.objectives.quality import judge_quality
from policies.objectives.wording import percent
from policies.outages import OUTAGES
from policies.policy import Policy, Quality
from policies.verdict import Severity, Status
from profiles.compare import compare
from profiles.profile import Profile
from profiles.reading import Arrivals, BaselineRef, Labels, Reading
from profiles.window import Window, spelled

# Values beyond the baseline are what drift looks like and what is to be learned; not when most rows have one.
_MOST_UNKNOWN = 0.5
_LIMITS = Quality(0.05, _MOST_UNKNOWN, _MOST_UNKNOWN, Severity.HIGH)
_FAULTS = OUTAGES | {"missing", "out_of_range", "new_categories", "infinite"}


@dataclass(frozen=True)
class Facts:
    """What is known of rows besides their profile."""

    span: Window
    asked: int
    duplicates: int
    labels: Labels


@dataclass(frozen=True)
class Validated:
    """These rows may be learned from."""

    rows: int


@dataclass(frozen=True)
class Quarantine:
    """These rows may not be learned from, for these reasons, each with its numbers."""

    reasons: tuple[str, ...]

    @property
    def sentence(self) -> str:
        """All reasons in one line."""
        return "; ".join(self.reasons)


def validate(
    facts: Facts, profile: Profile, baseline: Profile | None, policy: Policy
) -> Validated | Quarantine:
    """Check size, coverage and delay of labels, repeated requests, and the columns beside the baseline's.

    `profile` is that of the rows with labels. Columns are judged as a window's are, by the limits of the
    policy's quality, but values that the baseline never saw may be in half of the rows: those are what is to
    be learned.
    """
    reasons = [*_sizes(facts, policy)]
    if baseline is not None and profile.rows:
        reasons += _columns(facts, profile, baseline, policy)
    return Quarantine(tuple(reasons)) if reasons else Validated(facts.labels.labelled)


def _sizes(facts: Facts, policy: Policy) -> list[str]:
    least, coverage, labels = policy.remediation.recipe.minimum_rows, label_coverage(policy), facts.labels
    reasons = []
    if labels.labelled < least:
        reasons.append(f"{labels.labelled:,} labelled rows, {least:,} are needed")
    if facts.asked and labels.coverage < coverage:
        reasons.append(
            f"{percent(labels.coverage)} of {facts.asked:,} rows have a label, {percent(coverage)} are needed"
        )
    within = None if policy.labels is None else policy.labels.arrives_within
    late = labels.delay_90
    if within is not None and late is not None and late > within.total_seconds():
        reasons.append(
            f"a tenth of the labels came {late / 86_400:.1f} days or more after their requests; they are "
            f"promised within {spelled(within)}"
        )
    limit = (policy.quality or _LIMITS).duplicates
    if facts.asked and facts.duplicates > limit * facts.asked:
        reasons.append(
            f"{facts.duplicates:,} rows repeat a request id, {percent(facts.duplicates / facts.asked)} of "
            f"{facts.asked:,}; {percent(limit)} are allowed"
        )
    return reasons


def _columns(facts: Facts, profile: Profile, baseline: Profile, policy: Policy) -> list[str]:
    limits = policy.quality or _LIMITS
    limits = Quality(limits.missing, _MOST_UNKNOWN, _MOST_UNKNOWN, limits.severity, limits.duplicates)
    nothing = facts.span.start
    arrivals = Arrivals(profile.rows, None, None, facts.span.length, nothing)
    reading = Reading(
        model=policy.model,
        window=facts.span,
        version=None,
        arrivals=arrivals,
        baseline=BaselineRef("default", "", baseline.rows),
        comparison=compare(profile, baseline),
    )
    judged = judge_quality(reading, policy, limits)
    return [
        finding.sentence
        for finding in judged.findings
        if finding.status is Status.BREACHED
        and finding.code in _FAULTS
        and finding.column != policy.traffic.prediction
    ]
