"""The ledger's first schema.

Revision ID: 0001
Revises: nothing
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_APPEND_ONLY = ("entries", "transitions", "readings", "settlements", "verdicts")


def upgrade() -> None:
    _create_models_and_policies()
    _create_versions()
    _create_baselines()
    _create_readings()
    _create_verdicts()
    _create_assignments()
    _create_transitions()
    _create_chain()
    _refuse_changes()


def downgrade() -> None:
    # Dropping a table drops its triggers.
    for table in (
        "entries",
        "transitions",
        "assignments",
        "verdicts",
        "settlements",
        "readings",
        "baselines",
        "versions",
        "policies",
        "models",
    ):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION muster_refuse()")


def _create_models_and_policies() -> None:
    op.create_table(
        "models",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("team", AutoString(), nullable=False),
        sa.Column("created_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_models")),
    )
    op.create_table(
        "policies",
        sa.Column("digest", AutoString(), nullable=False),
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("resolved", sa.Text(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_policies_model")),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_policies")),
    )
    op.create_index(op.f("ix_policies_model"), "policies", ["model"])


def _create_versions() -> None:
    op.create_table(
        "versions",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("version", AutoString(), nullable=False),
        sa.Column("run_id", AutoString(), nullable=True),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("artifact_digest", AutoString(), nullable=True),
        sa.Column("state", AutoString(), nullable=False),
        sa.Column("registered_at", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint(
            "state IN ('candidate', 'shadow', 'canary', 'champion', 'retired', 'rejected', 'rolled_back')",
            name=op.f("ck_versions_state"),
        ),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_versions_model")),
        sa.PrimaryKeyConstraint("model", "version", name=op.f("pk_versions")),
    )


def _create_baselines() -> None:
    op.create_table(
        "baselines",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("version", AutoString(), nullable=False),
        sa.Column("name", AutoString(), nullable=False),
        sa.Column("profile_digest", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("period_start", UTCDateTime(), nullable=True),
        sa.Column("period_end", UTCDateTime(), nullable=True),
        sa.Column("scores", sa.Text(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('training', 'evaluation', 'period')", name=op.f("ck_baselines_kind")),
        sa.ForeignKeyConstraint(
            ["model", "version"],
            ["versions.model", "versions.version"],
            name=op.f("fk_baselines_model_version"),
        ),
        sa.PrimaryKeyConstraint("model", "version", "name", name=op.f("pk_baselines")),
    )


def _create_readings() -> None:
    op.create_table(
        "readings",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("window_end", UTCDateTime(), nullable=False),
        sa.Column("version", AutoString(), nullable=True),
        sa.Column("profile_digest", AutoString(), nullable=True),
        sa.Column("measured", sa.Boolean(), nullable=False),
        sa.Column("content_digest", AutoString(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("settles_at", UTCDateTime(), nullable=True),
        sa.Column("flow_run", AutoString(), nullable=True),
        sa.Column("packed", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_readings_model")),
        sa.PrimaryKeyConstraint("model", "window_start", "revision", name=op.f("pk_readings")),
    )
    op.create_table(
        "settlements",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "window_start", "revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
            name=op.f("fk_settlements_model_window_start_revision"),
        ),
        sa.PrimaryKeyConstraint("model", "window_start", "revision", name=op.f("pk_settlements")),
    )


def _create_verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("reading_revision", sa.Integer(), nullable=False),
        sa.Column("policy_digest", AutoString(), nullable=False),
        sa.Column("status", AutoString(), nullable=False),
        sa.Column("severity", AutoString(), nullable=True),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint("severity IN ('low', 'high', 'critical')", name=op.f("ck_verdicts_severity")),
        sa.CheckConstraint(
            "status IN ('met', 'at_risk', 'breached', 'inconclusive', 'errored')",
            name=op.f("ck_verdicts_status"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
            name=op.f("fk_verdicts_model_window_start_reading_revision"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_digest"], ["policies.digest"], name=op.f("fk_verdicts_policy_digest")
        ),
        sa.PrimaryKeyConstraint(
            "model", "window_start", "reading_revision", "policy_digest", name=op.f("pk_verdicts")
        ),
    )


def _create_assignments() -> None:
    op.create_table(
        "assignments",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("champion", AutoString(), nullable=True),
        sa.Column("previous", AutoString(), nullable=True),
        sa.Column("challenger", AutoString(), nullable=True),
        sa.Column("challenger_role", AutoString(), nullable=True),
        sa.Column("weight", sa.Float(), nullable=False),
        sa.Column("bake_until", UTCDateTime(), nullable=True),
        sa.Column("frozen_by", AutoString(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "challenger_role IN ('shadow', 'canary')", name=op.f("ck_assignments_challenger_role")
        ),
        sa.CheckConstraint("revision >= 1", name=op.f("ck_assignments_revision")),
        sa.CheckConstraint("weight BETWEEN 0 AND 1", name=op.f("ck_assignments_weight")),
        sa.ForeignKeyConstraint(
            ["model", "challenger"],
            ["versions.model", "versions.version"],
            name=op.f("fk_assignments_model_challenger"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "champion"],
            ["versions.model", "versions.version"],
            name=op.f("fk_assignments_model_champion"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "previous"],
            ["versions.model", "versions.version"],
            name=op.f("fk_assignments_model_previous"),
        ),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_assignments_model")),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_assignments")),
    )


def _create_transitions() -> None:
    op.create_table(
        "transitions",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("request_key", AutoString(), nullable=False),
        sa.Column("actor", AutoString(), nullable=False),
        sa.Column("actor_kind", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("policy_digest", AutoString(), nullable=True),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "actor_kind IN ('person', 'muster', 'registry')", name=op.f("ck_transitions_actor_kind")
        ),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_transitions_model")),
        sa.ForeignKeyConstraint(
            ["policy_digest"], ["policies.digest"], name=op.f("fk_transitions_policy_digest")
        ),
        sa.PrimaryKeyConstraint("model", "revision", name=op.f("pk_transitions")),
        sa.UniqueConstraint("model", "request_key", name=op.f("uq_transitions_model_request_key")),
    )


def _create_chain() -> None:
    op.create_table(
        "entries",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", UTCDateTime(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("content_digest", AutoString(), nullable=False),
        sa.Column("prev", AutoString(), nullable=False),
        sa.Column("hash", AutoString(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_entries_model")),
        sa.PrimaryKeyConstraint("model", "seq", name=op.f("pk_entries")),
        sa.UniqueConstraint("model", "kind", "key", name=op.f("uq_entries_model_kind_key")),
    )


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE FUNCTION muster_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "RAISE EXCEPTION 'the ledger only grows: % of % is refused', TG_OP, TG_TABLE_NAME; END $$"
        )
    for table in _APPEND_ONLY:
        if op.get_bind().dialect.name == "postgresql":
            op.execute(
                f"CREATE TRIGGER muster_refuse_change BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION muster_refuse()"
            )
            op.execute(
                f"CREATE TRIGGER muster_refuse_truncate BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()"
            )
        else:
            for change in ("UPDATE", "DELETE"):
                op.execute(
                    f"CREATE TRIGGER muster_refuse_{change.lower()}_{table} BEFORE {change} ON {table} "
                    f"BEGIN SELECT RAISE(ABORT, 'the ledger only grows: {change} of {table} is refused'); END"
                )
