"""Rows of prediction logs and label streams, from files behind any fsspec address.

The one door to stored traffic. Only the rows and columns that are asked for leave the files (predicate
and projection push-down by Arrow), and a damaged file is named.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.layout import Format
from profiles.window import Window

# Arrow's own file systems and fsspec's raise these for what a person can mend: access, names, damage.
_OUTSIDE = (OSError, pa.ArrowException, ValueError)


class Files:
    """A folder or glob of files of one format, read as one table.

    `path` may be a local path or any address that fsspec knows (`s3://...`); a relative one is taken
    from `root`. Times without a zone are read as UTC.
    """

    def __init__(self, path: str, file_format: Format, root: Path) -> None:
        self.path = path
        self._address = path if "://" in path else str(root / path)
        self._format = file_format

    def columns(self) -> tuple[str, ...]:
        """Return the names of all columns; TrafficUnavailable when no file can be read."""
        return tuple(self._dataset.schema.names)

    def rows(
        self, columns: Sequence[str], time: str, since: datetime | None, until: datetime | None
    ) -> pa.Table:
        """Return the rows with since <= `time` < until, with `columns`, times in UTC.

        Raises ColumnMissing when a column is not there, TrafficUnavailable when files cannot be read.
        """
        dataset = self._dataset
        self._require(dataset.schema, {*columns, time})
        condition = _between(dataset.schema.field(time), since, until)
        return self._read(dataset, columns, condition)

    def all_rows(self, columns: Sequence[str]) -> pa.Table:
        """Return every row with `columns`; raises as `rows` does."""
        dataset = self._dataset
        self._require(dataset.schema, columns)
        return self._read(dataset, columns, None)

    def earliest(self, time: str) -> datetime | None:
        """Return the smallest value of column `time`, or None when there is no row."""
        dataset = self._dataset
        self._require(dataset.schema, {time})
        try:
            smallest = [pc.min(batch.column(0)) for batch in dataset.to_batches(columns=[time])]
        except _OUTSIDE as error:
            raise TrafficUnavailable(f"{self.path}: {_first_line(error)}") from error
        times = _in_utc(
            pa.table({time: pa.array([s.as_py() for s in smallest], dataset.schema.field(time).type)})
        )
        found: datetime | None = pc.min(times.column(0)).as_py()
        return found

    def _read(self, dataset: Any, columns: Sequence[str], condition: Any) -> pa.Table:
        try:
            return _in_utc(dataset.to_table(columns=list(columns), filter=condition))
        except _OUTSIDE as error:
            raise TrafficUnavailable(f"{self.path}: {_first_line(error)}") from error

    @cached_property
    def _dataset(self) -> Any:
        from pyarrow import dataset as arrow_dataset  # half a second that `muster status` does not pay

        filesystem, names = self._found()
        try:
            return arrow_dataset.dataset(
                names,
                schema=_schema_of_all(filesystem, names, self._format),
                filesystem=filesystem,
                format=self._format,
            )
        except _OUTSIDE as error:
            raise TrafficUnavailable(f"{self.path}: {_first_line(error)}") from error

    def _found(self) -> tuple[Any, list[str]]:
        import fsspec

        try:
            filesystem, address = fsspec.core.url_to_fs(self._address)
            if "*" not in address and filesystem.isdir(address):
                address = f"{address.rstrip('/')}/**/*.{self._format}"
            names = sorted(filesystem.glob(address))
        except (OSError, ValueError, ImportError) as error:
            raise TrafficUnavailable(f"{self.path}: {_first_line(error)}") from error
        if not names:
            raise TrafficUnavailable(
                f"no file matches {self.path}; check `path` in the policy, or whether the log is written yet"
            )
        return filesystem, names

    def _require(self, schema: pa.Schema, names: Iterable[str]) -> None:
        missing = sorted(set(names) - set(schema.names))
        if missing:
            raise ColumnMissing(
                f"{self.path} has no column {', '.join(missing)}; it has {', '.join(sorted(schema.names))}"
            )


def _schema_of_all(filesystem: Any, names: Sequence[str], file_format: Format) -> pa.Schema:
    """Unite the files' schemas, so that a column which appears later is not lost; name a damaged file."""
    from pyarrow import dataset as arrow_dataset

    schemas = []
    for name in names:
        try:
            schemas.append(
                arrow_dataset.dataset(
                    [name], filesystem=filesystem, format=file_format
                ).schema.remove_metadata()
            )
        except _OUTSIDE as error:
            raise TrafficUnavailable(
                f"{name} is not a readable {file_format} file: {_first_line(error)}"
            ) from error
    try:
        return pa.unify_schemas(schemas, promote_options="permissive")
    except pa.ArrowException as error:
        raise TrafficUnavailable(
            f"the {len(names)} files do not agree on the type of a column: {_first_line(error)}"
        ) from error


def _between(field: pa.Field, since: datetime | None, until: datetime | None) -> Any:
    """Build the push-down condition in the column's own type, so that Parquet statistics can prune."""
    if not pa.types.is_timestamp(field.type):
        raise TrafficUnavailable(
            f"column {field.name} holds {field.type}, not timestamps; name the column of times in the policy"
        )
    column = pc.field(field.name)
    condition = column.is_valid()
    for bound, keep in ((since, pc.greater_equal), (until, pc.less)):
        if bound is not None:
            moment = bound if field.type.tz else bound.replace(tzinfo=None)
            condition = condition & keep(column, pa.scalar(moment, field.type))
    return condition


def _in_utc(table: pa.Table) -> pa.Table:
    """Give every timestamp column the type timestamp(us, UTC)."""
    for index, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            column = table.column(index)
            if field.type.tz is None:
                column = pc.assume_timezone(column, "UTC")
            column = column.cast(pa.timestamp("us", "UTC"), safe=False)
            table = table.set_column(index, field.name, column)
    return table


def rows_in(files: Files, columns: Sequence[str], time: str, window: Window) -> pa.Table:
    """Return a window's rows; see `Files.rows`."""
    return files.rows(columns, time, window.start, window.end)


def _first_line(error: BaseException) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0]
