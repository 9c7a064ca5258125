"""Intents with what became of them and who carries them out; freezes; actors whose name is only claimed.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_APPEND_ONLY = ("intents", "intent_events", "freezes")
_ACTORS_BEFORE = "actor_kind IN ('person', 'muster', 'registry')"
_ACTORS = "actor_kind IN ('person', 'claimed', 'muster', 'registry')"


def upgrade() -> None:
    _create_intents()
    _create_intent_events()
    _create_leases()
    _create_freezes()
    for table in _APPEND_ONLY:
        _refuse_changes(table)
    _allow_actors(_ACTORS)


def downgrade() -> None:
    # Dropping a table drops its triggers.
    for table in ("freezes", "leases", "intent_events", "intents"):
        op.drop_table(table)
    _allow_actors(_ACTORS_BEFORE)


def _create_intents() -> None:
    op.create_table(
        "intents",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("automation", AutoString(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("queue", AutoString(), nullable=True),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("policy_digest", AutoString(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('retrain', 'shadow', 'canary', 'step', 'promote', 'reject', 'roll_back', 'carry_out', "
            "'send')",
            name=op.f("ck_intents_kind"),
        ),
        sa.CheckConstraint("automation IN ('observe', 'propose', 'act')", name=op.f("ck_intents_automation")),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_intents_model")),
        sa.ForeignKeyConstraint(
            ["policy_digest"], ["policies.digest"], name=op.f("fk_intents_policy_digest")
        ),
        sa.PrimaryKeyConstraint("model", "key", name=op.f("pk_intents")),
        sa.UniqueConstraint("model", "nth", name=op.f("uq_intents_model_nth")),
    )


def _create_intent_events() -> None:
    op.create_table(
        "intent_events",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("event", AutoString(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("actor_kind", AutoString(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "event IN ('approved', 'done', 'failed', 'declined')", name=op.f("ck_intent_events_event")
        ),
        sa.CheckConstraint(_ACTORS, name=op.f("ck_intent_events_actor_kind")),
        sa.ForeignKeyConstraint(
            ["model", "key"], ["intents.model", "intents.key"], name=op.f("fk_intent_events_model_key")
        ),
        sa.PrimaryKeyConstraint("model", "key", "event", name=op.f("pk_intent_events")),
    )


def _create_leases() -> None:
    op.create_table(
        "leases",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("automatic", sa.Boolean(), nullable=False),
        sa.Column("queue", AutoString(), nullable=True),
        sa.Column("due", UTCDateTime(), nullable=False),
        sa.Column("worker", AutoString(), nullable=True),
        sa.Column("until", UTCDateTime(), nullable=True),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["model", "key"], ["intents.model", "intents.key"], name=op.f("fk_leases_model_key")
        ),
        sa.PrimaryKeyConstraint("model", "key", name=op.f("pk_leases")),
    )


def _create_freezes() -> None:
    op.create_table(
        "freezes",
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("scope", AutoString(), nullable=False),
        sa.Column("frozen", sa.Boolean(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("actor_kind", AutoString(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("prev", AutoString(), nullable=False),
        sa.Column("hash", AutoString(), nullable=False),
        sa.CheckConstraint(_ACTORS, name=op.f("ck_freezes_actor_kind")),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_freezes")),
    )


def _allow_actors(allowed: str) -> None:
    name = op.f("ck_transitions_actor_kind")
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(name, "transitions", type_="check")
        op.create_check_constraint(name, "transitions", allowed)
        return
    # SQLite changes a constraint by copying the table, which leaves its triggers behind.
    for change in ("update", "delete"):
        op.execute(f"DROP TRIGGER muster_refuse_{change}_transitions")
    with op.batch_alter_table("transitions") as batch:
        batch.drop_constraint(name, type_="check")
        batch.create_check_constraint(name, allowed)
    _refuse_changes("transitions")


def _refuse_changes(table: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER muster_refuse_change BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION muster_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER muster_refuse_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER muster_refuse_{change.lower()}_{table} BEFORE {change} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'the ledger only grows: {change} of {table} is refused'); END"
        )
