"""Slices of a window's rows by the values of a column."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.columns import dense, known, names
from profiles.segments import REST

MOST_VALUES = 20
MISSING = "missing"
_LONGEST = 60  # characters of a value that its slice is named by


@dataclass(frozen=True, eq=False)
class Slice:
    """The rows where a column holds one value; `rows` marks them (n booleans)."""

    name: str
    rows: NDArray[np.bool_]

    def of(self, table: pa.Table) -> pa.Table:
        """Return the slice's rows of a table with n rows."""
        return table.filter(pa.array(self.rows))

    def __len__(self) -> int:
        return int(self.rows.sum())


def slices(rows: pa.Table, columns: Sequence[str]) -> tuple[Slice, ...]:
    """Cut rows by each column apart: its 20 most frequent values, `other` for the rest, `missing` for none.

    Slices of one column are disjoint and together hold every row; ties of frequency go by name. A value
    that is itself called other or missing joins that slice.
    """
    return tuple(each for column in columns for each in _of_column(column, rows.column(column)))


def _of_column(name: str, column: Any) -> list[Slice]:
    values = dense(column)
    present = known(values)
    words = np.full(values.size, MISSING, dtype=f"<U{_LONGEST}")
    if present.any():
        words[present] = names(values[present])
    found, counts = np.unique(words[words != MISSING], return_counts=True)
    frequent = found[np.lexsort((found, -counts))][:MOST_VALUES]
    words[~np.isin(words, [*frequent, MISSING])] = REST
    return [Slice(f"{name}={value}", words == value) for value in np.unique(words).tolist()]
