"""Arrow columns as the numpy arrays that scores and slices are computed from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.profile import Floats


def dense(column: Any) -> NDArray[Any]:
    """Return an Arrow array (dictionaries spelled out) or a sequence as numpy."""
    if hasattr(column, "type"):
        import pyarrow as pa

        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        return np.asarray(
            column.to_numpy() if isinstance(column, pa.ChunkedArray) else column.to_numpy(False)
        )
    return np.asarray(column)


def numbers(column: Any) -> Floats:
    """Return a column as float64, NaN where it is null; ValueError where it holds something else."""
    found = dense(column)
    try:
        if found.dtype.kind == "O":
            found = np.array([np.nan if value is None else value for value in found])
        return found.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError("does not hold numbers") from error


def known(column: NDArray[Any]) -> NDArray[np.bool_]:
    """Say which values are neither null nor NaN."""
    import pandas as pd

    return np.asarray(pd.notna(column), dtype=bool)


def plain(column: NDArray[Any]) -> NDArray[Any]:
    """Undo what nulls did to a column without any: booleans became objects, whole numbers became floats."""
    if column.dtype.kind == "O":
        values = column.tolist()
        alike = len({type(value) for value in values}) == 1
        column = np.array(values) if alike else np.array([str(value) for value in values])
    whole = column.dtype.kind == "b" or (
        column.dtype.kind == "f" and bool((column == np.floor(column)).all())
    )
    return column.astype(np.int64) if whole and bool(np.isfinite(column).all()) else column


def names(column: NDArray[Any]) -> NDArray[Any]:
    """Return known values as text, one spelling for equal values: 1, 1.0 and true are all `1`."""
    return plain(column).astype(str)
