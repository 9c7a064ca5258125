"""Recording and reading what versions did beside each other; the caller holds the session."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from policies.release import Contest
from profiles.mirrored import Mirrored
from profiles.window import Window
from registry.canonical import dump, load
from registry.chain import record
from registry.contest_tables import PairedReadingRow


@dataclass(frozen=True)
class PairedReading:
    """What one revision of a window's reading tells of a version beside its opponent, in one contest."""

    model: str
    challenger: str
    opponent: str
    began: datetime
    window: Window
    revision: int
    mirrored: Mirrored

    @classmethod
    def of(cls, contest: Contest, window: Window, revision: int, mirrored: Mirrored) -> "PairedReading":
        """Return what a window tells of a contest."""
        return cls(
            contest.model, contest.version, contest.opponent, contest.began, window, revision, mirrored
        )


def record_paired(session: Session, paired: PairedReading, at: datetime) -> None:
    """Record it once, under its model's lock; what is known by its natural key stands."""
    key = (
        *(paired.model, paired.challenger, paired.opponent),
        *(paired.window.start, paired.revision, paired.began),
    )
    if session.get(PairedReadingRow, key) is not None:
        return
    row = PairedReadingRow(
        model=paired.model,
        challenger=paired.challenger,
        opponent=paired.opponent,
        window_start=paired.window.start,
        reading_revision=paired.revision,
        began=paired.began,
        window_end=paired.window.end,
        recorded_at=at,
        content=dump(paired.mirrored),
    )
    record(session, paired.model, row, at)


def paired_of(session: Session, contest: Contest) -> tuple[PairedReading, ...]:
    """Return what is recorded of a contest, in each window its newest reading, oldest window first."""
    rows: Sequence[PairedReadingRow] = session.exec(
        select(PairedReadingRow)
        .where(
            PairedReadingRow.model == contest.model,
            PairedReadingRow.challenger == contest.version,
            PairedReadingRow.opponent == contest.opponent,
            PairedReadingRow.began == contest.began,
        )
        .order_by(col(PairedReadingRow.window_start), col(PairedReadingRow.reading_revision))
    ).all()
    newest = {row.window_start: row for row in rows}
    return tuple(
        PairedReading.of(
            contest,
            Window(row.window_start, row.window_end),
            row.reading_revision,
            load(Mirrored, row.content),
        )
        for row in newest.values()
    )
