"""Outcomes beside the predictions they belong to."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from profiles.keys import as_text
from profiles.layout import LabelLayout
from profiles.reading import Labels
from profiles.source import source_of
from profiles.stream import one
from profiles.window import Window

LABEL = "label"
ARRIVED = "arrived"
WORTH = "label_value"


def known_labels(
    layout: LabelLayout,
    window: Window,
    now: datetime,
    root: Path,
    among: pa.ChunkedArray | None = None,
) -> pa.Table:
    """Return request ids and labels that can belong to a window and were known at `now`.

    A label is known from its arrival on; of several for one request the one that arrived last counts.
    Without a column of arrivals, and where it is null, a label counts because it was there to be read:
    it is known from the first reading on. `among` are the request ids of interest (default: all), so
    that memory holds no label of other requests. Columns: the layout's request id as text, `label`,
    where there is a column of arrivals `arrived`, when the first label of the request came, and where
    there is one of values `label_value`, that of the label that counts.
    """
    source = source_of(layout, root)
    asked = (layout.request_id, layout.label, layout.arrived_at, layout.value)
    wanted = list(dict.fromkeys(column for column in asked if column))
    ids = None if among is None else as_text(among).combine_chunks()
    found = [
        _of_interest(batch, layout, ids)
        for batch in source.batches(wanted, layout.arrived_at, window.start, now, undated=True)
    ]
    table = one(found, wanted)
    if layout.arrived_at is not None:
        # A label that nobody dated gives way to one that somebody did.
        order = [(layout.arrived_at, "ascending", "at_start")]
        table = table.take(pc.sort_indices(table, sort_keys=order))
    taken: list[Any] = [(layout.label, "last", pc.ScalarAggregateOptions(skip_nulls=False))]
    names = [layout.request_id, LABEL]
    if layout.arrived_at is not None:
        taken.append((layout.arrived_at, "min"))
        names.append(ARRIVED)
    if layout.value is not None:
        taken.append((layout.value, "last", pc.ScalarAggregateOptions(skip_nulls=False)))
        names.append(WORTH)
    if not found:
        # Not a row lies in that time: columns have no type, and none can be the last of its group.
        return one([], names)
    latest = table.group_by(layout.request_id, use_threads=False).aggregate(taken)
    return latest.rename_columns(names)


def _of_interest(batch: pa.RecordBatch, layout: LabelLayout, ids: pa.Array | None) -> pa.Table:
    keys = as_text(batch.column(layout.request_id), layout.request_id)
    table = pa.Table.from_batches([batch])
    table = table.set_column(table.schema.get_field_index(layout.request_id), layout.request_id, keys)
    keep = keys.is_valid() if ids is None else pc.is_in(keys, ids)
    return table.filter(keep)


def with_labels(rows: pa.Table, request_id: str, labels: pa.Table) -> pa.Table:
    """Return `rows` with the labels' other columns, null where no label is known."""
    theirs = as_text(labels.column(labels.schema.names[0])).combine_chunks()
    positions = pc.index_in(as_text(rows.column(request_id), request_id), theirs)
    for name in labels.schema.names[1:]:
        rows = rows.append_column(name, labels.column(name).take(positions))
    return rows


def label_state(labelled: pa.Table, layout: LabelLayout, window: Window, now: datetime) -> Labels:
    """Return how far a window is labelled; mature once `arrives_within` has passed since its end."""
    known = len(labelled) - labelled.column(LABEL).null_count
    coverage = known / len(labelled) if len(labelled) else 0.0
    return Labels(
        labelled=known,
        coverage=coverage,
        mature=known == len(labelled) or now >= window.end + layout.arrives_within,
    )
