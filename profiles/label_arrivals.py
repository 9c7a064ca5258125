"""When labels last arrived, for whatever request: whether their stream goes on."""

from datetime import datetime
from pathlib import Path

import pyarrow.compute as pc

from profiles.layout import LabelLayout
from profiles.source import source_of
from profiles.window import Window


def last_arrival(layout: LabelLayout, window: Window, root: Path) -> datetime | None:
    """Return when the last label arrived within a window, or None when none did or nobody says when.

    It does not depend on when it is asked. Raises TrafficUnavailable when the labels cannot be read.
    """
    if layout.arrived_at is None:
        return None
    batches = source_of(layout, root).batches(
        [layout.arrived_at], layout.arrived_at, window.start, window.end
    )
    newest = [pc.max(batch.column(layout.arrived_at)).as_py() for batch in batches]
    return max((each for each in newest if each is not None), default=None)
