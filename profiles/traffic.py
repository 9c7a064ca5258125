"""Rows of prediction logs and label streams, from files behind any fsspec address.

The one door to stored files. Rows come in batches, so that memory holds a batch and not a file; only the
rows and columns that are asked for leave the files (predicate and projection push-down by Arrow), and of
a log partitioned by time only the window's files are opened. A damaged file is named.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles import partitions
from profiles.counting import counted
from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.fields import kind_at, lacking, leaves, united
from profiles.formats import Opened, as_arrow, outside, reader_of, said
from profiles.hive import keys_in
from profiles.json_times import timely, with_times
from profiles.layout import SUFFIXES, Format
from profiles.times import in_utc, moments, within
from profiles.window import Window

# The clock of a file system may be behind that of the service which writes the rows.
_CLOCKS_APART = timedelta(hours=1)


class Files:
    """A folder or glob of files of one format, read as one table.

    `path` may be a local path or any address that fsspec knows (`s3://...`); a relative one is taken
    from `root`; `{date:%Y-%m-%d}` in it names the partitions by time (profiles.partitions). Times
    without a zone are read as UTC. Columns nested in structs are named with dots.
    """

    def __init__(self, path: str, file_format: Format, root: Path) -> None:
        self.path = path
        self._address = path if "://" in path else str(root / path)
        self._format = file_format

    def columns(self, since: datetime | None = None, until: datetime | None = None) -> tuple[str, ...]:
        """Return the names of all columns (of a span's files, where the path tells dates).

        Without those in the names of folders (`dt=2026-03-01/`), which `batches` gives where they are asked
        for: a column that is another in every folder is none to be compared. Raises TrafficUnavailable when
        no file can be read.
        """
        found = self._found(since, until)
        return tuple(name for name in leaves(found.schema) if name not in found.keys)

    def keys(self) -> tuple[str, ...]:
        """Return the names of the columns that lie in the names of folders."""
        return self._found(None, None).keys

    def beginnings(self, columns: Sequence[str], parts: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the first rows of some parts that lie evenly over all; see profiles.formats."""
        found = self._found(None, None)
        places = leaves(found.schema)
        for batch in found.beginnings({name: pc.field(*places[name]) for name in columns}, parts, rows):
            yield in_utc(timely(batch, found.times))

    def batches(
        self,
        columns: Sequence[str],
        time: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        undated: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows with since <= `time` < until, with `columns` in that order, file by file.

        Times come in UTC. `undated` yields the rows without a time as well. Without a `time` every row
        counts. Raises ColumnMissing when a column is not there, TrafficUnavailable when files cannot be
        read.
        """
        yield from self._read(self._found(since, until), columns, time, since, until, undated=undated)

    def _read(
        self,
        found: Opened,
        columns: Sequence[str],
        time: str | None,
        since: datetime | None,
        until: datetime | None,
        *,
        undated: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        if not found.names:
            return
        places = leaves(found.schema)
        asked = tuple(dict.fromkeys(columns if time is None else [*columns, time]))
        if lack := lacking(asked, places):
            raise ColumnMissing(f"{self.path} {lack}")
        condition = None
        if time is not None and places[time][0] not in found.mixed:
            condition = _between(found.schema, places[time], since, until, undated)
        for batch in found.read({name: pc.field(*places[name]) for name in asked}, condition):
            batch = timely(batch, found.times - {time})  # noqa: PLW2901 - the same rows
            if time is not None:
                batch = _with_moments(batch, time)  # noqa: PLW2901
                batch = batch.filter(within(batch.column(time), since, until, undated=undated))  # noqa: PLW2901
            yield in_utc(batch.select(list(columns)))

    def rows(
        self, columns: Sequence[str], time: str, since: datetime | None, until: datetime | None
    ) -> pa.Table:
        """Return as one table what `batches` yields; for few columns or few rows."""
        found = list(self.batches(columns, time, since, until))
        return pa.Table.from_batches(found) if found else pa.table({name: pa.nulls(0) for name in columns})

    def earliest(self, time: str) -> datetime | None:
        """Return the smallest value of column `time`, or None when there is no row."""
        smallest: datetime | None = None
        for since, until in self._oldest_first():
            for batch in self.batches([time], time, since, until):
                found = pc.min(batch.column(0)).as_py()
                smallest = min(filter(None, (smallest, found)), default=None)
            if smallest is not None:
                break
        return smallest

    def latest(self, time: str, since: datetime, until: datetime) -> datetime | None:
        """Return the largest value of column `time` in since <= t < until, or None when there is no row.

        Only files of the span's dates are opened that were written since it began, and of Parquet only
        the row groups whose statistics allow for such a row.
        """
        recent = self._found(since, until, written_since=since - _CLOCKS_APART)
        found = (pc.max(batch.column(0)).as_py() for batch in self._read(recent, [time], time, since, until))
        return max(filter(None, found), default=None)

    def counts(self, time: str, windows: Sequence[Window]) -> tuple[int, ...]:
        """Return how many rows lie in each of the windows, which ascend and do not overlap, in one scan.

        Files that were written before the first window began are not opened.
        """
        since, until = windows[0].start, windows[-1].end
        recent = self._found(since, until, written_since=since - _CLOCKS_APART)
        found = sum(
            (counted(batch.column(0), windows) for batch in self._read(recent, [time], time, since, until)),
            start=np.zeros(len(windows), np.int64),
        )
        return tuple(int(count) for count in found)

    def mark(self, since: datetime, until: datetime) -> str | None:
        """Return a digest of the names, sizes and times of the files that a span may lie in.

        None where a file system does not say when they were written.
        """
        filesystem, address = self._filesystem()
        names = self._names(filesystem, *self._globs(address, since, until))
        if any(written is None for _, written in names.values()):
            return None
        listed = "\n".join(f"{name}\t{size}\t{written}" for name, (size, written) in names.items())
        return hashlib.sha256(listed.encode()).hexdigest()

    def _oldest_first(self) -> Iterator[tuple[datetime | None, datetime | None]]:
        """Yield the spans to look for the first row in: everything, or date after date."""
        if not partitions.is_dated(self.path):
            yield None, None
            return
        filesystem, address = self._filesystem()
        names = self._names(filesystem, partitions.anywhere(address))
        dates = sorted({date for name in names if (date := partitions.date_of(address, name))})
        ends: list[datetime | None] = [*dates[1:], None]
        yield from zip(dates, ends, strict=True) if dates else [(None, None)]

    def _found(
        self, since: datetime | None, until: datetime | None, written_since: datetime | None = None
    ) -> Opened:
        filesystem, address = self._filesystem()
        names = self._names(filesystem, *self._globs(address, since, until))
        if not names and not (partitions.is_dated(address) and self._is_there(filesystem, address)):
            raise TrafficUnavailable(
                f"no file matches {self.path}; check `path` in the policy, or whether the log is written yet"
            )
        full = [
            name
            for name, (size, written) in names.items()
            if (size or self._format == "parquet")
            and (written_since is None or written is None or written >= written_since)
        ]
        layout, storage = reader_of(self._format), as_arrow(filesystem)
        schemas = {}
        for name in full:
            try:
                schemas[name] = layout.inspect(name, storage).remove_metadata()
            except outside() as error:
                raise TrafficUnavailable(
                    f"{name} is not a readable {self._format} file: {said(error)}"
                ) from None
        schema, mixed = united(schemas)
        keys = keys_in(full, schema.names)
        schema = pa.schema([*schema, *((key, pa.string()) for key in keys)])
        found = Opened(storage, tuple(full), layout, schema, mixed, frozenset(), keys)
        return with_times(found) if self._format == "jsonl" else found

    def _globs(self, address: str, since: datetime | None, until: datetime | None) -> tuple[str, ...]:
        if not partitions.is_dated(address):
            return (address,)
        if since is None or until is None:
            return (partitions.anywhere(address),)
        return partitions.of_span(address, since, until)

    def _is_there(self, filesystem: Any, address: str) -> bool:
        return bool(self._names(filesystem, partitions.anywhere(address)))

    def _filesystem(self) -> tuple[Any, str]:
        import fsspec

        try:
            filesystem, address = fsspec.core.url_to_fs(self._address)
            # A worker lives for weeks, and a listing that it remembers lacks today's files.
            filesystem.invalidate_cache()
        except outside() as error:
            raise TrafficUnavailable(f"{self.path}: {said(error)}") from None
        return filesystem, str(address)

    def _names(self, filesystem: Any, *globs: str) -> dict[str, tuple[int, datetime | None]]:
        """Return the files' names in order, each with its size in bytes and when it was written, if known."""
        found: dict[str, tuple[int, datetime | None]] = {}
        try:
            for glob in globs:
                for each in self._below(filesystem, glob):
                    for name, info in filesystem.glob(each, detail=True).items():
                        if info["type"] != "directory":
                            found[name] = int(info.get("size") or 0), _written(info)
        except outside() as error:
            raise TrafficUnavailable(f"{self.path}: {said(error)}") from None
        return dict(sorted(found.items()))

    def _below(self, filesystem: Any, glob: str) -> tuple[str, ...]:
        if glob.endswith(SUFFIXES[self._format]) or not _is_folder(filesystem, glob):
            return (glob,)
        return tuple(f"{glob.rstrip('/')}/**/*{suffix}" for suffix in SUFFIXES[self._format])


def rows_in(files: Files, columns: Sequence[str], time: str, window: Window) -> pa.Table:
    """Return a window's rows; see `Files.rows`."""
    return files.rows(columns, time, window.start, window.end)


def _is_folder(filesystem: Any, glob: str) -> bool:
    if "*" not in glob:
        return bool(filesystem.isdir(glob))
    # `{date}` as the last part of a path: its folders, whatever their date.
    return any(filesystem.isdir(each) for each in filesystem.glob(glob)[:1])


def _written(info: Mapping[str, Any]) -> datetime | None:
    """Return when a file was written last, as local files and S3 say it; None where it is not said."""
    at = info.get("LastModified", info.get("mtime"))
    if isinstance(at, datetime):
        return at if at.tzinfo else at.replace(tzinfo=UTC)
    return datetime.fromtimestamp(at, UTC) if isinstance(at, int | float) else None


def _with_moments(batch: pa.RecordBatch, name: str) -> pa.RecordBatch:
    return batch.set_column(batch.schema.get_field_index(name), name, moments(name, batch.column(name)))


def _between(
    schema: pa.Schema, place: tuple[str, ...], since: datetime | None, until: datetime | None, undated: bool
) -> Any:
    """Build the push-down condition in the column's own type, so that Parquet statistics can prune.

    None where the column holds no timestamps: then the rows are chosen when they were read.
    """
    kind = kind_at(schema, place)
    if not pa.types.is_timestamp(kind):
        return None
    column = pc.field(*place)
    condition = column.is_valid()
    for bound, keep in ((since, pc.greater_equal), (until, pc.less)):
        if bound is not None:
            moment = bound if kind.tz else bound.replace(tzinfo=None)
            condition = condition & keep(column, pa.scalar(moment, kind))
    return condition | column.is_null() if undated else condition
