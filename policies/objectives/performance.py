"""Performance: a score of the labelled rows within its limit."""

import math
from dataclasses import dataclass

from policies.objectives.evidence import found, inconclusive, no_baseline, too_few_rows
from policies.objectives.wording import apart, number, percent
from policies.policy import Performance, Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import Labels, Reading, Score
from profiles.scores import METRICS

PERFORMANCE = "performance"


@dataclass(frozen=True)
class _Limit:
    """A limit on a score, where its allowance begins, and how it came about.

    `direction` is 1 where a higher score is better and -1 where a lower one is.
    """

    value: float
    begins: float
    origin: str
    direction: int

    def beyond(self, score: float) -> bool:
        return (score - self.value) * self.direction < 0

    def used(self, score: float) -> float:
        """Return the share of the allowance that `score` uses; 0 where there is no allowance."""
        allowance = (self.begins - self.value) * self.direction
        return (self.begins - score) * self.direction / allowance if allowance > 0 else 0.0


def judge_performance(reading: Reading, policy: Policy, target: Performance) -> ObjectiveVerdict:
    """Judge the policy's score; without enough labels, a score or a limit the answer is inconclusive."""
    score = _score(reading, policy, target)
    if isinstance(score, str):
        return inconclusive(PERFORMANCE, score)
    # The score rests on enough rows; it is good or bad only beside a limit.
    limit = _limit(reading, target)
    if isinstance(limit, str):
        return inconclusive(PERFORMANCE, limit)
    sentence = _sentence(score, limit, target, reading.labels)
    if limit.beyond(score.value):
        return found(PERFORMANCE, [_finding(sentence, Status.BREACHED, target.severity, score, limit)])
    # Within the limit; what remains is how much of the allowance is left.
    if limit.used(score.value) > target.at_risk_after:
        return found(PERFORMANCE, [_finding(sentence, Status.AT_RISK, Severity.LOW, score, limit)])
    return ObjectiveVerdict(PERFORMANCE, Status.MET, sentence)


def _score(reading: Reading, policy: Policy, target: Performance) -> Score | str:
    """Return the score to judge, or why there is none."""
    if (why := too_few_rows(reading, policy) or _too_few_labels(reading.labels, policy, target)) is not None:
        return why
    # Enough rows have labels: a score is due.
    score = reading.scores.get(target.metric)
    if score is None or not math.isfinite(score.value):
        return f"{target.metric} could not be computed from the labelled rows"
    if score.rows < policy.minimum_rows:
        return f"blind: {score.rows} scored rows, needs {policy.minimum_rows}"
    return score


def _too_few_labels(labels: Labels | None, policy: Policy, target: Performance) -> str | None:
    if labels is None or labels.labelled == 0:
        return "no labels came" if labels is not None and labels.mature else "no labels yet"
    # Some rows have labels; the early ones are rarely a fair sample of all.
    if not labels.coverage >= target.minimum_coverage:
        return f"labels for {percent(labels.coverage)} of the rows, needs {percent(target.minimum_coverage)}"
    if labels.labelled < policy.minimum_rows:
        return f"blind: {labels.labelled} labelled rows, needs {policy.minimum_rows}"
    return None


def _limit(reading: Reading, target: Performance) -> _Limit | str:
    """Return the limit to judge by, or why there is none."""
    direction = 1 if METRICS[target.metric].higher_is_better else -1
    baseline = reading.baseline
    known = baseline.scores.get(target.metric) if baseline else None
    before = known if known is not None and math.isfinite(known) else None
    if target.limit is not None:
        perfect = 1.0 if direction > 0 else 0.0
        begins = before if before is not None and (before - target.limit) * direction > 0 else perfect
        return _Limit(target.limit, begins, "", direction)
    # The limit is relative, so it needs the baseline's own score.
    if baseline is None:
        return no_baseline(reading)
    if before is None:
        return f"the baseline {baseline.name} has no {target.metric} to compare with"
    worse = target.at_most_worse or 0.0
    way = "below" if direction > 0 else "above"
    origin = f" ({percent(worse)} {way} the baseline's {number(before)})"
    # by its size, so that a negative score (r2) is worsened downwards too
    return _Limit(before - direction * worse * abs(before), before, origin, direction)


def _sentence(score: Score, limit: _Limit, target: Performance, labels: Labels | None) -> str:
    value, bound = apart(score.value, limit.value)
    allowed = f"at least {bound} is required" if limit.direction > 0 else f"at most {bound} is allowed"
    early = ""
    if labels is not None and not labels.mature:
        early = f"; provisional, {percent(labels.coverage)} of the rows have labels so far"
    return f"{target.metric} {value}, {allowed}{limit.origin}, {score.rows:,} rows{early}"


def _finding(sentence: str, status: Status, severity: Severity, score: Score, limit: _Limit) -> Finding:
    return Finding(
        PERFORMANCE, sentence, status, severity, measured=score.value, limit=limit.value, rows=score.rows
    )
