"""Incidents: what each window and pulse did to them, and which feeds cannot be read.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "incident_changes",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("incident", AutoString(), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("reading_revision", sa.Integer(), nullable=True),
        sa.Column("policy_digest", AutoString(), nullable=False),
        sa.Column("change", AutoString(), nullable=False),
        sa.Column("kind", AutoString(), nullable=False),
        sa.Column("severity", AutoString(), nullable=False),
        sa.Column("is_open", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "change IN ('opened', 'extended', 'escalated', 'resolved')",
            name=op.f("ck_incident_changes_change"),
        ),
        sa.CheckConstraint(
            "severity IN ('low', 'high', 'critical')", name=op.f("ck_incident_changes_severity")
        ),
        sa.ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
            name=op.f("fk_incident_changes_model_window_start_reading_revision"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_digest"], ["policies.digest"], name=op.f("fk_incident_changes_policy_digest")
        ),
        sa.PrimaryKeyConstraint("model", "incident", "window_start", name=op.f("pk_incident_changes")),
    )
    op.create_table(
        "unreadable_feeds",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("since", UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_unreadable_feeds_model")),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_unreadable_feeds")),
    )
    _refuse_changes()


def downgrade() -> None:
    # Dropping a table drops its triggers.
    op.drop_table("unreadable_feeds")
    op.drop_table("incident_changes")


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TRIGGER muster_refuse_change BEFORE UPDATE OR DELETE ON incident_changes "
            "FOR EACH ROW EXECUTE FUNCTION muster_refuse()"
        )
        op.execute(
            "CREATE TRIGGER muster_refuse_truncate BEFORE TRUNCATE ON incident_changes "
            "FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER muster_refuse_{change.lower()}_incident_changes BEFORE {change} "
            "ON incident_changes BEGIN SELECT RAISE(ABORT, "
            f"'the ledger only grows: {change} of incident_changes is refused'); END"
        )
