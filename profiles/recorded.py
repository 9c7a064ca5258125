"""Recorded traffic with what came true: what a model was asked, and from when on each outcome was known."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from profiles.columns import dense, known
from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.keys import as_text
from profiles.layout import LabelLayout, TrafficLayout
from profiles.measures import columns_of
from profiles.source import source_of


@dataclass(frozen=True, eq=False)
class Recorded:
    """Rows in the order of their times, with the columns of the log that a model may be asked.

    `times` and `known_at` are UTC (datetime64[us]), `known_at` NaT where no outcome ever came; `truth` holds
    the outcomes and `ids` the request ids as text. All have one length.
    """

    rows: pa.Table
    features: tuple[str, ...]
    times: NDArray[np.datetime64]
    truth: pa.ChunkedArray
    known_at: NDArray[np.datetime64]
    ids: pa.ChunkedArray

    def __len__(self) -> int:
        return int(self.times.size)

    def between(self, since: datetime, until: datetime) -> slice:
        """Return the places of the rows with since <= t < until."""
        first, last = np.searchsorted(self.times, [moment(since), moment(until)])
        return slice(int(first), int(last))

    def labelled(self, since: datetime | None, until: datetime, now: datetime) -> NDArray[np.int64]:
        """Return the places of the rows with since <= t < until whose outcome had arrived by `now`."""
        inside = self.times < moment(until)
        if since is not None:
            inside &= self.times >= moment(since)
        return np.flatnonzero(inside & (self.known_at <= moment(now)))


def moment(at: datetime) -> np.datetime64:
    """Return an aware time as numpy has it, without a zone and meaning UTC."""
    return np.datetime64(int(at.timestamp() * 1_000_000), "us")


def recorded(traffic: TrafficLayout, labels: LabelLayout, root: Path, also: tuple[str, ...] = ()) -> Recorded:
    """Read a whole log and its labels into memory; `also` names columns beside those a model is asked.

    What somebody answered, and all that belongs to the answer (probabilities, version, latency...), is left
    out. A request that was labelled several times has its last label, known from when that one arrived. A
    label whose arrival nobody wrote down is taken to come as late as the policy lets it. Raises ColumnMissing
    and TrafficUnavailable.
    """
    if traffic.request_id is None:
        raise ColumnMissing("a replay joins labels to requests; name the column under traffic.request_id")
    source = source_of(traffic, root)
    columns = source.columns()
    features = _features(traffic, columns)
    wanted = tuple(dict.fromkeys([*features, traffic.timestamp, traffic.request_id, *also]))
    batches = list(source.batches(wanted, traffic.timestamp))
    rows = pa.Table.from_batches(batches) if batches else pa.table({name: [] for name in wanted})
    if not rows.num_rows:
        raise TrafficUnavailable(f"{traffic.path or 'the query of the traffic'} gave no rows to replay")
    rows = rows.sort_by([(traffic.timestamp, "ascending"), (traffic.request_id, "ascending")])
    times = _moments(rows.column(traffic.timestamp))
    ids = as_text(rows.column(traffic.request_id))
    truth, arrived = _outcomes(labels, root, ids)
    latest = times + np.timedelta64(labels.arrives_within // timedelta(microseconds=1), "us")
    came = np.where(np.isnat(arrived), latest, arrived)
    known_at = np.where(known(dense(truth)), np.maximum(came, times), np.datetime64("NaT"))
    return Recorded(rows, features, times, truth, known_at, ids)


def _features(traffic: TrafficLayout, columns: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that a model may be asked: the named ones, else all without another role."""
    roles = {traffic.timestamp, traffic.request_id, traffic.version, traffic.prediction}
    taken = {*roles, *columns_of(traffic), *traffic.answers.values(), *traffic.ignore}
    named = traffic.features or tuple(column for column in columns if column not in taken)
    return tuple(dict.fromkeys([*named, *traffic.text, *traffic.embeddings]))


def _outcomes(
    labels: LabelLayout, root: Path, ids: pa.ChunkedArray
) -> tuple[pa.ChunkedArray, NDArray[np.datetime64]]:
    """Return the outcome of each request and when it arrived, null and NaT where there is none."""
    wanted = [name for name in (labels.request_id, labels.label, labels.arrived_at) if name is not None]
    batches = list(source_of(labels, root).batches(wanted))
    if not batches:
        raise TrafficUnavailable(f"{labels.path or 'the query of the labels'} gave no labels to replay")
    found = pa.Table.from_batches(batches)
    if labels.arrived_at is not None:
        order = [(labels.arrived_at, "ascending", "at_start")]
        found = found.take(pc.sort_indices(found, sort_keys=order))
    # Of several labels of a request the last one counts: looked up from the end, it is found first.
    backwards = found.take(pa.array(np.arange(found.num_rows)[::-1]))
    places = pc.index_in(ids, as_text(backwards.column(labels.request_id)).combine_chunks())
    truth = backwards.column(labels.label).take(places)
    if labels.arrived_at is None:
        return truth, np.full(len(ids), np.datetime64("NaT"), dtype="datetime64[us]")
    return truth, _moments(backwards.column(labels.arrived_at).take(places))


def _moments(column: pa.ChunkedArray) -> NDArray[np.datetime64]:
    plain = column.cast(pa.timestamp("us", "UTC")).cast(pa.timestamp("us"))
    return np.asarray(dense(plain), dtype="datetime64[us]")
