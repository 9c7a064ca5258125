"""The table of what observed acts would have gained."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Text
from sqlmodel import Field

from registry.tables import Row


class GradeRow(Row, table=True):
    """What an act that was only observed would have gained, graded once. Append-only."""

    __tablename__ = "grades"
    __table_args__ = (ForeignKeyConstraint(["model", "key"], ["intents.model", "intents.key"]),)

    model: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    recorded_at: datetime
    content: str = Field(sa_type=Text)
