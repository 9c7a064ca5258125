"""What acts that were only observed would have gained.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_TABLE = "grades"


def upgrade() -> None:
    op.create_table(
        _TABLE,
        sa.Column("model", AutoString(), nullable=False),
        sa.Column("key", AutoString(), nullable=False),
        sa.Column("recorded_at", UTCDateTime(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model", "key"], ["intents.model", "intents.key"], name=op.f("fk_grades_model_key")
        ),
        sa.PrimaryKeyConstraint("model", "key", name=op.f("pk_grades")),
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
