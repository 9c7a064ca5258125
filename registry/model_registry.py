"""What a model registry holds: versions, the aliases that name them, and the baselines attached to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from profiles.held_out import HeldOut
from profiles.layout import Task
from profiles.window import Window


@dataclass(frozen=True)
class ServedVersion:
    """A registered version that an alias names; `told` is the lineage of one that Muster made, as texts.

    `registered_by` is None where the registry does not tell.
    """

    name: str
    version: str
    run_id: str | None
    source: str
    registered_at: datetime
    told: Mapping[str, str] = field(default_factory=dict, compare=False)
    registered_by: str | None = field(default=None, compare=False)


@dataclass(frozen=True)
class AliasedVersion:
    """A version under one of its aliases; `features` and `task` are None where it has no signature."""

    alias: str
    served: ServedVersion
    features: tuple[str, ...] | None
    task: Task | None


@dataclass(frozen=True)
class BaselineFacts:
    """What is said of a baseline beside its profile; the document stored with the version.

    `kind` is `training`, `evaluation` or `period`; `scores` are those that objectives are relative to.
    `discreet` tells that values of sensitive columns are digests already.
    """

    name: str
    kind: str
    rows: int
    period: Window | None
    scores: Mapping[str, float]
    discreet: bool = False


@dataclass(frozen=True)
class AttachedBaseline:
    """A baseline as it lies with a version: the facts, the profile's bytes, and what held-out rows tell.

    `held_out` is None for versions that nobody learned about.
    """

    facts: BaselineFacts
    profile: bytes
    held_out: HeldOut | None = None


@dataclass(frozen=True)
class Candidate:
    """A fitted estimator on its way into the registry.

    `recipe` is a digest of what it was made from: registering the same recipe twice gives the version
    that is already there. `example` holds a few input rows, from which the signature is inferred.
    """

    name: str
    recipe: str
    estimator: Any
    example: Any
    baselines: Sequence[AttachedBaseline]
    scores: Mapping[str, float]


@dataclass(frozen=True)
class NewVersion:
    """A fitted model on its way into the registry, by Muster's own hand.

    `model` is a folder in MLflow's format, or what the register at hand takes instead. `recipe` is a digest:
    registering the same recipe twice gives the version that is already there. `lineage` says, as plain JSON
    values, what it was made from.
    """

    name: str
    recipe: str
    model: Path | Any
    baselines: Sequence[AttachedBaseline]
    scores: Mapping[str, float]
    lineage: Mapping[str, Any]


class Versions(Protocol):
    """What watching needs to know of a model registry."""

    def served(self, name: str, alias: str) -> ServedVersion | None:
        """Return the version that `alias` names, or None when there is no such model or alias."""

    def baselines(self, served: ServedVersion) -> tuple[AttachedBaseline, ...]:
        """Return the baselines attached to a version, by name."""


class Aliases(Protocol):
    """What moving an alias needs of a model registry; both raise RegistryUnavailable."""

    def served(self, name: str, alias: str) -> ServedVersion | None:
        """Return the version that `alias` names, or None when there is no such model or alias."""

    def point(self, name: str, alias: str, version: str) -> None:
        """Make `alias` name a version."""
