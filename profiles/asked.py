"""The rows of a window as a version is asked them: features, what was answered, and what came true."""

from datetime import datetime

import pyarrow as pa

from profiles.labels import known_labels, with_labels
from profiles.measures import columns_of
from profiles.see import Sight, profiled_columns
from profiles.stream import one
from profiles.window import Window


def asked(sight: Sight, window: Window, now: datetime) -> pa.Table:
    """Return a window's rows with features, segments and the roles of the log, labelled as known at `now`.

    The labels come in the columns of `profiles.labels` where the model has any. Raises TrafficUnavailable
    when rows or labels cannot be read.
    """
    layout, source = sight.traffic, sight.source
    features = profiled_columns(layout, source.columns(window.start, window.end))
    roles = (layout.timestamp, layout.request_id, layout.version, layout.prediction, *columns_of(layout))
    wanted = (*features, *(role for role in roles if role is not None), *sight.segments)
    columns = tuple(dict.fromkeys(wanted))
    batches = source.batches(columns, layout.timestamp, window.start, window.end)
    rows = one([pa.Table.from_batches([batch]) for batch in batches], columns)
    if sight.labels is None or layout.request_id is None or not rows.num_rows:
        return rows
    labels = known_labels(sight.labels, window, now, sight.root, rows.column(layout.request_id))
    return with_labels(rows, layout.request_id, labels)
