"""Value: what a prediction is worth on average, within its limit."""

import math

from policies.objectives.evidence import found, inconclusive, no_baseline, too_few_labels, too_few_rows
from policies.objectives.limits import Limit, relative
from policies.objectives.wording import apart, percent
from policies.policy import Policy, ValuePerPrediction
from policies.verdict import Finding, ObjectiveVerdict, Status
from profiles.reading import VALUE_MEAN, Reading, Value

VALUE = "value"


def judge_value(reading: Reading, policy: Policy, target: ValuePerPrediction) -> ObjectiveVerdict:
    """Judge the mean value of the rows that have one; too few of them are inconclusive.

    A value that comes with the labels is as provisional as they are, until they are mature.
    """
    value = _measured(reading, policy, target)
    if isinstance(value, str):
        return inconclusive(VALUE, value)
    # The mean rests on enough rows; it is good or bad only beside a limit.
    limit = _limit(reading, target)
    if isinstance(limit, str):
        return inconclusive(VALUE, limit)
    said, bound = apart(value.mean, limit.value)
    sentence = (
        f"a prediction was worth {said} on average, at least {bound} is required{limit.origin}; "
        f"{value.rows:,} rows{_early(reading, target)}"
    )
    if not limit.beyond(value.mean):
        return ObjectiveVerdict(VALUE, Status.MET, sentence)
    finding = Finding(
        VALUE, sentence, Status.BREACHED, target.severity, value.mean, limit.value, rows=value.rows
    )
    return found(VALUE, [finding])


def _early(reading: Reading, target: ValuePerPrediction) -> str:
    if target.minimum_coverage is None or reading.labels is None or reading.labels.mature:
        return ""
    return f"; provisional, {percent(reading.labels.coverage)} of the rows have labels so far"


def _measured(reading: Reading, policy: Policy, target: ValuePerPrediction) -> Value | str:
    """Return the value to judge, or why there is none."""
    if (why := too_few_rows(reading, policy)) is not None:
        return why
    if target.minimum_coverage is not None:
        why = too_few_labels(reading.labels, policy, target.minimum_coverage)
        if why is not None:
            return why
    if reading.value is None or not math.isfinite(reading.value.mean):
        return reading.unmeasured.get("value", "the value of the predictions was not measured")
    if reading.value.rows < policy.minimum_rows:
        return f"blind: {reading.value.rows} rows with a value, needs {policy.minimum_rows}"
    return reading.value


def _limit(reading: Reading, target: ValuePerPrediction) -> Limit | str:
    """Return the limit to judge by, or why there is none."""
    if target.at_least_per_prediction is not None:
        return Limit(target.at_least_per_prediction, target.at_least_per_prediction, "", 1)
    # The limit is relative, so it needs the baseline's own value.
    if reading.baseline is None:
        return no_baseline(reading)
    before = reading.baseline.scores.get(VALUE_MEAN)
    if before is None or not math.isfinite(before):
        return f"the baseline {reading.baseline.name} has no {VALUE_MEAN} to compare with"
    return relative(before, target.at_most_worse or 0.0, 1)
