"""The values that a policy file may hold: how each is read, refused and shown in the JSON Schema."""

import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from policies.verdict import Severity
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


def _open_share(value: object) -> float:
    share = _share(value)
    if not 0 < share < 1:
        raise ValueError(f"{value!r} has to be more than 0% and less than 100%")
    return share


def _duration(value: object) -> timedelta:
    span = duration(value if isinstance(value, str) else str(value))
    if span > _LONGEST:
        raise ValueError(f"{value!r} is longer than {spelled(_LONGEST)}")
    return span


def _duration_or_off(value: object) -> timedelta:
    # YAML 1.1 reads a bare off as false, which equals 0; editors that read YAML 1.2 hand over the word.
    return timedelta(0) if value in (0, "off", "0") else _duration(value)


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
OpenShare: TypeAlias = Annotated[
    float,
    BeforeValidator(_open_share),
    WithJsonSchema(
        {"anyOf": [_PERCENT_SCHEMA, {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}]}
    ),
]
# An allowance may exceed 100 %, but only when written as a percentage: a bare 10 is meant as 10 %.
Allowance: TypeAlias = Annotated[
    float, BeforeValidator(_allowance), WithJsonSchema({"anyOf": [_PERCENT_SCHEMA, _NUMBER_SCHEMA]})
]
Duration: TypeAlias = Annotated[
    timedelta, PlainValidator(_duration), WithJsonSchema({"type": "string", "pattern": _DURATION})
]
# Off is a span of no length.
DurationOrOff: TypeAlias = Annotated[
    timedelta,
    PlainValidator(_duration_or_off),
    WithJsonSchema({"anyOf": [{"type": "string", "pattern": _DURATION}, {"enum": [False, "off", 0]}]}),
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
ChannelName: TypeAlias = Annotated[
    str,
    Field(max_length=60, json_schema_extra={"pattern": f"^{_NAME}$"}),
    AfterValidator(_fits(_NAME, "a channel's name; use lower-case letters, digits, - and _")),
]
Urgency: TypeAlias = Annotated[Severity | None, Field(description="How urgent a breach is")]
InARow: TypeAlias = Annotated[
    Windows | None,
    Field(description="Judged windows in a row that must be breached before an incident is opened"),
]


class Written(BaseModel):
    """Base of everything that a person writes: unknown keys are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)
