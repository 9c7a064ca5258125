"""Where rows come from: files or a database, behind one interface."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

import pyarrow as pa

from profiles.layout import LabelLayout, TrafficLayout
from profiles.queries import Query
from profiles.traffic import Files
from profiles.window import Window


class Source(Protocol):
    """A prediction log or a stream of labels."""

    def columns(self, since: datetime | None = None, until: datetime | None = None) -> tuple[str, ...]:
        """Return the names of all columns in a span; nested ones with dots."""

    def batches(
        self,
        columns: Sequence[str],
        time: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        undated: bool = False,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows with since <= `time` < until, times in UTC; without a `time` no row is left out.

        `undated` yields the rows without a time as well. Raises ColumnMissing when a column is not
        there, TrafficUnavailable when the rows cannot be read.
        """

    def earliest(self, time: str) -> datetime | None:
        """Return the smallest value of column `time`, or None when there is no row."""

    def latest(self, time: str, since: datetime, until: datetime) -> datetime | None:
        """Return the largest value of column `time` in since <= t < until, or None when there is no row.

        Nothing else is read, and nothing that can be known to be older. Raises as `batches` does.
        """

    def counts(self, time: str, windows: Sequence[Window]) -> tuple[int, ...]:
        """Return how many rows lie in each of the windows, which ascend and do not overlap, in one scan.

        Nothing but `time` is read. Raises as `batches` does.
        """

    def mark(self, since: datetime, until: datetime) -> str | None:
        """Return a mark that is another whenever rows of the span may have changed, without reading any.

        None where the source cannot tell. Raises TrafficUnavailable when nothing is there.
        """


def source_of(layout: TrafficLayout | LabelLayout, root: Path) -> Source:
    """Return the source that a layout names; relative paths start at `root`."""
    if layout.query is not None and layout.connection is not None:
        return Query(layout.query, layout.connection)
    if layout.path is not None and layout.format is not None:
        return Files(layout.path, layout.format, root)
    raise ValueError("a layout names a path and its format, or a query and its connection")
