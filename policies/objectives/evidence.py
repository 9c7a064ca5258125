"""Whether a window holds enough to be judged at all, and how findings become an objective's verdict."""

from collections.abc import Sequence
from dataclasses import dataclass

from policies.baselines import DEFAULT
from policies.objectives.wording import listed, percent
from policies.policy import Policy
from policies.verdict import Finding, ObjectiveVerdict, Status, worst_severity, worst_status
from profiles.reading import Comparison, Labels, Reading


def too_few_rows(reading: Reading, policy: Policy) -> str | None:
    """Return why the window is too small to judge, or None when it is not."""
    rows = reading.arrivals.rows
    return f"blind: {rows} rows, needs {policy.minimum_rows}" if rows < policy.minimum_rows else None


def too_few_labels(labels: Labels | None, policy: Policy, minimum_coverage: float) -> str | None:
    """Return why too few rows are labelled to judge what labels tell, or None when enough are."""
    if labels is None or labels.labelled == 0:
        return "no labels came" if labels is not None and labels.mature else "no labels yet"
    # Some rows have labels; the early ones are rarely a fair sample of all.
    if not labels.coverage >= minimum_coverage:
        return f"labels for {percent(labels.coverage)} of the rows, needs {percent(minimum_coverage)}"
    if labels.labelled < policy.minimum_rows:
        return f"blind: {labels.labelled} labelled rows, needs {policy.minimum_rows}"
    return None


def no_baseline(reading: Reading) -> str:
    """Say that there is nothing to compare the window with, and what to do about it."""
    version = f"version {reading.version}" if reading.version else "the serving version"
    kind = "baseline" if reading.baseline_name == DEFAULT else f"baseline {reading.baseline_name}"
    return f"no {kind} for {version}: register one, a window cannot be judged without it"


@dataclass(frozen=True)
class Blind:
    """Why there is nothing to judge by."""

    reason: str


def comparison_of(reading: Reading, policy: Policy) -> Comparison | Blind:
    """Return the comparison to judge by, or why there is none."""
    if (why := too_few_rows(reading, policy)) is not None:
        return Blind(why)
    # Enough rows from here on; what may lack is something to compare them with.
    if reading.baseline is None:
        return Blind(no_baseline(reading))
    if reading.comparison is None:
        return Blind(f"the window was not compared with the baseline {reading.baseline.name}")
    return reading.comparison


def inconclusive(objective: str, reason: str) -> ObjectiveVerdict:
    """Return the verdict for lack of evidence."""
    return ObjectiveVerdict(objective, Status.INCONCLUSIVE, reason)


def found(objective: str, findings: Sequence[Finding]) -> ObjectiveVerdict:
    """Return the verdict that `findings` make; suppressed ones are kept and do not count.

    At least one finding must count; ValueError otherwise.
    """
    counted = [finding for finding in findings if finding.suppressed_by is None]
    if not counted:
        raise ValueError(f"no finding of {objective} counts")
    return ObjectiveVerdict(
        objective,
        status=worst_status(finding.status for finding in counted),
        reason=listed([finding.sentence for finding in counted]),
        severity=worst_severity(finding.severity for finding in counted),
        findings=tuple(findings),
    )
