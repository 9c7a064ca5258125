"""What teams write: a policy file per model and a `team.yaml` beside them, as pydantic models.

Nothing is filled in here; `policies.resolve` does that. Every key carries its description, which the
JSON Schema shows in editors.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from policies.policy import Authority, Automation
from policies.verdict import Severity
from profiles.layout import Format, Task
from profiles.metrics import METRICS
from profiles.window import Cadence, duration, spelled

_PERCENT = re.compile(r"\d{1,6}(\.\d{1,12})?\s?%")
_PERCENT_SCHEMA = {"type": "string", "pattern": r"^[0-9]{1,6}(\.[0-9]{1,12})?\s?%$"}
_NUMBER_SCHEMA = {"type": "number", "minimum": 0, "maximum": 1}
_DURATION = "^[1-9][0-9]{0,3}(m|h|d|w)$"
_CADENCE = "^[1-9][0-9]{0,3}(m|h|d|w|mo)$"
_LONGEST = timedelta(days=9999)  # what can be written in days
_NAME = "[a-z0-9][a-z0-9_-]*"


def _allowance(value: object) -> float:
    if isinstance(value, str) and _PERCENT.fullmatch(value):
        return float(value.rstrip("% ")) / 100
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1:
        return float(value)
    raise ValueError(f"{value!r} is not a share; write a percentage such as 10%, or a number from 0 to 1")


def _share(value: object) -> float:
    share = _allowance(value)
    if share > 1:
        raise ValueError(f"{value!r} is more than 100%")
    return share


def _duration(value: object) -> timedelta:
    span = duration(value if isinstance(value, str) else str(value))
    if span > _LONGEST:
        raise ValueError(f"{value!r} is longer than {spelled(_LONGEST)}")
    return span


def _cadence(value: object) -> Cadence:
    return Cadence.parse(value if isinstance(value, str) else str(value))


def _no_way_up(path: str) -> str:
    if ".." in re.split(r"[/\\]", path):
        raise ValueError(f"{path!r} leads upwards; a path may not hold '..'")
    return path


def _variable(name: str) -> str:
    if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", name) is None:
        # What stands here may be a URL with its password: it is not repeated.
        raise ValueError("is not the name of an environment variable; write a name such as WAREHOUSE_URL")
    return name


def _one_version(value: object) -> object:
    """Spell a version as MLflow does; an unquoted 7 is meant as "7"."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _first_version(value: object) -> int:
    if type(value) is not int or value != 1:  # true and 1.0 equal 1 as well
        raise ValueError(f"{value!r} is not a version of this format; write 1")
    return 1


def _metric(name: str) -> str:
    if name not in METRICS:
        raise PydanticCustomError("unknown_metric", "unknown metric", {"expected": ", ".join(METRICS)})
    return name


def _word(value: object) -> object:
    """Spell a class or a status as `profiles.columns.names` does: 1 for true and 1.0."""
    if isinstance(value, bool | int) or (isinstance(value, float) and value.is_integer()):
        return str(int(value))
    return str(value) if isinstance(value, float) else value


def _day(value: object) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!r} is not a day; write it as 2012-12-24") from None


def _fits(pattern: str, what: str) -> Callable[[str], str]:
    def check(text: str) -> str:
        if re.fullmatch(pattern, text) is None:
            raise ValueError(f"{text!r} is not {what}")
        return text

    return check


Version: TypeAlias = Annotated[Literal[1], BeforeValidator(_first_version)]
Share: TypeAlias = Annotated[
    float, BeforeValidator(_share), WithJsonSchema({"anyOf": [_PERCENT_SCHEMA, _NUMBER_SCHEMA]})
]
# An allowance may exceed 100 %, but only when written as a percentage: a bare 10 is meant as 10 %.
Allowance: TypeAlias = Annotated[
    float, BeforeValidator(_allowance), WithJsonSchema({"anyOf": [_PERCENT_SCHEMA, _NUMBER_SCHEMA]})
]
Duration: TypeAlias = Annotated[
    timedelta, PlainValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})
]
Rhythm: TypeAlias = Annotated[
    Cadence, PlainValidator(_cadence), WithJsonSchema({"type": "string", "pattern": _CADENCE})
]
Address: TypeAlias = Annotated[str, Field(min_length=1, max_length=1000), AfterValidator(_no_way_up)]
Sql: TypeAlias = Annotated[str, Field(min_length=1, max_length=20_000)]
Variable: TypeAlias = Annotated[
    str,
    Field(max_length=200, json_schema_extra={"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}),
    AfterValidator(_variable),
]
VersionName: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=200),
    BeforeValidator(_one_version),
    WithJsonSchema({"type": ["string", "integer"]}),
]
ColumnName: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
Count: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=1_000_000_000)]
Number: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Distance: TypeAlias = Annotated[float, Field(strict=True, allow_inf_nan=False, gt=0)]
MetricName: TypeAlias = Annotated[
    str, Field(json_schema_extra={"enum": list(METRICS)}), AfterValidator(_metric)
]
Owner: TypeAlias = Annotated[str, Field(min_length=1, max_length=200)]
TeamName: TypeAlias = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"pattern": f"^{_NAME}$"}),
    AfterValidator(_fits(_NAME, "a team's name; use lower-case letters, digits, - and _")),
]
ModelName: TypeAlias = Annotated[
    str,
    Field(max_length=120, json_schema_extra={"pattern": rf"^{_NAME}\.{_NAME}$"}),
    AfterValidator(
        _fits(rf"{_NAME}\.{_NAME}", "a model's name; write team.name in lower-case letters, digits, - and _")
    ),
]
RegisteredName: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=250, json_schema_extra={"pattern": "^[^/:]+$"}),
    AfterValidator(_fits("[^/:]+", "a registered model's name; MLflow allows neither / nor :")),
]
AliasName: TypeAlias = Annotated[
    str,
    Field(max_length=250, json_schema_extra={"pattern": "^[A-Za-z][A-Za-z0-9_-]*$"}),
    AfterValidator(_fits("[A-Za-z][A-Za-z0-9_-]*", "an alias; use letters, digits, - and _")),
]


Word: TypeAlias = Annotated[
    str,
    Field(min_length=1, max_length=200),
    BeforeValidator(_word),
    WithJsonSchema({"type": ["string", "number", "boolean"]}),
]
Day: TypeAlias = Annotated[
    date,
    PlainValidator(_day),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"}),
]
Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Month: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=12)]
Windows: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=1000)]
Places: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=1000)]
BaselineName: TypeAlias = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"pattern": f"^{_NAME}$"}),
    AfterValidator(_fits(_NAME, "a baseline's name; use lower-case letters, digits, - and _")),
]


class Written(BaseModel):
    """Base of everything that a person writes: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrafficFile(Written):
    """The prediction log: one row per answered request."""

    path: Address | None = Field(
        None, description="Folder or glob of the log's files, with {date} where they lie by day"
    )
    timestamp: ColumnName = Field(description="Column with the time of the request; UTC unless it has a zone")
    prediction: ColumnName = Field(description="Column with the model's answer")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column that labels are joined by")
    version: ColumnName | None = Field(None, description="Column that says which model version answered")
    features: tuple[ColumnName, ...] = Field((), description="Input columns; default: all without a role")
    ignore: tuple[ColumnName, ...] = Field((), description="Columns that are not profiled at all")
    probability: ColumnName | None = Field(
        None, description="Column with the probability of class 1, the positive one"
    )
    probabilities: dict[Word, ColumnName] = Field(
        {}, description="Column of each class's probability; one class alone is the positive one"
    )
    group: ColumnName | None = Field(None, description="Column with the query that a ranked row belongs to")
    weight: ColumnName | None = Field(
        None, description="Column with the sampling weight of a row, used in scores and value"
    )
    value: ColumnName | None = Field(None, description="Column with what a prediction was worth")
    latency: ColumnName | None = Field(None, description="Column with the milliseconds that an answer took")
    status: ColumnName | None = Field(None, description="Column that says whether a request succeeded")
    ok: tuple[Word, ...] = Field((), description="Values of status that mean success")
    query: Sql | None = Field(None, description="SQL that returns the rows from :since to :until, for a path")
    connection: Variable | None = Field(
        None, description="Environment variable that holds the URL of the query's database"
    )
    version_is: VersionName | None = Field(
        None, description="The version that answers, where no column says so"
    )
    sensitive: tuple[ColumnName, ...] = Field(
        (), description="Columns of whose values profiles keep digests only"
    )


class LabelsFile(Written):
    """The stream of outcomes, joined to the traffic by request id."""

    path: Address | None = Field(
        None, description="Folder or glob of the label files, with {date} where they lie by day"
    )
    label: ColumnName = Field(description="Column with the outcome")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column to join by; default: the traffic's")
    arrived_at: ColumnName | None = Field(None, description="Column with the time a label became known")
    arrives_within: Duration | None = Field(None, description="When a window's labels are complete, as 7d")
    query: Sql | None = Field(
        None, description="SQL that returns the labels from :since to :until, for a path"
    )
    connection: Variable | None = Field(
        None, description="Environment variable that holds the URL of the query's database"
    )


class FalsePagesFile(Written):
    """How many incidents may be opened for nothing."""

    allow: Windows = Field(description="How many within the span")
    over: Duration = Field(description="The span, such as 90d")


class FreshnessFile(Written):
    """No silence in the traffic longer than a span."""

    at_most: Duration | None = Field(None, description="Longest silence that is allowed, such as 12h")
    severity: Severity | None = Field(None, description="How urgent a breach is")
    persistence: Windows | None = Field(
        None, description="Judged windows in a row that must be breached before an incident is opened"
    )


class VolumeFile(Written):
    """Enough rows, by the baseline's rate."""

    at_least: Share | None = Field(None, description="Least share of the rows that the baseline's rate gives")
    severity: Severity | None = Field(None, description="How urgent a breach is")
    persistence: Windows | None = Field(
        None, description="Judged windows in a row that must be breached before an incident is opened"
    )


class QualityFile(Written):
    """Columns that can be used."""

    missing: Share | None = Field(None, description="Allowed rise of a column's missing share")
    out_of_range: Share | None = Field(None, description="Allowed share outside the baseline's range")
    new_categories: Share | None = Field(None, description="Allowed share of values new to the baseline")
    duplicates: Share | None = Field(None, description="Allowed share of rows that repeat a request id")
    severity: Severity | None = Field(None, description="How urgent a breach is")
    persistence: Windows | None = Field(
        None, description="Judged windows in a row that must be breached before an incident is opened"
    )


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
    severity: Severity | None = Field(None, description="How urgent a significant drift is")
    ignore: tuple[ColumnName, ...] | None = Field(None, description="Columns measured, but not judged")
    segments: bool | None = Field(None, strict=True, description="Judge every slice of the segments as well")
    persistence: Windows | None = Field(
        None, description="Judged windows in a row that must be breached before an incident is opened"
    )


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
    severity: Severity | None = Field(None, description="How urgent a breach is")
    k: Places | None = Field(None, description="Places of a ranking that ndcg counts; default: 10")
    segments: bool | None = Field(None, strict=True, description="Judge every slice of the segments as well")
    persistence: Windows | None = Field(
        None, description="Judged windows in a row that must be breached before an incident is opened"
    )


class ValueFile(Written):
    """A limit on the business value of a prediction."""

    at_least_per_prediction: Number | None = Field(None, description="Least mean value of a prediction")
    at_most_worse_than_baseline: Allowance | None = Field(
        None, description="How much less than the baseline's mean value is allowed, such as 10%"
    )
    severity: Severity | None = Field(None, description="How urgent a breach is")


class LatencyFile(Written):
    """Limits on how long answers take."""

    p50_at_most: Distance | None = Field(None, description="Limit on the median, in milliseconds")
    p95_at_most: Distance | None = Field(None, description="Limit on the 95 % quantile, in milliseconds")
    p99_at_most: Distance | None = Field(None, description="Limit on the 99 % quantile, in milliseconds")
    severity: Severity | None = Field(None, description="How urgent a breach is")


class ErrorsFile(Written):
    """A limit on failed requests."""

    at_most: Share | None = Field(None, description="Largest share of requests that may fail")
    severity: Severity | None = Field(None, description="How urgent a breach is")


class WhenFile(Written):
    """Days in UTC; a day has to fit every key that is written."""

    dates: tuple[Day, ...] = Field((), description="Days, such as 2012-12-24")
    weekdays: tuple[Weekday, ...] = Field((), description="Days of the week: mon to sun")
    months: tuple[Month, ...] = Field((), description="Months: 1 to 12")


class BaselineFile(Written):
    """A baseline for some days, where they differ from all others."""

    name: BaselineName = Field(description="Name of the baseline as it is registered with the version")
    when: WhenFile = Field(description="The days it is for; it holds a window all of whose days are")


Off: TypeAlias = Literal["off"]
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


class _Switch:
    """Accepts `off` in place of the keys of an objective, without a second branch in error locations."""

    def __init__(self, section: type[Written]) -> None:
        self._section = section

    def __get_pydantic_core_schema__(self, _source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        def off_or_keys(value: Any, keys: core_schema.ValidatorFunctionWrapHandler) -> Any:
            # YAML 1.1 reads a bare off as false; editors that read YAML 1.2 hand over the word.
            return "off" if value is False or value == "off" else keys(value)

        return core_schema.no_info_wrap_validator_function(
            off_or_keys, handler.generate_schema(self._section)
        )

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"enum": [False, "off"]}]}


class ObjectivesFile(Written):
    """What is promised; each may be `off`. Freshness, volume, quality and drift are on by default."""

    freshness: Annotated[FreshnessFile | Off | None, _Switch(FreshnessFile)] = Field(
        None, description="No silence longer than a span"
    )
    volume: Annotated[VolumeFile | Off | None, _Switch(VolumeFile)] = Field(
        None, description="Enough rows, by the baseline's rate"
    )
    quality: Annotated[QualityFile | Off | None, _Switch(QualityFile)] = Field(
        None, description="Columns that can be used"
    )
    drift: Annotated[DriftFile | Off | None, _Switch(DriftFile)] = Field(
        None, description="Inputs and predictions distributed as in the baseline"
    )
    performance: Annotated[PerformanceFile | Off | None, _Switch(PerformanceFile)] = Field(
        None, description="A score of the labelled rows within a limit; needs labels"
    )
    value: Annotated[ValueFile | Off | None, _Switch(ValueFile)] = Field(
        None, description="What a prediction is worth on average; needs traffic.value"
    )
    latency: Annotated[LatencyFile | Off | None, _Switch(LatencyFile)] = Field(
        None, description="Answers in time; needs traffic.latency"
    )
    errors: Annotated[ErrorsFile | Off | None, _Switch(ErrorsFile)] = Field(
        None, description="Few requests fail; needs traffic.status"
    )


class Watching(Written):
    """The keys that a team may give defaults for."""

    cadence: Rhythm | None = Field(None, description="How often a window closes: 15m, 1h, 1d, 1w, 1mo")
    allowed_lateness: Duration | None = Field(None, description="How long rows may come late, such as 1h")
    minimum_rows: Count | None = Field(None, description="Rows below which a window is too small to judge")
    objectives: ObjectivesFile = Field(ObjectivesFile(), description="What is promised")
    automation: Automation | None = Field(
        None, description="Record what would be done, propose it, or do it; default: observe"
    )
    false_pages: FalsePagesFile | None = Field(
        None, description="How many incidents may be opened for nothing before the policy is too nervous"
    )
    authority: Authority | None = Field(
        None, description="Who moves the alias: external (your own delivery) or muster"
    )


class PolicyFile(Watching):
    """The policy of one model."""

    version: Version = Field(description="Version of this format")
    model: ModelName = Field(description="The model's full name: team.name")
    registered_as: RegisteredName | None = Field(
        None, description="The registered model's name in MLflow; default: the full name"
    )
    alias: AliasName | None = Field(None, description="The alias of the serving version; default: champion")
    task: Task = Field(description="What the model does")
    traffic: TrafficFile = Field(description="The prediction log")
    labels: LabelsFile | None = Field(None, description="The stream of outcomes")
    segments: Annotated[tuple[ColumnName, ...], Field(max_length=5)] = Field(
        (), description="Columns by whose values the rows are sliced, at most 5"
    )
    baselines: tuple[BaselineFile, ...] = Field(
        (), description="Baselines for some days: the first that fits a window holds, else the default one"
    )
    owners: tuple[Owner, ...] | None = Field(None, description="Who is told; default: the team's owners")


class TeamFile(Written):
    """A team's owners and defaults, in `team.yaml`."""

    version: Version = Field(1, description="Version of this format")
    team: TeamName = Field(description="The team's name, the same as its folder's")
    owners: tuple[Owner, ...] = Field((), description="Who is told about the team's models")
    defaults: Watching = Field(Watching(), description="Defaults for every model of the team")
