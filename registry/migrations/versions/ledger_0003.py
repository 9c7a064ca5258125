"""An incident may be changed several times by one window, and by persons; looks for rows that come late.

Revision ID: 0003
Revises: 0002
"""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_BEFORE = ("opened", "extended", "escalated", "resolved")
_KEPT = (
    "model, incident, window_start, reading_revision, policy_digest, change, kind, severity, is_open, "
    "recorded_at, sentence, content"
)


def upgrade() -> None:
    # A primary key cannot be altered on SQLite, and no row of this table may be changed: it is made anew.
    _set_aside()
    _create(
        (*_BEFORE, "corrected", "annotated", "acknowledged"),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("actor", AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("model", "incident", "nth", name=op.f("pk_incident_changes")),
    )
    op.execute(
        f"INSERT INTO incident_changes ({_KEPT}, nth) SELECT {_KEPT}, "  # noqa: S608 - our own names
        "row_number() OVER (PARTITION BY model, incident ORDER BY window_start) FROM incident_changes_before"
    )
    op.drop_table("incident_changes_before")
    _refuse_changes()
    op.create_table(
        "looks",
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("mark", AutoString(), nullable=True),
        sa.Column("odd", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["models.model"], name=op.f("fk_looks_model")),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_looks")),
    )


def downgrade() -> None:
    """Go back where no window or person changed an incident twice; else the database refuses the rows."""
    op.drop_table("looks")
    _set_aside()
    _create(
        _BEFORE,
        sa.PrimaryKeyConstraint("model", "incident", "window_start", name=op.f("pk_incident_changes")),
    )
    op.execute(f"INSERT INTO incident_changes ({_KEPT}) SELECT {_KEPT} FROM incident_changes_before")  # noqa: S608
    op.drop_table("incident_changes_before")
    _refuse_changes()


def _set_aside() -> None:
    op.execute("CREATE TABLE incident_changes_before AS SELECT * FROM incident_changes")
    # Dropping a table drops its triggers.
    op.drop_table("incident_changes")


def _create(changes: Sequence[str], *more: sa.schema.SchemaItem) -> None:
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
            f"change IN ({', '.join(repr(change) for change in changes)})",
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
        *more,
    )


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
