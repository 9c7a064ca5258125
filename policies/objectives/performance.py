"""Performance: a score of the labelled rows within its limit."""

import math
from statistics import NormalDist

from policies.objectives.evidence import found, inconclusive, no_baseline, too_few_labels, too_few_rows
from policies.objectives.limits import Limit, relative
from policies.objectives.wording import apart, percent
from policies.policy import Performance, Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.metrics import METRICS
from profiles.reading import Labels, Reading, Score

PERFORMANCE = "performance"
# Standard errors by which an estimate must lie beyond the limit.
_ESTIMATED = 2.0


def judge_performance(
    reading: Reading, policy: Policy, target: Performance, chance: float | None = None
) -> ObjectiveVerdict:
    """Judge the policy's score; without enough labels, a score or a limit the answer is inconclusive.

    With `chance` a score beyond its limit breaches only where that is visible: farther beyond than chance
    alone puts it with this probability (normal approximation). What may be chance is at risk. While labels
    are awaited, an estimate beyond the limit puts the objective at risk; nothing else follows from it.
    """
    score = _score(reading, policy, target)
    if isinstance(score, str):
        return _blind(reading, target, score)
    # The score rests on enough rows; it is good or bad only beside a limit.
    limit = _limit(reading, target)
    if isinstance(limit, str):
        return inconclusive(PERFORMANCE, limit)
    sentence = _sentence(score, limit, target, reading.labels)
    if limit.beyond(score.value):
        if chance is not None and not _visible(score, limit, chance):
            early = f"{sentence}; this may be chance"
            return found(PERFORMANCE, [_finding(early, Status.AT_RISK, Severity.LOW, score, limit)])
        return found(PERFORMANCE, [_finding(sentence, Status.BREACHED, target.severity, score, limit)])
    # Within the limit; what remains is how much of the allowance is left.
    if limit.used(score.value) > target.at_risk_after:
        return found(PERFORMANCE, [_finding(sentence, Status.AT_RISK, Severity.LOW, score, limit)])
    return ObjectiveVerdict(PERFORMANCE, Status.MET, sentence)


def _blind(reading: Reading, target: Performance, why: str) -> ObjectiveVerdict:
    """Judge by an estimate while labels are awaited: at risk at most, and never met."""
    estimate, limit = reading.estimates.get(target.score), _limit(reading, target)
    awaited = reading.labels is None or not reading.labels.mature
    if estimate is None or isinstance(limit, str) or not awaited or not limit.beyond(estimate.value):
        return inconclusive(PERFORMANCE, why)
    # Beyond the limit, and farther than the rows' own chance explains.
    if abs(estimate.value - limit.value) <= _ESTIMATED * (estimate.standard_error or 0.0):
        return inconclusive(PERFORMANCE, why)
    score = Score(estimate.value, estimate.rows, estimate.standard_error)
    sentence = f"estimate, not a score: {_sentence(score, limit, target, None)}; {why}"
    return found(PERFORMANCE, [_finding(sentence, Status.AT_RISK, Severity.LOW, score, limit)])


def _visible(score: Score, limit: Limit, chance: float) -> bool:
    if score.standard_error is None:
        return False
    return abs(score.value - limit.value) > NormalDist().inv_cdf(1 - chance) * score.standard_error


def _score(reading: Reading, policy: Policy, target: Performance) -> Score | str:
    """Return the score to judge, or why there is none."""
    if (
        why := too_few_rows(reading, policy)
        or too_few_labels(reading.labels, policy, target.minimum_coverage)
    ) is not None:
        return why
    # Enough rows have labels: a score is due.
    score = reading.scores.get(target.score)
    if score is None or not math.isfinite(score.value):
        why = reading.unmeasured.get(target.score)
        return f"{target.score} could not be computed from the labelled rows{f': {why}' if why else ''}"
    if score.rows < policy.minimum_rows:
        return f"blind: {score.rows} scored rows, needs {policy.minimum_rows}"
    return score


def _limit(reading: Reading, target: Performance) -> Limit | str:
    """Return the limit to judge by, or why there is none."""
    direction = 1 if METRICS[target.metric].higher_is_better else -1
    baseline = reading.baseline
    known = baseline.scores.get(target.score) if baseline else None
    before = known if known is not None and math.isfinite(known) else None
    if target.limit is not None:
        perfect = 1.0 if direction > 0 else 0.0
        begins = before if before is not None and (before - target.limit) * direction > 0 else perfect
        return Limit(target.limit, begins, "", direction)
    # The limit is relative, so it needs the baseline's own score.
    if baseline is None:
        return no_baseline(reading)
    if before is None:
        return f"the baseline {baseline.name} has no {target.score} to compare with"
    return relative(before, target.at_most_worse or 0.0, direction)


def _sentence(score: Score, limit: Limit, target: Performance, labels: Labels | None) -> str:
    value, bound = apart(score.value, limit.value)
    allowed = f"at least {bound} is required" if limit.direction > 0 else f"at most {bound} is allowed"
    early = ""
    if labels is not None and not labels.mature:
        early = f"; provisional, {percent(labels.coverage)} of the rows have labels so far"
    return f"{target.score} {value}, {allowed}{limit.origin}, {score.rows:,} rows{early}"


def _finding(sentence: str, status: Status, severity: Severity, score: Score, limit: Limit) -> Finding:
    return Finding(
        PERFORMANCE, sentence, status, severity, measured=score.value, limit=limit.value, rows=score.rows
    )
