"""Outcomes beside the predictions they belong to."""

from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from profiles.layout import LabelLayout
from profiles.reading import Labels
from profiles.traffic import Files
from profiles.window import Window

LABEL = "label"


def known_labels(layout: LabelLayout, window: Window, now: datetime, root: Path) -> pa.Table:
    """Return request ids and labels that can belong to a window and were known at `now`.

    A label is known from its arrival on; of several for one request the one that arrived last counts.
    Without a column of arrivals every label in the files counts, because they were there to be read.
    Columns: the layout's request id, `label`.
    """
    files = Files(layout.path, layout.format, root)
    wanted = [layout.request_id, layout.label]
    if layout.arrived_at is None:
        table = files.all_rows(wanted)
    else:
        table = files.rows([*wanted, layout.arrived_at], layout.arrived_at, window.start, now)
        table = table.sort_by(layout.arrived_at).select(wanted)
    latest = table.group_by(layout.request_id, use_threads=False).aggregate([(layout.label, "last")])
    return latest.rename_columns([layout.request_id, LABEL])


def with_labels(rows: pa.Table, request_id: str, labels: pa.Table) -> pa.Table:
    """Return `rows` with a column `label`, null where no label is known."""
    theirs = labels.schema.names[0]
    ids = rows.column(request_id)
    positions = pc.index_in(ids.cast(pa.string()), labels.column(theirs).cast(pa.string()).combine_chunks())
    return rows.append_column(LABEL, labels.column(LABEL).take(positions))


def label_state(labelled: pa.Table, layout: LabelLayout, window: Window, now: datetime) -> Labels:
    """Return how far a window is labelled; mature once `arrives_within` has passed since its end."""
    known = len(labelled) - labelled.column(LABEL).null_count
    coverage = known / len(labelled) if len(labelled) else 0.0
    return Labels(
        labelled=known,
        coverage=coverage,
        mature=known == len(labelled) or now >= window.end + layout.arrives_within,
    )
