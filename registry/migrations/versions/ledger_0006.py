"""What versions did beside each other, window by window.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_TABLE = "paired_readings"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("challenger", AutoString(), nullable=False),
        sa.Column("opponent", AutoString(), nullable=False),
        sa.Column("window_start", UTCDateTime(), nullable=False),
        sa.Column("reading_revision", sa.Integer(), nullable=False),
        sa.Column("began", UTCDateTime(), nullable=False),
        sa.Column("window_end", UTCDateTime(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "challenger"],
            ["versions.model", "versions.version"],
            name=op.f("fk_paired_readings_model_challenger"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "opponent"],
            ["versions.model", "versions.version"],
            name=op.f("fk_paired_readings_model_opponent"),
        ),
        sa.ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
            name=op.f("fk_paired_readings_model_window_start_reading_revision"),
        ),
        sa.PrimaryKeyConstraint(
            *("model", "challenger", "opponent", "window_start", "reading_revision", "began"),
            name=op.f("pk_paired_readings"),
        ),
    )
    _refuse_changes()


def downgrade() -> None:
    # Dropping a table drops its triggers.
    op.drop_table(_TABLE)


def _refuse_changes() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER muster_refuse_change BEFORE UPDATE OR DELETE ON {_TABLE} "
            "FOR EACH ROW EXECUTE FUNCTION muster_refuse()"
        )
        op.execute(
            f"CREATE TRIGGER muster_refuse_truncate BEFORE TRUNCATE ON {_TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION muster_refuse()"
        )
        return
    for change in ("UPDATE", "DELETE"):
        op.execute(
            f"CREATE TRIGGER muster_refuse_{change.lower()}_{_TABLE} BEFORE {change} ON {_TABLE} "
            f"BEGIN SELECT RAISE(ABORT, 'the ledger only grows: {change} of {_TABLE} is refused'); END"
        )
