"""The table of what versions did beside each other."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Text
from sqlmodel import Field

from registry.tables import Row


class PairedReadingRow(Row, table=True):
    """What one revision of a window's reading tells of a version beside another. Append-only."""

    __tablename__ = "paired_readings"
    __table_args__ = (
        ForeignKeyConstraint(["model", "challenger"], ["versions.model", "versions.version"]),
        ForeignKeyConstraint(["model", "opponent"], ["versions.model", "versions.version"]),
        ForeignKeyConstraint(
            ["model", "window_start", "reading_revision"],
            ["readings.model", "readings.window_start", "readings.revision"],
        ),
    )

    model: str = Field(primary_key=True)
    challenger: str = Field(primary_key=True)
    opponent: str = Field(primary_key=True)
    window_start: datetime = Field(primary_key=True)
    reading_revision: int = Field(primary_key=True)
    began: datetime = Field(primary_key=True)
    window_end: datetime
    recorded_at: datetime
    content: str = Field(sa_type=Text)
