"""What a policy file says of what Muster may do about a verdict."""

from typing import Annotated

from pydantic import Field

from policies.remediation import Trigger
from policies.written_types import (
    Address,
    Count,
    Day,
    Duration,
    ModelName,
    OpenShare,
    Share,
    VersionName,
    Windows,
    Written,
)


class RetrainFile(Written):
    """When a challenger is made, and how often at most."""

    when: tuple[Trigger, ...] | None = Field(None, description="The shortfalls that ask for a challenger")
    every: Duration | None = Field(None, description="Make one by schedule, such as every 30d")
    new_labels: Count | None = Field(None, description="Make one after so many new labelled rows")
    compare_every: Duration | None = Field(
        None,
        description="Make one to compare with, even when every objective is met; 90d where automation is act",
    )
    cooldown: Duration | None = Field(
        None, description="Least time from when the last challenger was decided"
    )
    per_month: Windows | None = Field(None, description="Most challengers in 30 days")
    give_up_after: Windows | None = Field(
        None, description="Challengers in a row that may not help before a person has to look"
    )


class RecipeFile(Written):
    """What challengers are fitted on."""

    recent: tuple[Duration, ...] | None = Field(None, description="Spans of newest rows to fit on")
    all_history: bool | None = Field(None, strict=True, description="Fit on all rows as well")
    holdout: OpenShare | None = Field(None, description="Share of the newest rows kept for choosing")
    minimum_rows: Count | None = Field(None, description="Labelled rows below which nothing is fitted")
    better_by: Share | None = Field(
        None, description="By how much a challenger has to beat the champion on the newest rows"
    )


class TrainerFile(Written):
    """Who fits a challenger: one of function, command and deployment, else a refit of the champion."""

    function: Annotated[str, Field(pattern=r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$")] | None = Field(
        None, description="A Python function, as module:function"
    )
    command: Annotated[str, Field(min_length=1, max_length=2000)] | None = Field(
        None, description="A command that reads files and writes files"
    )
    deployment: Annotated[str, Field(pattern="^[^/]+/[^/]+$")] | None = Field(
        None, description="Another Prefect deployment, as flow/deployment"
    )
    folder: Address | None = Field(None, description="Working directory and first import path of the trainer")
    python: Address | None = Field(
        None, description="Interpreter of the trainer's environment; default: that recorded with the champion"
    )
    at_most: Duration | None = Field(None, description="After this long a trainer is ended")


class ShadowFile(Written):
    """The challenger answers beside the champion."""

    longest: Duration | None = Field(None, description="After this long without a decision it is rejected")


class CanaryFile(Written):
    """The challenger answers a share of the requests."""

    steps: tuple[OpenShare, ...] | None = Field(
        None, description="Shares in turn, such as [10%, 50%]; [] for no canary"
    )
    rows: Count | None = Field(None, description="Least rows of the challenger at each step")
    longest: Duration | None = Field(
        None,
        description="After this long a step is over all the same, and one that sees fewer rows is left out",
    )


class GateFile(Written):
    """How sure a gate has to be."""

    margin: Share | None = Field(
        None, description="How much worse than the champion's loss still counts as no worse"
    )
    alpha: OpenShare | None = Field(
        None, description="Chance of a wrong promotion, shared by all challengers of a month"
    )
    minimum_rows: Count | None = Field(None, description="Least labelled rows before a gate decides")


class BakeFile(Written):
    """The time after a promotion."""

    lasts: Duration | None = Field(None, description="How long the old champion stays in shadow")
    rollback: bool | None = Field(
        None, strict=True, description="Roll back automatically for a loss that the new version causes"
    )


class ChangeFreezeFile(Written):
    """Days on which nothing is promoted automatically."""

    first: Day = Field(description="First day, such as 2026-12-20")
    last: Day = Field(description="Last day, included")


class RemediationFile(Written):
    """What Muster may do, and within which limits."""

    retrain: RetrainFile = Field(RetrainFile(), description="When a challenger is made")
    recipe: RecipeFile = Field(RecipeFile(), description="What challengers are fitted on")
    trainer: TrainerFile = Field(TrainerFile(), description="Who fits them")
    shadow: ShadowFile = Field(ShadowFile(), description="Answering beside the champion")
    canary: CanaryFile = Field(CanaryFile(), description="Answering a share of the requests")
    gate: GateFile = Field(GateFile(), description="How sure a gate has to be")
    bake: BakeFile = Field(BakeFile(), description="The time after a promotion")
    fallback: VersionName | None = Field(
        None, description="Version that serves when there is no earlier champion to go back to"
    )
    rolls_with: tuple[ModelName, ...] | None = Field(
        None, description="Models that move together with this one, or not at all"
    )
    change_freezes: tuple[ChangeFreezeFile, ...] | None = Field(
        None, description="Days on which nothing is promoted automatically"
    )
    claimed_promotions: bool | None = Field(
        None, strict=True, description="Let a name that is only claimed promote"
    )
