"""Files of one format and one schema, batch by batch: where Arrow's faults become messages.

A message names the file and the column, and never quotes a value from the data.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import pyarrow as pa

from profiles.errors import TrafficUnavailable
from profiles.hive import guarantee
from profiles.layout import Format

_T = TypeVar("_T")

# Arrow's own file systems and fsspec's raise these for what a person can mend: access, names, damage.
_OUTSIDE = (OSError, pa.ArrowException, ValueError, ImportError)


def outside() -> tuple[type[BaseException], ...]:
    """Return what to catch: the client of S3 has exceptions of its own, once it is loaded."""
    client = sys.modules.get("botocore.exceptions")
    return _OUTSIDE if client is None else (*_OUTSIDE, client.BotoCoreError)


# A batch holds about this many cells, 16 MB of numbers, however many columns there are.
_CELLS = 2_000_000
_ROWS = (512, 131_072)
# A line of JSON or CSV has to fit into a block; Arrow's own megabyte is too small for 10,000 columns.
_BLOCK = 16 * 2**20
# What Arrow quotes of the data when it complains: anybody's value, which must not reach a message.
_QUOTED = (
    (re.compile(r"invalid value '.*", re.DOTALL), "a value is of another type"),
    (re.compile(r"(Expected \d+ columns, got \d+).*", re.DOTALL), r"\1"),
    (re.compile(r"string: '.*' as a scalar", re.DOTALL), "a text as a scalar"),
    (re.compile(r"couldn't parse:.*", re.DOTALL), "couldn't parse a value"),
    (re.compile(r"integer value \S+", re.IGNORECASE), "an integer value"),
)


def said(error: BaseException) -> str:
    """Return the first line of a library's message, without any value that it quotes from the data."""
    text = str(error).strip() or type(error).__name__
    text = text.splitlines()[0].rsplit(": Invalid: ", 1)[-1]
    for quoted, instead in _QUOTED:
        text = quoted.sub(instead, text)
    return text


@dataclass(frozen=True, eq=False)
class Opened:
    """The files of a span with one schema.

    `mixed` names the columns whose type differs between files, `times` those that are read as text and
    are times, `keys` those that lie in the names of folders.
    """

    filesystem: Any
    names: tuple[str, ...]
    layout: Any
    schema: pa.Schema
    mixed: frozenset[str]
    times: frozenset[str]
    keys: tuple[str, ...] = ()

    def read(self, columns: Mapping[str, Any], condition: Any) -> Iterator[pa.RecordBatch]:
        """Yield batches, one file after another, so that a fault has a file's name."""
        for name in self.names:
            with self._naming(name):
                for piece in self._pieces(name, condition):
                    yield from self._batches(piece, columns, condition)

    def beginnings(self, columns: Mapping[str, Any], parts: int, rows: int) -> Iterator[pa.RecordBatch]:
        """Yield the first `rows` rows of some `parts` (files, and row groups of Parquet), evenly over all."""
        names = evenly(self.names, parts)
        for name in names:
            with self._naming(name):
                for piece in evenly(list(self._pieces(name, None)), max(1, parts // len(names))):
                    left = rows
                    for batch in self._batches(piece, columns, None, most=rows):
                        yield batch.take(pa.array(range(min(left, batch.num_rows))))  # without the rest of it
                        left -= batch.num_rows
                        if left <= 0:
                            break

    def first(self, columns: Mapping[str, Any], rows: int) -> pa.Table | None:
        """Return the first rows of the first file, None without a file."""
        for name in self.names[:1]:
            with self._naming(name):
                piece = next(iter(self._pieces(name, None)), None)
                return (
                    None
                    if piece is None
                    else piece.scanner(schema=self.schema, columns=dict(columns)).head(rows)
                )
        return None

    def _batches(
        self, piece: Any, columns: Mapping[str, Any], condition: Any, most: int = _ROWS[1]
    ) -> Iterator[pa.RecordBatch]:
        least = _ROWS[0]
        yield from piece.to_batches(
            schema=self.schema,
            columns=dict(columns),
            filter=condition,
            batch_size=min(most, max(least, _CELLS // max(1, len(columns)))),
            batch_readahead=1,
            fragment_readahead=1,
        )

    @contextmanager
    def _naming(self, name: str) -> Iterator[None]:
        """Name the file in what Arrow complains of."""
        try:
            yield
        except outside() as error:
            raise TrafficUnavailable(f"{name}: {self._placed(said(error), name)}") from None

    def _pieces(self, name: str, condition: Any) -> Iterator[Any]:
        """Yield what is read at a time: Arrow holds a Parquet file's row groups all at once otherwise."""
        fragment = self.layout.make_fragment(name, self.filesystem, guarantee(name, self.keys))
        if self.layout.default_extname != "parquet":
            yield fragment
            return
        groups = fragment if condition is None else fragment.subset(condition, self.schema)
        for group in groups.row_groups:
            yield fragment.subset(row_group_ids=[group.id])

    def _placed(self, text: str, name: str) -> str:
        """Write a column's name where Arrow gives only its number."""
        number = re.search(r"CSV column #(\d+)", text)
        if number is None:
            return text
        names = self.layout.inspect(name, self.filesystem).names
        return text.replace(number[0], f"column {names[int(number[1])]}")


def evenly(found: Sequence[_T], most: int) -> Sequence[_T]:
    """Return at most `most` of them in their order, the first and the last included, evenly apart."""
    if len(found) <= most:
        return found
    step = (len(found) - 1) / max(1, most - 1)
    return [found[round(i * step)] for i in range(most)]


def reader_of(file_format: Format) -> Any:
    """Return Arrow's reader of a format."""
    from pyarrow import csv, json
    from pyarrow import dataset as arrow_dataset  # half a second that `muster status` does not pay

    if file_format == "parquet":
        return arrow_dataset.ParquetFileFormat()
    if file_format == "csv":
        return arrow_dataset.CsvFileFormat(read_options=csv.ReadOptions(block_size=_BLOCK))
    return arrow_dataset.JsonFileFormat(read_options=json.ReadOptions(block_size=_BLOCK))


def as_arrow(filesystem: Any) -> Any:
    """Return a fsspec file system as Arrow's; local files without the detour through Python."""
    from pyarrow import fs

    if "file" in filesystem.protocol:
        return fs.LocalFileSystem()
    return fs.PyFileSystem(fs.FSSpecHandler(filesystem))
