"""What the ledger takes and answers: frozen values, free of SQL."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal, TypeAlias

from policies.policy import Policy
from policies.verdict import Verdict
from profiles.reading import Reading
from profiles.window import Window

ActorKind: TypeAlias = Literal["person", "claimed", "muster", "registry"]
ChallengerRole: TypeAlias = Literal["shadow", "canary"]
# `adopted` follows a change that somebody else made; the others are made by Muster or through it. After
# `baselined` the same version serves, compared with a baseline that a person or `muster init` set.
TransitionKind: TypeAlias = Literal[
    "adopted",
    "baselined",
    "shadowed",
    "canaried",
    "stepped",
    "promoted",
    "baked",
    "rolled_back",
    "rejected",
    "frozen",
    "unfrozen",
]

# `approved` lets a proposal be carried out; each of the others is the end of an intent.
IntentEvent: TypeAlias = Literal["approved", "done", "failed", "declined"]

BASELINE_KINDS = ("training", "evaluation", "period")
# Windows are compared with the default; while a version has none, with the one that `muster init` proposed
# and nobody has confirmed yet.
DEFAULT = "default"
PROPOSED = "proposed"
# What serves a model that no model registry knows.
UNVERSIONED = "unversioned"


@dataclass(frozen=True)
class Actor:
    """Who does something.

    A `person` is known to the operating system or by a log-in; a `claimed` name is only said, as by a run
    that was started in Prefect's own pages. `muster` acts automatically, `registry` is somebody else's
    delivery.
    """

    name: str
    kind: ActorKind


class VersionState(StrEnum):
    """Where a model version stands: it contends, it serves, or it no longer does."""

    CANDIDATE = "candidate"
    SHADOW = "shadow"
    CANARY = "canary"
    CHAMPION = "champion"
    RETIRED = "retired"
    REJECTED = "rejected"
    ROLLED_BACK = "rolled_back"


@dataclass(frozen=True)
class ModelVersion:
    """A version as the model registry has it.

    `registered_at` and `artifact_digest` are None where the registry cannot tell; then the version counts
    as registered when the ledger first hears of it. `state` is the ledger's answer: it follows from the
    transitions, and recording a version does not set it.
    """

    model: str
    version: str
    run_id: str | None
    source: str
    registered_at: datetime | None = None
    artifact_digest: str | None = None
    state: VersionState = VersionState.CANDIDATE


@dataclass(frozen=True)
class RegisteredBaseline:
    """A stored profile that windows of one version are compared with.

    `kind` is one of BASELINE_KINDS. `period` is the span of the rows it was made of, where known;
    `scores` are the scores on them. `held_out` is the digest of what the version's held-out rows tell, stored
    beside the profiles; None where nobody learned about the version.
    """

    model: str
    version: str
    profile_digest: str
    rows: int
    kind: str = "training"
    name: str = "default"
    period: Window | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    held_out: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in BASELINE_KINDS:
            raise ValueError(f"baseline {self.name!r}: kind {self.kind!r} is none of {BASELINE_KINDS}")


@dataclass(frozen=True)
class Assignment:
    """Who serves a model: champion, challenger with role and `weight` (share of requests, 0..1).

    `revision` counts the transitions so far. A challenger has a role, and a role a challenger.
    """

    model: str
    revision: int
    champion: str | None
    previous: str | None = None
    challenger: str | None = None
    challenger_role: ChallengerRole | None = None
    weight: float = 0.0
    bake_until: datetime | None = None
    frozen_by: str | None = None

    def __post_init__(self) -> None:
        if self.revision < 1:
            raise ValueError(f"revision {self.revision} of {self.model}: revisions count from 1")
        if (self.challenger is None) != (self.challenger_role is None):
            raise ValueError(f"{self.model}: a challenger needs a role, and a role a challenger")
        if self.challenger is not None and self.challenger == self.champion:
            raise ValueError(f"{self.model}: version {self.champion} cannot contend with itself")
        if not 0.0 <= self.weight <= 1.0:
            raise ValueError(f"{self.model}: weight {self.weight} is not a share between 0 and 1")


@dataclass(frozen=True)
class TransitionRequest:
    """A wish to change who serves a model, decided on `seen_revision` (0: nobody served yet).

    `key` names the wish: asked again under the same key, the ledger gives the same answer. From
    `champion` on, the fields are those of the wanted assignment.
    """

    model: str
    seen_revision: int
    key: str
    kind: TransitionKind
    actor: str
    actor_kind: ActorKind
    reason: str
    champion: str | None
    previous: str | None = None
    challenger: str | None = None
    challenger_role: ChallengerRole | None = None
    weight: float = 0.0
    bake_until: datetime | None = None
    frozen_by: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)
    policy_digest: str | None = None

    @property
    def after(self) -> Assignment:
        """The assignment that the wish leads to; ValueError when it contradicts itself."""
        return Assignment(
            model=self.model,
            revision=self.seen_revision + 1,
            champion=self.champion,
            previous=self.previous,
            challenger=self.challenger,
            challenger_role=self.challenger_role,
            weight=self.weight,
            bake_until=self.bake_until,
            frozen_by=self.frozen_by,
        )


@dataclass(frozen=True)
class Transition:
    """A recorded change of who serves; `before` is None for the first."""

    model: str
    revision: int
    at: datetime
    key: str
    kind: TransitionKind
    actor: str
    actor_kind: ActorKind
    reason: str
    before: Assignment | None
    after: Assignment
    evidence: Mapping[str, Any] = field(default_factory=dict)
    policy_digest: str | None = None


@dataclass(frozen=True)
class RecordedModel:
    """A model that the ledger knows."""

    model: str
    team: str
    created_at: datetime


@dataclass(frozen=True)
class RecordedPolicy:
    """A policy under its digest, with the text that it was first resolved from."""

    digest: str
    policy: Policy
    source: str
    recorded_at: datetime


@dataclass(frozen=True)
class Judged:
    """A window's newest reading and the newest verdict on it."""

    reading: Reading
    verdict: Verdict
    policy_digest: str
    revision: int
    recorded_at: datetime


@dataclass(frozen=True)
class Look:
    """How a model's log was when rows that come late were looked for.

    `mark` is the source's mark of its state, None where it has none. `odd` maps the starts of windows to the
    rows found there where their readings had counted others: those were read again because of it.
    """

    model: str
    mark: str | None
    odd: Mapping[datetime, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """One place where the ledger no longer agrees with its chain, in a sentence."""

    model: str
    kind: str
    key: str
    sentence: str

    def __str__(self) -> str:
        return f"{self.model}, {self.kind} {self.key}: {self.sentence}"


@dataclass(frozen=True)
class Verification:
    """What checking the whole ledger found; sound when `faults` is empty."""

    entries: int
    chains: int
    faults: tuple[Fault, ...]

    @property
    def sound(self) -> bool:
        """Say whether every row agrees with its chain."""
        return not self.faults
