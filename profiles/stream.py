"""A profile from rows that come in batches, in memory for a part of a window and not for all of it."""

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.described import Described
from profiles.fields import united

_NO_ROLES = Described()
_BYTES = 64 * 2**20
_FAN_IN = 64


class Sketching:
    """Sketches rows as they come and merges the sketches.

    Rows wait until there are `most_bytes` of them; fewer are one part, whose profile depends on its rows
    alone. The profile of more depends on their order and on how they were cut as well: the same files give
    the same bytes. Sketches merge 64 at a time, so that rank errors add up log64(parts) times.
    """

    def __init__(self, at: datetime, most_bytes: int = _BYTES, roles: Described = _NO_ROLES) -> None:
        self._at = at
        self._roles = roles
        self._most_bytes = most_bytes
        self._waiting: list[pa.Table] = []
        self._bytes = 0
        self._levels: list[list[bytes]] = [[]]

    def add(self, rows: pa.Table) -> None:
        """Take rows; raises TrafficUnavailable where two columns have one name."""
        self._waiting.append(rows)
        self._bytes += rows.nbytes
        if self._bytes >= self._most_bytes:
            self._sketch()

    def profile(self) -> bytes | None:
        """Return the profile of all rows, or None when there were none."""
        from profiles.sketch import merge

        self._sketch()
        parts = [part for level in self._levels for part in level]
        return merge(parts, at=self._at) if len(parts) > 1 else next(iter(parts), None)

    def _sketch(self) -> None:
        from profiles.sketch import sketch

        rows = one(self._waiting)
        self._waiting, self._bytes = [], 0
        if rows.num_rows:
            self._levels[0].append(sketch(rows, at=self._at, roles=self._roles))
            self._merge_full_levels()

    def _merge_full_levels(self) -> None:
        from profiles.sketch import merge

        for level, parts in enumerate(self._levels):
            if len(parts) < _FAN_IN:
                return
            if level + 1 == len(self._levels):
                self._levels.append([])
            self._levels[level + 1].append(merge(parts, at=self._at))
            parts.clear()


class Held:
    """Rows to be read a second time: one part stays in memory, more lie in a file without a name."""

    def __init__(self) -> None:
        self._first: pa.Table | None = None
        self._file: Any = None

    def add(self, part: pa.Table) -> None:
        """Take the next part."""
        if self._first is None and self._file is None:
            self._first = part
            return
        if self._file is None:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as this object
            weakref.finalize(self, self._file.close)
            self._write(self._first)
            self._first = None
        self._write(part)

    def __iter__(self) -> Iterator[pa.Table]:
        if self._first is not None:
            yield self._first
        if self._file is not None:
            end = self._file.seek(0, 2)
            self._file.seek(0)
            while self._file.tell() < end:
                with pa.ipc.open_stream(self._file) as stream:
                    yield stream.read_all()

    def _write(self, part: pa.Table | None) -> None:
        if part is not None:
            with pa.ipc.new_stream(self._file, part.schema) as stream:
                stream.write_table(part)


@dataclass(frozen=True, eq=False)
class Gathered:
    """What is kept of a window's rows.

    `profile` is None without rows, `kept` holds the narrow columns, `held` the profiled columns of all
    rows in the same order, where they are needed again.
    """

    profile: bytes | None
    kept: pa.Table
    held: Held


def gathered(
    batches: Iterable[pa.RecordBatch],
    profiled: Sequence[str],
    kept: Sequence[str],
    at: datetime,
    *,
    hold: bool = False,
    roles: Described = _NO_ROLES,
) -> Gathered:
    """Profile the columns `profiled` of all batches and keep the columns `kept` as they are."""
    sketching, narrow, held = Sketching(at, 1, roles), list[pa.Table](), Held()
    for part in _parts(batches):
        sketching.add(part.select(list(profiled)))
        narrow.append(part.select(list(kept)))
        if hold:
            held.add(part.select(list(profiled)))
    return Gathered(sketching.profile(), one(narrow, kept), held)


def of_slices(
    held: Held, marks: Mapping[str, NDArray[np.bool_]], at: datetime, roles: Described = _NO_ROLES
) -> dict[str, bytes]:
    """Profile slices of the held rows; each mark holds a boolean for every row, in order."""
    sketchings = {name: Sketching(at, _BYTES // max(1, len(marks)), roles) for name in marks}
    begin = 0
    for part in held:
        end = begin + part.num_rows
        for name, mark in marks.items():
            sketchings[name].add(part.filter(pa.array(mark[begin:end])))
        begin = end
    found = {name: sketching.profile() for name, sketching in sketchings.items()}
    return {name: profile for name, profile in found.items() if profile is not None}


def _parts(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.Table]:
    """Join batches to parts of about 64 MB."""
    waiting, size = list[pa.Table](), 0
    for batch in batches:
        if batch.num_rows:
            waiting.append(pa.Table.from_batches([batch]))
            size += batch.nbytes
        if size >= _BYTES:
            yield one(waiting)
            waiting, size = [], 0
    if waiting:
        yield one(waiting)


def one(tables: Sequence[pa.Table], names: Sequence[str] = ()) -> pa.Table:
    """Join tables whose types may differ, as those of a database do; an empty one with `names` for none."""
    if not tables:
        return pa.table({name: pa.nulls(0) for name in names})
    schema, differing = united({f"batch {i}": table.schema for i, table in enumerate(tables)})
    return pa.concat_tables([table.cast(schema) for table in tables] if differing else tables)
