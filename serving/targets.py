"""Rollout targets: who makes a version answer, and how it is seen that it does."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from policies.objectives.wording import percent
from policies.target import TargetKind
from serving.split import salt_of

if TYPE_CHECKING:
    from policies.policy import Policy
    from registry.model_registry import Aliases


@dataclass(frozen=True)
class Abilities:
    """What a target can do: split the requests, mirror them to a shadow, and go back to an old version."""

    split: bool
    mirror: bool
    roll_back: bool


@dataclass(frozen=True)
class Order:
    """An assignment on its way to a target; `weight` is the challenger's share of the requests, 0..1.

    `key` names it: the same order again asks for nothing new.
    """

    model: str
    registered_as: str
    revision: int
    key: str
    champion: str
    previous: str | None
    challenger: str | None
    challenger_role: str | None
    weight: float
    reason: str

    @property
    def share(self) -> float:
        """The share of the requests that the challenger answers."""
        return self.weight if self.challenger_role == "canary" else 0.0

    @property
    def salt(self) -> str | None:
        """What the split goes by, the same for every step of a canary; see `serving.split`."""
        return None if self.challenger is None else salt_of(self.model, self.challenger)

    @property
    def sentence(self) -> str:
        """Who answers: `version 1 answers, and version 2 answers 10 % of the requests`."""
        shared = (
            f", and version {self.challenger} {percent(self.share)} of the requests" if self.share else ""
        )
        return f"version {self.champion} answers{shared}"

    @property
    def plain(self) -> dict[str, Any]:
        """The order as JSON values."""
        return {"version": 1, **asdict(self), "share": self.share, "salt": self.salt}


class NotCarriedOut(Exception):
    """A target did not do what it was told. The text holds no secret."""


class Target(Protocol):
    """Something that carries out assignments."""

    @property
    def can(self) -> Abilities:
        """What it can do."""

    def carry_out(self, order: Order, at: datetime) -> str:
        """Ask for an assignment and return in a sentence what was done; NotCarriedOut when that failed."""


TargetOf: TypeAlias = "Callable[[Policy], Target]"

# An alias names one version: who loads by it can neither split nor mirror. What a command or a receiver does
# with a share of requests is theirs to say: a policy says `splits` for them.
ABILITIES: Mapping[TargetKind, Abilities] = {
    "mlflow_alias": Abilities(split=False, mirror=False, roll_back=True),
    "command": Abilities(split=False, mirror=False, roll_back=True),
    "webhook": Abilities(split=False, mirror=False, roll_back=True),
}


def targets(aliases: Aliases, environ: Mapping[str, str] = os.environ) -> TargetOf:
    """Return the function that opens a policy's target; secrets are looked up when they are used."""

    def open_target(policy: Policy) -> Target:
        from serving.target_alias import AliasTarget
        from serving.target_command import CommandTarget
        from serving.target_webhook import WebhookTarget

        target = policy.target
        if target.kind == "command":
            return CommandTarget(str(target.entry), environ, splits=target.splits)
        if target.kind == "webhook":
            return WebhookTarget(str(target.entry), str(target.secret), environ, splits=target.splits)
        return AliasTarget(aliases, target.entry or policy.alias)

    return open_target


def refused(policy: Policy) -> str | None:
    """Return why nothing can change who serves a model from here; None when something can."""
    if policy.authority == "external" and policy.target.kind == "mlflow_alias":
        return (
            f"somebody else's delivery moves the alias {policy.alias} of {policy.registered_as} (authority: "
            "external), and the policy names no command or webhook that asks for it: move it there, or write "
            f"`authority: muster` or a `target` into the policy of {policy.model}"
        )
    return None
