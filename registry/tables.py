"""The ledger's tables.

Rows carry keys, times and what is searched for in columns of their own; whole values as canonical JSON.
Times are aware and in UTC. Nothing here is ever updated but `assignments` and the state of `versions`,
which both follow from `transitions`, and `unreadable_feeds`, `looks` and `leases`, which say only how
things are now.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar, get_args

from sqlalchemy import CheckConstraint, Column, ForeignKeyConstraint, LargeBinary, MetaData, Text
from sqlalchemy import UniqueConstraint as Unique
from sqlmodel import Field, SQLModel

from policies.incidents import ChangeKind
from policies.verdict import Severity, Status
from registry.records import BASELINE_KINDS, ActorKind, ChallengerRole, VersionState


def one_of(column: str, values: Iterable[str]) -> CheckConstraint:
    """Return the constraint that a column holds one of some values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", name=column)


class Row(SQLModel):
    """What all tables of the ledger share: their metadata, with a name for every constraint."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )


class ModelRow(Row, table=True):
    """A model that a policy was recorded for; locked while a fact of its chain is written."""

    __tablename__ = "models"

    model: str = Field(primary_key=True)
    team: str
    created_at: datetime


class PolicyRow(Row, table=True):
    """A resolved policy under its digest, with the text that it was first resolved from."""

    __tablename__ = "policies"

    digest: str = Field(primary_key=True)
    model: str = Field(foreign_key="models.model", index=True)
    source: str = Field(sa_type=Text)
    resolved: str = Field(sa_type=Text)
    recorded_at: datetime


class VersionRow(Row, table=True):
    """A version as the model registry had it when it was first recorded, and its state since."""

    __tablename__ = "versions"
    __table_args__ = (one_of("state", VersionState),)

    model: str = Field(primary_key=True, foreign_key="models.model")
    version: str = Field(primary_key=True)
    run_id: str | None
    source: str = Field(sa_type=Text)
    artifact_digest: str | None
    state: str
    registered_at: datetime
    recorded_at: datetime


class BaselineRow(Row, table=True):
    """A profile bound to a version."""

    __tablename__ = "baselines"
    __table_args__ = (
        ForeignKeyConstraint(["model", "version"], ["versions.model", "versions.version"]),
        one_of("kind", BASELINE_KINDS),
    )

    model: str = Field(primary_key=True)
    version: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    profile_digest: str
    kind: str
    rows: int
    period_start: datetime | None
    period_end: datetime | None
    scores: str = Field(sa_type=Text)
    recorded_at: datetime
    held_out_digest: str | None = None


class AssignmentRow(Row, table=True):
    """Who serves a model now; changed only by compare-and-swap on `revision`."""

    __tablename__ = "assignments"
    __table_args__ = (
        ForeignKeyConstraint(["model", "champion"], ["versions.model", "versions.version"]),
        ForeignKeyConstraint(["model", "previous"], ["versions.model", "versions.version"]),
        ForeignKeyConstraint(["model", "challenger"], ["versions.model", "versions.version"]),
        one_of("challenger_role", get_args(ChallengerRole)),
        CheckConstraint("weight BETWEEN 0 AND 1", name="weight"),
        CheckConstraint("revision >= 1", name="revision"),
    )

    model: str = Field(primary_key=True, foreign_key="models.model")
    champion: str | None
    previous: str | None
    challenger: str | None
    challenger_role: str | None
    weight: float
    bake_until: datetime | None
    frozen_by: str | None
    revision: int


class TransitionRow(Row, table=True):
    """A change of who serves; one per model and revision. Append-only."""

    __tablename__ = "transitions"
    __table_args__ = (Unique("model", "request_key"), one_of("actor_kind", get_args(ActorKind)))

    model: str = Field(primary_key=True, foreign_key="models.model")
    revision: int = Field(primary_key=True)
    at: datetime
    request_key: str
    actor: str
    actor_kind: str
    kind: str
    reason: str = Field(sa_type=Text)
    evidence: str = Field(sa_type=Text)
    policy_digest: str | None = Field(foreign_key="policies.digest")
    before: str | None = Field(sa_type=Text)
    after: str = Field(sa_type=Text)


class ReadingRow(Row, table=True):
    """A window's reading; a higher revision supersedes. `packed` is zlib of canonical JSON. Append-only."""

    __tablename__ = "readings"

    model: str = Field(primary_key=True, foreign_key="models.model")
    window_start: datetime = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    window_end: datetime
    version: str | None
    profile_digest: str | None
    measured: bool
    content_digest: str
    recorded_at: datetime
    settles_at: datetime | None
    flow_run: str | None
    # Last, so that the columns before it are read without touching its overflow pages.
    packed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class SettlementRow(Row, table=True):
    """A reading that was found unchanged when it was due to settle. Append-only."""

    __tablename__ = "settlements"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model", "window_start", "revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
        ),
    )

    model: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    revision: int = Field(primary_key=True)
    recorded_at: datetime


class VerdictRow(Row, table=True):
    """A verdict on one revision of a window's reading by one policy. Append-only."""

    __tablename__ = "verdicts"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
        ),
        one_of("status", Status),
        one_of("severity", Severity),
    )

    model: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    reading_revision: int = Field(primary_key=True)
    policy_digest: str = Field(primary_key=True, foreign_key="policies.digest")
    status: str
    severity: str | None
    recorded_at: datetime
    content: str = Field(sa_type=Text)


class IncidentRow(Row, table=True):
    """What a window, a pulse or a person did to an incident, with the incident as it was then. Append-only.

    A pulse and a person have no reading: then `window_start` is the time at which they did it. `nth` counts
    the changes of an incident from 1; `actor` is the person, None where Muster did it itself.
    """

    __tablename__ = "incident_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
        ),
        one_of("change", get_args(ChangeKind)),
        one_of("severity", Severity),
    )

    model: str = Field(primary_key=True)
    incident: str = Field(primary_key=True)
    nth: int = Field(primary_key=True)
    window_start: datetime
    reading_revision: int | None
    policy_digest: str = Field(foreign_key="policies.digest")
    change: str
    kind: str
    severity: str
    is_open: bool
    actor: str | None
    recorded_at: datetime
    sentence: str = Field(sa_type=Text)
    content: str = Field(sa_type=Text)


class UnreadableRow(Row, table=True):
    """A feed that no pulse could read since a time; the row goes when one can again."""

    __tablename__ = "unreadable_feeds"

    model: str = Field(primary_key=True, foreign_key="models.model")
    since: datetime


class LookRow(Row, table=True):
    """How a model's log was when rows that come late were looked for last; replaced by each look.

    `mark` is the source's own mark of its state, `odd` maps the starts of windows to the rows found there
    where a reading had counted others.
    """

    __tablename__ = "looks"

    model: str = Field(primary_key=True, foreign_key="models.model")
    mark: str | None
    odd: str = Field(sa_type=Text)


class EntryRow(Row, table=True):
    """A link of a model's hash chain: one recorded fact. Append-only."""

    __tablename__ = "entries"
    __table_args__ = (Unique("model", "kind", "key"),)

    model: str = Field(primary_key=True, foreign_key="models.model")
    seq: int = Field(primary_key=True)
    at: datetime
    kind: str
    key: str
    content_digest: str
    prev: str
    hash: str


APPEND_ONLY = (
    *("entries", "transitions", "readings", "settlements", "verdicts", "incident_changes"),
    *("intents", "intent_events", "freezes", "paired_readings", "grades"),
)
