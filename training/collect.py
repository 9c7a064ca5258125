"""Collecting: the rows of a prediction log whose labels were known at a time, oldest first."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from policies.diagnosis import Cause
from policies.outages import OUTAGES
from policies.verdict import Status, Verdict
from profiles.delays import with_delays
from profiles.errors import TrafficUnavailable
from profiles.fields import united
from profiles.keys import as_text
from profiles.labels import ARRIVED, LABEL, known_labels, with_labels
from profiles.layout import LabelLayout, TrafficLayout
from profiles.measures import columns_of
from profiles.reading import Labels
from profiles.see import Sight, profiled_columns
from profiles.window import Window
from registry.records import Judged

_BROKEN = (Cause.OUTAGE, Cause.PIPELINE)


@dataclass(frozen=True, eq=False)
class Collected:
    """Labelled rows by rising time, each request once, with the label in the column `label`.

    They hold the features, the roles of the log and the columns of the segments. `labels` tells how many of
    the rows that were asked in `span` have a label and how long those took, `duplicates` how many rows
    repeat a request. `left_out` are the spans of outages, of which no row is here.
    """

    rows: pa.Table
    features: tuple[str, ...]
    span: Window
    asked: int
    labels: Labels
    duplicates: int
    left_out: tuple[Window, ...]


def collect(sight: Sight, now: datetime, without: Sequence[Window] = ()) -> Collected:
    """Collect what was known at `now`; memory holds the ids of all rows, and the rows that have labels.

    Labels that come early are rarely a fair sample, so rows count whose labels have had their time; of the
    younger ones those before the first that still waits. Raises TrafficUnavailable when rows or labels cannot
    be read, or when the model has none.
    """
    layout, labels = sight.traffic, sight.labels
    if labels is None or layout.request_id is None:
        raise TrafficUnavailable(
            f"{sight.salt} has no labels to learn from; name them in its policy: labels: {{path, label}}"
        )
    first = sight.source.earliest(layout.timestamp)
    if first is None or first >= now:
        raise TrafficUnavailable(f"the prediction log of {sight.salt} has no row before {now:%Y-%m-%d %H:%M}")
    whole = Window(first, now)
    asked = _asked(sight, layout.request_id, whole, without)
    known = known_labels(labels, whole, now, sight.root, asked.column(layout.request_id))
    joined = with_labels(asked, layout.request_id, known)
    span = Window(first, _settled(joined, layout, labels, now))
    joined = joined.filter(pc.less(joined.column(layout.timestamp), pa.scalar(span.end)))
    there = joined.filter(_has_label(joined))
    features, kept = _columns(sight, labels)
    rows = _labelled(sight, kept, span, without, there)
    return Collected(
        rows=rows,
        features=features,
        span=span,
        asked=joined.num_rows,
        labels=_state(joined, there, layout),
        duplicates=joined.num_rows - pc.count_distinct(joined.column(layout.request_id)).as_py(),
        left_out=tuple(without),
    )


def outages(judged: Iterable[Judged]) -> tuple[Window, ...]:
    """Return the windows whose rows are not to be learned from, joined where they adjoin.

    Those that could not be measured, that were diagnosed as an outage or a broken pipeline, and those in
    which an outage was found.
    """
    spoiled = sorted(each.verdict.window for each in judged if _is_spoiled(each.verdict))
    joined: list[Window] = []
    for window in spoiled:
        if joined and window.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, window.end))
        else:
            joined.append(window)
    return tuple(joined)


def _is_spoiled(verdict: Verdict) -> bool:
    if verdict.diagnosis is not None and verdict.diagnosis.cause in _BROKEN:
        return True
    findings = (finding for each in verdict.objectives for finding in each.findings)
    return verdict.status is Status.ERRORED or any(
        finding.code in OUTAGES and finding.status is Status.BREACHED and finding.suppressed_by is None
        for finding in findings
    )


def _asked(sight: Sight, request_id: str, span: Window, without: Sequence[Window]) -> pa.Table:
    """Return id and time of every row outside the outages, by rising time."""
    time = sight.traffic.timestamp
    parts = [
        pa.table({request_id: as_text(part.column(request_id), request_id), time: part.column(time)})
        for part in _parts(sight, (request_id, time), span, without)
    ]
    if not parts:
        return pa.table(
            {request_id: pa.array([], pa.string()), time: pa.array([], pa.timestamp("us", "UTC"))}
        )
    return pa.concat_tables(parts).sort_by(time)


def _parts(
    sight: Sight, columns: Sequence[str], span: Window, without: Sequence[Window]
) -> Iterator[pa.Table]:
    time = sight.traffic.timestamp
    for batch in sight.source.batches(columns, time, span.start, span.end):
        part = pa.Table.from_batches([batch])
        for window in without:
            at = part.column(time)
            inside = pc.and_(
                pc.greater_equal(at, pa.scalar(window.start)), pc.less(at, pa.scalar(window.end))
            )
            part = part.filter(pc.invert(inside))
        if part.num_rows:
            yield part


def _settled(joined: pa.Table, layout: TrafficLayout, labels: LabelLayout, now: datetime) -> datetime:
    """Return until when rows count: until the first one that still has time to wait for its label."""
    at = joined.column(layout.timestamp)
    waiting = pc.and_(
        pc.greater_equal(at, pa.scalar(now - labels.arrives_within)), pc.invert(_has_label(joined))
    )
    first: datetime | None = pc.min(at.filter(waiting)).as_py()
    earliest: datetime | None = pc.min(at).as_py()
    if first is None or earliest is None:
        return now
    return max(first, earliest + timedelta(microseconds=1))


def _has_label(joined: pa.Table) -> pa.ChunkedArray:
    return pc.invert(joined.column(LABEL).is_null(nan_is_null=True))


def _columns(sight: Sight, labels: LabelLayout) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the features, and everything that is kept of a row."""
    layout = sight.traffic
    own = (layout.prediction, labels.label, labels.arrived_at, labels.value, labels.request_id)
    features = tuple(name for name in profiled_columns(layout, sight.source.columns()) if name not in own)
    roles = (layout.timestamp, layout.request_id, layout.version, layout.prediction, *columns_of(layout))
    kept = (*features, *(role for role in roles if role is not None), *sight.segments)
    return features, tuple(dict.fromkeys(kept))


def _labelled(
    sight: Sight, kept: Sequence[str], span: Window, without: Sequence[Window], known: pa.Table
) -> pa.Table:
    """Read the rows again, whole, keep those that have a label, and of repeated requests the first."""
    layout = sight.traffic
    request_id = str(layout.request_id)
    ids = known.column(request_id).combine_chunks()
    found = []
    for part in _parts(sight, kept, span, without):
        keys = as_text(part.column(request_id), request_id)
        part = part.set_column(part.schema.get_field_index(request_id), request_id, keys)  # noqa: PLW2901
        found.append(part.filter(pc.is_in(keys, ids)))
    if not found:
        return pa.table({name: pa.nulls(0) for name in (*kept, LABEL)})
    schema, differing = united({f"batch {i}": table.schema for i, table in enumerate(found)})
    rows = pa.concat_tables([table.cast(schema) for table in found] if differing else found)
    rows = rows.sort_by([(layout.timestamp, "ascending"), (request_id, "ascending")])
    _, first = np.unique(rows.column(request_id).to_numpy(), return_index=True)
    rows = rows.take(pa.array(np.sort(first)))
    labels = known.drop_columns([layout.timestamp])
    if LABEL in rows.schema.names:
        raise TrafficUnavailable(
            f"a column of the prediction log of {sight.salt} is called {LABEL}; rename it, or list it under "
            "traffic.ignore: the labels to learn from are joined under that name"
        )
    return with_labels(rows, request_id, labels.select([request_id, LABEL]))


def _state(joined: pa.Table, there: pa.Table, layout: TrafficLayout) -> Labels:
    state = Labels(
        labelled=there.num_rows,
        coverage=there.num_rows / joined.num_rows if joined.num_rows else 0.0,
        mature=True,
    )
    if ARRIVED not in joined.schema.names:
        return state
    return with_delays(state, there.column(layout.timestamp), there.column(ARRIVED))
