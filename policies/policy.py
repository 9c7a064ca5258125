"""A resolved policy: every default filled in, the form in which code thinks about it.

What a team writes is `policies.schema`; what is stored is this, as canonical JSON under its digest.
"""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Literal, TypeAlias

from policies.verdict import Severity
from profiles.layout import LabelLayout, Task, TrafficLayout
from profiles.window import Cadence

Authority: TypeAlias = Literal["external", "muster"]
Automation: TypeAlias = Literal["observe", "propose", "act"]


@dataclass(frozen=True)
class Freshness:
    """No silence in the traffic longer than `at_most`."""

    at_most: timedelta
    severity: Severity


@dataclass(frozen=True)
class Volume:
    """At least this share of the rows that the baseline's rate leads one to expect."""

    at_least: float
    severity: Severity


@dataclass(frozen=True)
class Quality:
    """Limits on what makes a column unusable, each a share of rows (0..1).

    `missing` limits the rise of the missing share over the baseline's; `out_of_range` and
    `new_categories` the share of values that the baseline never saw.
    """

    missing: float
    out_of_range: float
    new_categories: float
    severity: Severity


@dataclass(frozen=True)
class Drift:
    """Effect limits of drift: minor ones put the objective at risk, significant ones breach it.

    `severity` is the most urgent severity that a significant drift may have. Columns in `ignore` are
    measured but not judged.
    """

    minor: float
    significant: float
    minor_share: float
    significant_share: float
    severity: Severity
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class Performance:
    """A limit on a score, absolute or relative to the baseline's score, never both.

    `at_risk_after` is the share of the allowance that may be used before the objective is at risk.
    """

    metric: str
    at_most_worse: float | None
    limit: float | None
    at_risk_after: float
    minimum_coverage: float
    severity: Severity


@dataclass(frozen=True)
class Policy:
    """Everything that a team agreed on for one model.

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
    filled: tuple[str, ...] = field(default=(), compare=False)
    filled_by_team: tuple[str, ...] = field(default=(), compare=False)
