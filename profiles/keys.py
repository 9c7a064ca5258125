"""Request ids and version names, which each side may store as another type."""

from typing import Any

import pyarrow as pa

from profiles.errors import TrafficUnavailable


def as_text(column: Any, name: str = "of request ids") -> Any:
    """Return a column as text, one spelling for equal values: 7, 7.0 and "7" are all `7`.

    `column` is an Arrow array, chunked or not. Raises TrafficUnavailable, naming the column, for text
    that is not UTF-8 and for lists and structs.
    """
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    if pa.types.is_floating(column.type):
        column = _whole(column)
    try:
        text = column.cast(pa.large_string())
        text.validate(full=True)
    except pa.ArrowException:
        raise TrafficUnavailable(
            f"column {name} holds {column.type} that is no text; write UTF-8 text or numbers"
        ) from None
    return text


def _whole(column: Any) -> Any:
    """Undo what nulls do to whole numbers in pandas."""
    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:
        return column
