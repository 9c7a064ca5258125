"""Latency and errors: whether requests are answered in time, and at all.

Both are judged as facts about the rows of the window, not as estimates from a sample of it.
"""

from policies.objectives.evidence import found, inconclusive, too_few_rows
from policies.objectives.wording import apart, listed, percent
from policies.policy import ErrorShare, LatencyLimits, Policy
from policies.verdict import Finding, ObjectiveVerdict, Status
from profiles.reading import Reading

LATENCY = "latency"
ERRORS = "errors"


def judge_latency(reading: Reading, policy: Policy, target: LatencyLimits) -> ObjectiveVerdict:
    """Judge the quantiles that are limited; a finding for each that is too long, in milliseconds."""
    latency = reading.latency
    if (why := too_few_rows(reading, policy)) is not None:
        return inconclusive(LATENCY, why)
    if latency is None:
        return inconclusive(LATENCY, reading.unmeasured.get(LATENCY, "the latency was not measured"))
    if latency.rows < policy.minimum_rows:
        return inconclusive(
            LATENCY, f"blind: {latency.rows} rows with a latency, needs {policy.minimum_rows}"
        )
    findings, sentences = [], []
    limits = (
        ("p50", latency.p50, target.p50_at_most),
        ("p95", latency.p95, target.p95_at_most),
        ("p99", latency.p99, target.p99_at_most),
    )
    for name, measured, limit in limits:
        if limit is None:
            continue
        said, bound = apart(measured, limit)
        sentence = f"{name} {said} ms, at most {bound} ms are allowed; {latency.rows:,} rows"
        sentences.append(sentence)
        if measured > limit:
            findings.append(
                Finding(
                    f"{LATENCY}_{name}",
                    sentence,
                    Status.BREACHED,
                    target.severity,
                    measured,
                    limit,
                    latency.rows,
                )
            )
    return found(LATENCY, findings) if findings else ObjectiveVerdict(LATENCY, Status.MET, listed(sentences))


def judge_errors(reading: Reading, policy: Policy, target: ErrorShare) -> ObjectiveVerdict:
    """Judge the share of failed requests among those that have a status."""
    failures = reading.failures
    if (why := too_few_rows(reading, policy)) is not None:
        return inconclusive(ERRORS, why)
    if failures is None:
        return inconclusive(ERRORS, reading.unmeasured.get(ERRORS, "failed requests were not counted"))
    if failures.rows < policy.minimum_rows:
        return inconclusive(ERRORS, f"blind: {failures.rows} rows with a status, needs {policy.minimum_rows}")
    sentence = (
        f"{failures.failed:,} of {failures.rows:,} requests failed, {percent(failures.share)}; "
        f"at most {percent(target.at_most)} are allowed"
    )
    if failures.share <= target.at_most:
        return ObjectiveVerdict(ERRORS, Status.MET, sentence)
    finding = Finding(
        ERRORS,
        sentence,
        Status.BREACHED,
        target.severity,
        failures.share,
        target.at_most,
        failures.rows,
    )
    return found(ERRORS, [finding])
