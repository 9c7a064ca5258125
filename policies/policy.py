"""A resolved policy: every default filled in, the form in which code thinks about it.

What a team writes is `policies.schema`; what is stored is this, as canonical JSON under its digest.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Literal, TypeAlias

from policies.remediation import Remediation
from policies.target import Target
from policies.verdict import Severity
from profiles.layout import LabelLayout, Task, TrafficLayout
from profiles.window import Cadence

Authority: TypeAlias = Literal["external", "muster"]
Automation: TypeAlias = Literal["observe", "propose", "act"]
BudgetUnit: TypeAlias = Literal["windows", "rows"]

# Labels that come early are rarely a fair sample; with half of them most are in.
MINIMUM_COVERAGE = 0.5


@dataclass(frozen=True)
class FalsePages:
    """How many incidents may be opened for nothing within a span."""

    allow: int
    over: timedelta


@dataclass(frozen=True)
class BurnTier:
    """A burn that is too fast: more than the share `spends` of the budget is spent `within` a span."""

    severity: Severity
    spends: float
    within: timedelta


@dataclass(frozen=True)
class Budget:
    """How much may fall short: the share `allow` of the windows or rows in the period `over`."""

    of: BudgetUnit
    allow: float
    over: timedelta
    burn: tuple[BurnTier, ...] = ()


@dataclass(frozen=True)
class Routes:
    """The channels, by name, that are told of what is so urgent; their definitions are settings."""

    critical: tuple[str, ...] = ()
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()

    def of(self, severity: Severity) -> tuple[str, ...]:
        """Return the channels of one severity."""
        return {Severity.CRITICAL: self.critical, Severity.HIGH: self.high, Severity.LOW: self.low}[severity]


@dataclass(frozen=True)
class Freshness:
    """No silence in the traffic longer than `at_most`.

    Of every objective: `persistence` is the number of judged windows in a row that have to be breached before
    an incident is opened; `budget` how much may fall short, None where each window is judged alone.
    """

    at_most: timedelta
    severity: Severity
    persistence: int = 1
    budget: Budget | None = None


@dataclass(frozen=True)
class Volume:
    """At least this share of the rows that are usual at this time, or that the baseline's rate gives."""

    at_least: float
    severity: Severity
    persistence: int = 1
    budget: Budget | None = None


@dataclass(frozen=True)
class Quality:
    """Limits on what makes a column unusable, each a share of rows (0..1).

    `missing` limits the rise of the missing share over the baseline's; `out_of_range` and
    `new_categories` the share of values that the baseline never saw; `duplicates` the share of rows
    that repeat a request id.
    """

    missing: float
    out_of_range: float
    new_categories: float
    severity: Severity
    duplicates: float = 0.05
    persistence: int = 1
    budget: Budget | None = None


@dataclass(frozen=True)
class Drift:
    """Effect limits of drift: minor ones put the objective at risk, significant ones breach it.

    `severity` is the most urgent severity that a significant drift may have. Columns in `ignore` are
    measured but not judged. `segments`: each slice is judged as well. `minor` and `significant` are in PSI,
    those of `share` in shares of rows, those of `shift` in standard deviations of the baseline (Wasserstein),
    those of `new_words` in shares of a text's words, those of `mmd` in the spread of the baseline's vectors.
    """

    minor: float
    significant: float
    minor_share: float
    significant_share: float
    severity: Severity
    ignore: tuple[str, ...] = ()
    segments: bool = False
    minor_shift: float = 0.3
    significant_shift: float = 0.5
    persistence: int = 2
    minor_new_words: float = 0.05
    significant_new_words: float = 0.10
    minor_mmd: float = 0.05
    significant_mmd: float = 0.10
    budget: Budget | None = None


@dataclass(frozen=True)
class Performance:
    """A limit on a score, absolute or relative to the baseline's score, never both.

    `at_risk_after` is the share of the allowance that may be used before the objective is at risk. `k` is
    how many places of a ranking count. `segments`: each slice is judged as well.
    """

    metric: str
    at_most_worse: float | None
    limit: float | None
    at_risk_after: float
    minimum_coverage: float
    severity: Severity
    k: int | None = None
    segments: bool = False
    persistence: int = 1
    budget: Budget | None = None

    @property
    def score(self) -> str:
        """The name of the score in readings and baselines: `mae`, `ndcg@10`."""
        return self.metric if self.k is None else f"{self.metric}@{self.k}"


@dataclass(frozen=True)
class ValuePerPrediction:
    """A limit on what a prediction is worth on average, absolute or relative to the baseline's.

    `minimum_coverage` is the share of rows that must be labelled where the value comes with the labels, and
    None where it lies in the traffic.
    """

    at_least_per_prediction: float | None
    at_most_worse: float | None
    severity: Severity
    budget: Budget | None = None
    minimum_coverage: float | None = None


@dataclass(frozen=True)
class LatencyLimits:
    """Limits on quantiles of the time that answers take, in milliseconds; None where not limited."""

    p50_at_most: float | None
    p95_at_most: float | None
    p99_at_most: float | None
    severity: Severity
    budget: Budget | None = None


@dataclass(frozen=True)
class ErrorShare:
    """At most this share of requests may fail."""

    at_most: float
    severity: Severity
    budget: Budget | None = None


@dataclass(frozen=True)
class CalendarBaseline:
    """A baseline of its own for some days (UTC): those that fit each key which is not empty."""

    name: str
    dates: tuple[date, ...] = ()
    weekdays: tuple[str, ...] = ()
    months: tuple[int, ...] = ()


@dataclass(frozen=True)
class Policy:
    """Everything that a team agreed on for one model.

    Rows that come later than `allowed_lateness` are looked for until `late_rows` after their window's end;
    never where that is None.

    `filled` names the keys (dotted) which Muster's defaults filled in, `filled_by_team` those which the
    team's defaults did. They are for showing only: two policies that demand the same are equal.
    """

    model: str
    team: str
    registered_as: str
    alias: str
    task: Task
    owners: tuple[str, ...]
    traffic: TrafficLayout
    labels: LabelLayout | None
    cadence: Cadence
    allowed_lateness: timedelta
    minimum_rows: int
    authority: Authority
    automation: Automation
    freshness: Freshness | None
    volume: Volume | None
    quality: Quality | None
    drift: Drift | None
    performance: Performance | None
    value: ValuePerPrediction | None = None
    latency: LatencyLimits | None = None
    errors: ErrorShare | None = None
    segments: tuple[str, ...] = ()
    baselines: tuple[CalendarBaseline, ...] = ()
    false_pages: FalsePages = FalsePages(allow=1, over=timedelta(days=90))
    late_rows: timedelta | None = None
    remediation: Remediation = field(default_factory=Remediation)
    routes: Routes = Routes()
    target: Target = field(default_factory=Target)
    filled: tuple[str, ...] = field(default=(), compare=False)
    filled_by_team: tuple[str, ...] = field(default=(), compare=False)
