"""What a policy file says of each objective: its keys, or `off`."""

from typing import Annotated, TypeVar

from pydantic import Field

from policies.verdict import Severity
from policies.written_budget import BudgetKeys
from policies.written_switch import Off, Switch
from policies.written_types import (
    Allowance,
    ColumnName,
    Distance,
    Duration,
    InARow,
    MetricName,
    Number,
    Places,
    Share,
    Urgency,
    Written,
)


class FreshnessFile(Written):
    """No silence in the traffic longer than a span."""

    at_most: Duration | None = Field(None, description="Longest silence that is allowed, such as 12h")
    severity: Urgency = None
    persistence: InARow = None
    budget: BudgetKeys = None


class VolumeFile(Written):
    """Enough rows, by the baseline's rate."""

    at_least: Share | None = Field(None, description="Least share of the rows that the baseline's rate gives")
    severity: Urgency = None
    persistence: InARow = None
    budget: BudgetKeys = None


class QualityFile(Written):
    """Columns that can be used."""

    missing: Share | None = Field(None, description="Allowed rise of a column's missing share")
    out_of_range: Share | None = Field(None, description="Allowed share outside the baseline's range")
    new_categories: Share | None = Field(None, description="Allowed share of values new to the baseline")
    duplicates: Share | None = Field(None, description="Allowed share of rows that repeat a request id")
    severity: Urgency = None
    persistence: InARow = None
    budget: BudgetKeys = None


class DriftFile(Written):
    """Effect limits of drift, per column."""

    minor: Distance | None = Field(None, description="Population stability index of a minor drift")
    significant: Distance | None = Field(None, description="Population stability index of a significant one")
    minor_share: Share | None = Field(None, description="Change of one category's share: minor drift")
    significant_share: Share | None = Field(
        None, description="Change of one category's share: significant drift"
    )
    minor_shift: Distance | None = Field(
        None, description="Shift of a number's values in standard deviations: minor drift"
    )
    significant_shift: Distance | None = Field(
        None, description="Shift of a number's values in standard deviations: significant drift"
    )
    minor_new_words: Share | None = Field(
        None, description="Words of a text that are new, beyond what was to be expected: minor drift"
    )
    significant_new_words: Share | None = Field(
        None, description="Words of a text that are new, beyond what was to be expected: significant drift"
    )
    minor_mmd: Distance | None = Field(
        None, description="MMD of embeddings in the baseline's spread: minor drift"
    )
    significant_mmd: Distance | None = Field(
        None, description="MMD of embeddings in the baseline's spread: significant drift"
    )
    severity: Severity | None = Field(None, description="How urgent a significant drift is")
    ignore: tuple[ColumnName, ...] | None = Field(None, description="Columns measured, but not judged")
    segments: bool | None = Field(None, strict=True, description="Judge every slice of the segments as well")
    persistence: InARow = None
    budget: BudgetKeys = None


class PerformanceFile(Written):
    """A limit on a score of the labelled rows."""

    metric: MetricName | None = Field(None, description="The score; it has to fit the task")
    at_most_worse_than_baseline: Allowance | None = Field(
        None, description="How much worse than the baseline's score is allowed, such as 10%"
    )
    limit: Number | None = Field(None, description="Absolute limit, instead of one relative to the baseline")
    at_risk_after: Share | None = Field(
        None, description="Share of the allowance after which a window is at risk"
    )
    minimum_coverage: Share | None = Field(None, description="Least share of rows that must be labelled")
    severity: Urgency = None
    k: Places | None = Field(None, description="Places of a ranking that ndcg counts; default: 10")
    segments: bool | None = Field(None, strict=True, description="Judge every slice of the segments as well")
    persistence: InARow = None
    budget: BudgetKeys = None


class ValueFile(Written):
    """A limit on the business value of a prediction."""

    at_least_per_prediction: Number | None = Field(None, description="Least mean value of a prediction")
    at_most_worse_than_baseline: Allowance | None = Field(
        None, description="How much less than the baseline's mean value is allowed, such as 10%"
    )
    minimum_coverage: Share | None = Field(
        None, description="Least share of rows that must be labelled, with labels.value"
    )
    severity: Urgency = None
    budget: BudgetKeys = None


class LatencyFile(Written):
    """Limits on how long answers take."""

    p50_at_most: Distance | None = Field(None, description="Limit on the median, in milliseconds")
    p95_at_most: Distance | None = Field(None, description="Limit on the 95 % quantile, in milliseconds")
    p99_at_most: Distance | None = Field(None, description="Limit on the 99 % quantile, in milliseconds")
    severity: Urgency = None
    budget: BudgetKeys = None


class ErrorsFile(Written):
    """A limit on failed requests."""

    at_most: Share | None = Field(None, description="Largest share of requests that may fail")
    severity: Urgency = None
    budget: BudgetKeys = None


Section = TypeVar(
    "Section",
    FreshnessFile,
    VolumeFile,
    QualityFile,
    DriftFile,
    PerformanceFile,
    ValueFile,
    LatencyFile,
    ErrorsFile,
)


class ObjectivesFile(Written):
    """What is promised; each may be `off`. Freshness, volume, quality and drift are on by default."""

    freshness: Annotated[FreshnessFile | Off | None, Switch(FreshnessFile)] = Field(
        None, description="No silence longer than a span"
    )
    volume: Annotated[VolumeFile | Off | None, Switch(VolumeFile)] = Field(
        None, description="Enough rows, by the baseline's rate"
    )
    quality: Annotated[QualityFile | Off | None, Switch(QualityFile)] = Field(
        None, description="Columns that can be used"
    )
    drift: Annotated[DriftFile | Off | None, Switch(DriftFile)] = Field(
        None, description="Inputs, predictions and labels distributed as in the baseline"
    )
    performance: Annotated[PerformanceFile | Off | None, Switch(PerformanceFile)] = Field(
        None, description="A score of the labelled rows within a limit; needs labels"
    )
    value: Annotated[ValueFile | Off | None, Switch(ValueFile)] = Field(
        None, description="What a prediction is worth on average; needs traffic.value or labels.value"
    )
    latency: Annotated[LatencyFile | Off | None, Switch(LatencyFile)] = Field(
        None, description="Answers in time; needs traffic.latency"
    )
    errors: Annotated[ErrorsFile | Off | None, Switch(ErrorsFile)] = Field(
        None, description="Few requests fail; needs traffic.status"
    )
