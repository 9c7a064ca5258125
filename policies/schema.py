"""What teams write: a policy file per model and a `team.yaml` beside them, as pydantic models.

Nothing is filled in here; `policies.resolve` does that. Every key carries its description, which the
JSON Schema shows in editors.
"""

from typing import Annotated

from pydantic import Field

from policies.policy import Authority, Automation
from policies.written_objectives import ObjectivesFile
from policies.written_remediation import RemediationFile
from policies.written_sources import LabelsFile, TrafficFile
from policies.written_target import TargetFile
from policies.written_types import (
    AliasName,
    BaselineName,
    ChannelName,
    ColumnName,
    Count,
    Day,
    Duration,
    DurationOrOff,
    ModelName,
    Month,
    Owner,
    RegisteredName,
    Rhythm,
    TeamName,
    Version,
    Weekday,
    Windows,
    Written,
)
from profiles.layout import Task


class FalsePagesFile(Written):
    """How many incidents may be opened for nothing."""

    allow: Windows = Field(description="How many within the span")
    over: Duration = Field(description="The span, such as 90d")


class RoutesFile(Written):
    """Which channels are told of what; channels are defined in the settings."""

    critical: tuple[ChannelName, ...] = Field((), description="Channels that are told of critical incidents")
    high: tuple[ChannelName, ...] = Field((), description="Channels that are told of high ones")
    low: tuple[ChannelName, ...] = Field((), description="Channels that are told of low ones")


class WhenFile(Written):
    """Days in UTC; a day has to fit every key that is written."""

    dates: tuple[Day, ...] = Field((), description="Days, such as 2012-12-24")
    weekdays: tuple[Weekday, ...] = Field((), description="Days of the week: mon to sun")
    months: tuple[Month, ...] = Field((), description="Months: 1 to 12")


class BaselineFile(Written):
    """A baseline for some days, where they differ from all others."""

    name: BaselineName = Field(description="Name of the baseline as it is registered with the version")
    when: WhenFile = Field(description="The days it is for; it holds a window all of whose days are")


class Watching(Written):
    """The keys that a team may give defaults for."""

    cadence: Rhythm | None = Field(None, description="How often a window closes: 15m, 1h, 1d, 1w, 1mo")
    allowed_lateness: Duration | None = Field(None, description="How long rows may come late, such as 1h")
    late_rows: DurationOrOff | None = Field(
        None,
        description="How long after a window rows that come even later are looked for, such as 3d; or off",
    )
    minimum_rows: Count | None = Field(None, description="Rows below which a window is too small to judge")
    objectives: ObjectivesFile = Field(ObjectivesFile(), description="What is promised")
    automation: Automation | None = Field(
        None, description="Record what would be done, propose it, or do it; default: observe"
    )
    remediation: RemediationFile = Field(
        RemediationFile(), description="What Muster may do about a verdict, and within which limits"
    )
    false_pages: FalsePagesFile | None = Field(
        None, description="How many incidents may be opened for nothing before the policy is too nervous"
    )
    authority: Authority | None = Field(
        None, description="Who moves the alias: external (your own delivery) or muster"
    )
    target: TargetFile = Field(TargetFile(), description="Who makes a version answer, and how that is seen")


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
    routes: RoutesFile | None = Field(
        None, description="Channels that are told of incidents; default: the team's routes"
    )


class TeamFile(Written):
    """A team's owners and defaults, in `team.yaml`."""

    version: Version = Field(1, description="Version of this format")
    team: TeamName = Field(description="The team's name, the same as its folder's")
    owners: tuple[Owner, ...] = Field((), description="Who is told about the team's models")
    routes: RoutesFile | None = Field(None, description="Channels that are told of incidents, by severity")
    defaults: Watching = Field(Watching(), description="Defaults for every model of the team")
