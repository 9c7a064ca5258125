"""A part of a log that is enough to tell what its columns mean, however large the log is.

A log with more rows than `MOST_ROWS`, or more bytes than `MOST_BYTES`, is read at the beginnings of up to
`PARTS` files (row groups of Parquet), the first and the last included. Memory holds that part and a batch.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from profiles.guess import micros, readable, sample_columns
from profiles.infer_joins import may_identify
from profiles.keys import as_text
from profiles.stream import one
from profiles.times import moments
from profiles.traffic import Files

MOST_ROWS = 200_000
MOST_BYTES = 128 * 2**20
MOST_TIMES = 20_000_000
PARTS = 64
_JOINED = 0.01  # share of the traffic's rows that labels must join, to be chosen by it

# Passes batches on, and may show a person that work goes on.
Waiting = Callable[[Iterable[pa.RecordBatch]], Iterable[pa.RecordBatch]]


@dataclass(frozen=True)
class Sample:
    """The rows of a log, times and days parsed; all of them where `whole`."""

    rows: pa.Table
    whole: bool


def sample(files: Files) -> Sample:
    """Return a log's rows, or some where they are many; TrafficUnavailable when they cannot be read."""
    names = _names(files)
    found, whole = _bounded(files.batches(names))
    if not whole:
        found, _ = _bounded(files.beginnings(names, PARTS, -(-MOST_ROWS // PARTS)))
    return Sample(readable(one(found, names)), whole)


def labels_of(files: Files, traffic: pa.Table, waiting: Waiting) -> Sample:
    """Return all labels or, of many, those that one of the traffic's columns of ids holds; else a sample."""
    names = _names(files)
    found, whole = _bounded(files.batches(names))
    if whole:
        return Sample(readable(one(found, names)), whole=True)
    ids = [_texts(c.values) for c in sample_columns(traffic) if c.present and may_identify(c)]
    joined, _ = _bounded(_joining(waiting(files.batches(names)), ids))
    if sum(batch.num_rows for batch in joined) >= _JOINED * len(traffic):
        return Sample(readable(one(joined, names)), whole=False)
    return sample(files)


def times_of(files: Files, name: str, waiting: Waiting) -> NDArray[np.int64]:
    """Return the first `MOST_TIMES` times of a log (microseconds since 1970, UTC) that are not null."""
    found, rows = [np.empty(0, np.int64)], 0
    for batch in waiting(files.batches([name])):
        times = micros(moments(name, batch.column(0)).drop_null())
        found.append(times)
        rows += len(times)
        if rows >= MOST_TIMES:
            break
    return np.concatenate(found)


def _names(files: Files) -> tuple[str, ...]:
    return (*files.columns(), *files.keys())


def _bounded(batches: Iterable[pa.RecordBatch]) -> tuple[list[pa.Table], bool]:
    """Take batches until there are enough; say whether these were all."""
    found, rows, size = list[pa.Table](), 0, 0
    for batch in batches:
        if rows >= MOST_ROWS or size >= MOST_BYTES:
            return found, False
        found.append(pa.Table.from_batches([batch.slice(0, MOST_ROWS - rows)]))
        rows, size = rows + batch.num_rows, size + batch.nbytes
    return found, rows <= MOST_ROWS


def _joining(batches: Iterable[pa.RecordBatch], ids: Sequence[pa.Array]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        hit = pa.array(np.zeros(batch.num_rows, dtype=bool))
        for column in batch.columns:
            if _comparable(column.type):
                texts = _texts(column)
                for known in ids:
                    hit = pc.or_(hit, pc.is_in(texts, known))
        if pc.any(hit).as_py():
            yield batch.filter(hit)


def _comparable(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_integer(kind))


def _texts(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    texts = as_text(column)
    return texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
