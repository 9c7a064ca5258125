"""The tables of what is to be done: intents, who carries them out, and what is frozen."""

from datetime import datetime
from typing import get_args

from sqlalchemy import ForeignKeyConstraint, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlmodel import Field

from policies.intents import IntentKind
from policies.policy import Automation
from registry.records import ActorKind, IntentEvent
from registry.tables import Row, one_of


class IntentRow(Row, table=True):
    """An act that was wanted; `nth` counts a model's intents. Append-only."""

    __tablename__ = "intents"
    __table_args__ = (
        Unique("model", "nth"),
        one_of("kind", get_args(IntentKind)),
        one_of("automation", get_args(Automation)),
    )

    model: str = Field(primary_key=True, foreign_key="models.model")
    key: str = Field(primary_key=True)
    nth: int
    at: datetime
    kind: str
    automation: str
    automatic: bool
    queue: str | None
    sentence: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)
    policy_digest: str | None = Field(foreign_key="policies.digest")


class IntentEventRow(Row, table=True):
    """What became of an intent: at most one approval, and one end. Append-only."""

    __tablename__ = "intent_events"
    __table_args__ = (
        ForeignKeyConstraint(["model", "key"], ["intents.model", "intents.key"]),
        one_of("event", get_args(IntentEvent)),
        one_of("actor_kind", get_args(ActorKind)),
    )

    model: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    event: str = Field(primary_key=True)
    at: datetime
    actor: str
    actor_kind: str
    sentence: str = Field(sa_type=Text)
    result: str = Field(sa_type=Text)


class LeaseRow(Row, table=True):
    """Who carries out an intent now, and when it is due; the row goes when the intent has ended.

    `token` counts the claims and is the fence: who was overtaken can no longer end the intent.
    """

    __tablename__ = "leases"
    __table_args__ = (ForeignKeyConstraint(["model", "key"], ["intents.model", "intents.key"]),)

    model: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    nth: int
    kind: str
    automatic: bool
    queue: str | None
    due: datetime
    worker: str | None
    until: datetime | None
    token: int
    attempts: int
    note: str | None = Field(sa_type=Text)


class FreezeRow(Row, table=True):
    """A freeze or unfreeze of a team or of everything: a hash chain of its own. Append-only."""

    __tablename__ = "freezes"
    __table_args__ = (one_of("actor_kind", get_args(ActorKind)),)

    seq: int = Field(primary_key=True)
    scope: str
    frozen: bool
    at: datetime
    actor: str
    actor_kind: str
    reason: str = Field(sa_type=Text)
    prev: str
    hash: str
