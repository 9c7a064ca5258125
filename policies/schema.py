"""What teams write: a policy file per model and a `team.yaml` beside them, as pydantic models.

Nothing is filled in here; `policies.resolve` does that. Every key carries its description, which the
JSON Schema shows in editors.
"""

import re
from collections.abc import Callable
from datetime import timedelta
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
from profiles.scores import METRICS
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


def _first_version(value: object) -> int:
    if type(value) is not int or value != 1:  # true and 1.0 equal 1 as well
        raise ValueError(f"{value!r} is not a version of this format; write 1")
    return 1


def _metric(name: str) -> str:
    if name not in METRICS:
        raise PydanticCustomError("unknown_metric", "unknown metric", {"expected": ", ".join(METRICS)})
    return name


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


class Written(BaseModel):
    """Base of everything that a person writes: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TrafficFile(Written):
    """The prediction log: one row per answered request."""

    path: Address = Field(description="Folder or glob of the log's files; local, or an address such as s3://")
    timestamp: ColumnName = Field(description="Column with the time of the request; UTC unless it has a zone")
    prediction: ColumnName = Field(description="Column with the model's answer")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column that labels are joined by")
    version: ColumnName | None = Field(None, description="Column that says which model version answered")
    features: tuple[ColumnName, ...] = Field((), description="Input columns; default: all without a role")
    ignore: tuple[ColumnName, ...] = Field((), description="Columns that are not profiled at all")


class LabelsFile(Written):
    """The stream of outcomes, joined to the traffic by request id."""

    path: Address = Field(description="Folder or glob of the label files; local, or an address such as s3://")
    label: ColumnName = Field(description="Column with the outcome")
    format: Format | None = Field(None, description="Format of the files; default: told by the path's suffix")
    request_id: ColumnName | None = Field(None, description="Column to join by; default: the traffic's")
    arrived_at: ColumnName | None = Field(None, description="Column with the time a label became known")
    arrives_within: Duration | None = Field(None, description="When a window's labels are complete, as 7d")


class FreshnessFile(Written):
    """No silence in the traffic longer than a span."""

    at_most: Duration | None = Field(None, description="Longest silence that is allowed, such as 12h")
    severity: Severity | None = Field(None, description="How urgent a breach is")


class VolumeFile(Written):
    """Enough rows, by the baseline's rate."""

    at_least: Share | None = Field(None, description="Least share of the rows that the baseline's rate gives")
    severity: Severity | None = Field(None, description="How urgent a breach is")


class QualityFile(Written):
    """Columns that can be used."""

    missing: Share | None = Field(None, description="Allowed rise of a column's missing share")
    out_of_range: Share | None = Field(None, description="Allowed share outside the baseline's range")
    new_categories: Share | None = Field(None, description="Allowed share of values new to the baseline")
    severity: Severity | None = Field(None, description="How urgent a breach is")


class DriftFile(Written):
    """Effect limits of drift, per column."""

    minor: Distance | None = Field(None, description="Population stability index of a minor drift")
    significant: Distance | None = Field(None, description="Population stability index of a significant one")
    minor_share: Share | None = Field(None, description="Change of one category's share: minor drift")
    significant_share: Share | None = Field(
        None, description="Change of one category's share: significant drift"
    )
    severity: Severity | None = Field(None, description="How urgent a significant drift is")
    ignore: tuple[ColumnName, ...] | None = Field(None, description="Columns measured, but not judged")


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


Off: TypeAlias = Literal["off"]
Section = TypeVar("Section", FreshnessFile, VolumeFile, QualityFile, DriftFile, PerformanceFile)


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
    """What is promised; each may be `off`. All but performance are on by default."""

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


class Watching(Written):
    """The keys that a team may give defaults for."""

    cadence: Rhythm | None = Field(None, description="How often a window closes: 15m, 1h, 1d, 1w, 1mo")
    allowed_lateness: Duration | None = Field(None, description="How long rows may come late, such as 1h")
    minimum_rows: Count | None = Field(None, description="Rows below which a window is too small to judge")
    objectives: ObjectivesFile = Field(ObjectivesFile(), description="What is promised")
    automation: Automation | None = Field(
        None, description="Record what would be done, propose it, or do it; default: observe"
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
    owners: tuple[Owner, ...] | None = Field(None, description="Who is told; default: the team's owners")


class TeamFile(Written):
    """A team's owners and defaults, in `team.yaml`."""

    version: Version = Field(1, description="Version of this format")
    team: TeamName = Field(description="The team's name, the same as its folder's")
    owners: tuple[Owner, ...] = Field((), description="Who is told about the team's models")
    defaults: Watching = Field(Watching(), description="Defaults for every model of the team")
