"""A guess with its reason, and what is known of a column before anybody said what it means."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, Literal, TypeAlias, TypeVar

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from profiles.errors import TrafficUnavailable
from profiles.times import moments

T = TypeVar("T")
Nature: TypeAlias = Literal["time", "day", "number", "whole", "text", "flag", "other"]

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}|$)")
_HUMP = re.compile(r"([a-z0-9])([A-Z])")


@dataclass(frozen=True)
class Guess(Generic[T]):
    """A value that was inferred from a sample, and in a few words why."""

    value: T
    reason: str


def words(name: str) -> frozenset[str]:
    """Return the words of a column's name in lower case: `modelVersion` -> model, version."""
    return frozenset(re.findall(r"[a-z]+", _HUMP.sub(r"\1 \2", name).lower()))


def vocabulary(text: str) -> frozenset[str]:
    """Return the words of a text, to be looked for in columns' names."""
    return frozenset(text.split())


@dataclass(frozen=True, eq=False)
class SampleColumn:
    """One column of a sample: its name and its values in the order of the rows."""

    name: str
    values: pa.ChunkedArray

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of the column's name."""
        return words(self.name)

    @cached_property
    def nature(self) -> Nature:
        """What kind of values it holds; floats without a fraction are whole numbers."""
        kind = self.values.type
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
        if pa.types.is_timestamp(kind):
            return "time"
        if pa.types.is_date(kind):
            return "day"
        if pa.types.is_boolean(kind):
            return "flag"
        if pa.types.is_integer(kind):
            return "whole"
        if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            finite = self.numbers[np.isfinite(self.numbers)]
            return "whole" if finite.size and bool((finite == np.floor(finite)).all()) else "number"
        return "text" if pa.types.is_string(kind) or pa.types.is_large_string(kind) else "other"

    @cached_property
    def series(self) -> "pd.Series[Any]":
        """The values as pandas has them; nulls are missing."""
        series: pd.Series[Any] = self.values.to_pandas()
        return series

    @cached_property
    def present(self) -> int:
        """The number of rows with a value."""
        return len(self.values) - int(self.values.null_count)

    @cached_property
    def distinct(self) -> int:
        """The number of different values; nested values count as all different."""
        return self.present if self.nature == "other" else int(self.series.nunique())

    @cached_property
    def numbers(self) -> NDArray[np.float64]:
        """The values as floats, NaN where there is none; only for numbers and flags."""
        return np.asarray(pd.to_numeric(self.series, errors="coerce"), dtype=np.float64)

    @cached_property
    def keys(self) -> "pd.Series[Any]":
        """The values as texts by which columns of different tables can be compared; nulls are missing."""
        if self.nature in {"whole", "flag"}:
            numbers = pd.Series(self.numbers)
            return numbers.map(lambda number: f"{number:.0f}", na_action="ignore")
        return self.series.astype("string")

    @property
    def uniqueness(self) -> float:
        """The share of the present values that are different."""
        return self.distinct / self.present if self.present else 0.0

    @cached_property
    def spaced(self) -> bool:
        """Whether most texts hold blanks, as prose does and identifiers do not."""
        return self.nature == "text" and float(self.series.dropna().str.contains(" ").mean()) > 1 / 2

    def take(self, rows: pa.Array) -> "SampleColumn":
        """Return the values of some rows (Arrow integers, null for no row), in their order."""
        return SampleColumn(self.name, self.values.take(rows))

    def named(self, known: frozenset[str]) -> bool:
        """Say whether a word of the column's name is among the known ones."""
        return not self.words.isdisjoint(known)


def readable(table: pa.Table) -> pa.Table:
    """Return a sample with dictionaries spelled out and ISO 8601 text as the times and days that it says."""
    for index, (name, column) in enumerate(zip(table.column_names, table.columns, strict=True)):
        kind = column.type
        if pa.types.is_dictionary(kind):
            table = table.set_column(index, name, column.cast(kind.value_type))
        elif pa.types.is_string(kind) or pa.types.is_large_string(kind):
            table = table.set_column(index, name, _timely(name, column))
    return table


def micros(times: pa.ChunkedArray) -> NDArray[np.int64]:
    """Return times or days without nulls as microseconds since 1970, UTC."""
    return np.asarray(moments("sample", times).cast(pa.int64()).to_numpy())


def _timely(name: str, text: pa.ChunkedArray) -> pa.ChunkedArray:
    known = text.drop_null()
    if not len(known) or _ISO.match(known[0].as_py()) is None:
        return text
    try:
        found = moments(name, text)
    except TrafficUnavailable:  # only some of it are times
        return text
    return found if ":" in known[0].as_py() else found.cast(pa.date32())


def sample_columns(table: pa.Table) -> tuple[SampleColumn, ...]:
    """Return a table's columns as a sample's."""
    return tuple(SampleColumn(name, table.column(name)) for name in table.column_names)
