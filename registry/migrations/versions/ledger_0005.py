"""What held-out rows tell of a version lies with its baselines.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("baselines", sa.Column("held_out_digest", AutoString(), nullable=True))


def downgrade() -> None:
    op.drop_column("baselines", "held_out_digest")
