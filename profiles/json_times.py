"""Times in lines of JSON, which has no type for them.

Arrow takes a file's first times without fraction and zone as the type of all, refuses the first fraction or
zone after them, and leaves times that begin with a fraction as text. So all are read as text and then parsed.
"""

from collections.abc import Collection
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from profiles.errors import TrafficUnavailable
from profiles.fields import kind_at, leaves
from profiles.formats import Opened
from profiles.times import MOMENT, moments

_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?$"
_LOOKED_AT = 64  # rows by which a column of text is told to be one of times


def with_times(found: Opened) -> Opened:
    """Return the same files with the columns of times among their texts known."""
    places = leaves(found.schema)
    kinds = {name: kind_at(found.schema, place) for name, place in places.items()}
    typed = {name for name, kind in kinds.items() if pa.types.is_timestamp(kind)}
    texts = {
        name: pc.field(*places[name])
        for name, kind in kinds.items()
        if pa.types.is_string(kind) and name not in found.keys
    }
    schema = pa.schema([(field.name, _times_as_text(field.type)) for field in found.schema])
    head = replace(found, schema=schema).first(texts, _LOOKED_AT) if texts else None
    written = set() if head is None else {name for name in texts if _all_times(head.column(name))}
    return replace(found, schema=schema, times=frozenset(typed | written))


def timely(batch: pa.RecordBatch, times: Collection[str]) -> pa.RecordBatch:
    """Return a batch with its columns of times parsed; a text that is no time becomes null."""
    for index, name in enumerate(batch.schema.names):
        if name in times:
            batch = batch.set_column(index, name, _parsed(name, batch.column(index)))
    return batch


def _parsed(name: str, text: Any) -> Any:
    try:
        return moments(name, text)
    except TrafficUnavailable:
        known = pc.if_else(pc.match_substring_regex(text, _TIME), text, pa.scalar(None, text.type))
    try:
        return moments(name, known)
    except TrafficUnavailable:  # written like a time, such as the 31st of February
        return pa.array([_moment(name, each) for each in known.to_pylist()], MOMENT)


def _moment(name: str, text: str | None) -> Any:
    try:
        return moments(name, pa.array([text], pa.string()))[0].as_py()
    except TrafficUnavailable:
        return None


def _all_times(column: pa.ChunkedArray) -> bool:
    known = column.drop_null()
    return bool(len(known)) and bool(pc.all(pc.match_substring_regex(known, _TIME)).as_py())


def _times_as_text(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_timestamp(kind):
        return pa.string()
    if pa.types.is_struct(kind):
        return pa.struct([(child.name, _times_as_text(child.type)) for child in kind])
    return kind
