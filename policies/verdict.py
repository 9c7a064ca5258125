"""What judging a window answers."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from policies.diagnosis import Diagnosis
from policies.spending import Spending
from profiles.window import Window


class Status(StrEnum):
    """How an objective stands; `inconclusive` and `errored` never count as met."""

    MET = "met"
    AT_RISK = "at_risk"
    BREACHED = "breached"
    INCONCLUSIVE = "inconclusive"
    ERRORED = "errored"


# Which answer speaks for several: a breach is worth more than not knowing, not knowing more than met.
_WORSE = (Status.MET, Status.INCONCLUSIVE, Status.AT_RISK, Status.ERRORED, Status.BREACHED)


class Severity(StrEnum):
    """How urgent a finding is: `critical` pages, `high` interrupts a working day, `low` is a note."""

    LOW = "low"
    HIGH = "high"
    CRITICAL = "critical"


SEVERITIES = tuple(Severity)


def worst_status(statuses: Iterable[Status]) -> Status:
    """Return the answer that speaks for all; nothing to judge is inconclusive."""
    return max(statuses, key=_WORSE.index, default=Status.INCONCLUSIVE)


def worst_severity(severities: Iterable[Severity | None]) -> Severity | None:
    """Return the most urgent severity, or None when there is none."""
    return max((s for s in severities if s is not None), key=SEVERITIES.index, default=None)


@dataclass(frozen=True)
class Finding:
    """One measured value on the wrong side of its limit.

    `code` names the kind of finding (`drift`, `missing`, `silent`...), `rows` how many rows it rests
    on, `sentence` says it to a person. `suppressed_by` names the finding that explains this one;
    `segment` the slice that it was found in (`country=de`), None for all rows.
    """

    code: str
    sentence: str
    status: Status
    severity: Severity
    measured: float
    limit: float
    rows: int
    column: str | None = None
    smallest_shift: float | None = None
    suppressed_by: str | None = None
    segment: str | None = None


@dataclass(frozen=True)
class ObjectiveVerdict:
    """How one objective stands in one window, in a sentence and with its findings.

    `blind` names the slices that could not be judged: they are not met. `provisional` says that more labels
    may still change the answer. `budget` says how its error budget stands, where it has one.
    """

    objective: str
    status: Status
    reason: str
    severity: Severity | None = None
    findings: tuple[Finding, ...] = ()
    blind: tuple[str, ...] = ()
    provisional: bool = False
    budget: Spending | None = None


@dataclass(frozen=True)
class Verdict:
    """How a window stands by the model's policy; `baseline` names what it was compared with.

    `diagnosis` says why; None in verdicts that were recorded before there was one.
    """

    model: str
    window: Window
    status: Status
    severity: Severity | None
    objectives: tuple[ObjectiveVerdict, ...]
    baseline: str | None = None
    diagnosis: Diagnosis | None = None

    def of(self, objective: str) -> ObjectiveVerdict | None:
        """Return the verdict on one objective, or None when the policy has no such objective."""
        return next((o for o in self.objectives if o.objective == objective), None)
