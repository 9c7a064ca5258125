"""What the columns of an Arrow table hold: numbers, labels, times or things only counted."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.kll import Counts
from profiles.profile import Floats, Kind

Sort: TypeAlias = Literal["integral", "fractional", "boolean", "string", "object"]

# The types that whylogs counts, which are ours and `tensor`, by the kind of column that they make.
SORTS: Mapping[Kind, tuple[str, ...]] = {
    "number": ("integral", "fractional"),
    "category": ("boolean", "string"),
    "other": ("object", "tensor"),
}
_SECONDS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}
_DAY = 86_400.0


@dataclass(frozen=True, eq=False)
class Values:
    """One column, counted.

    `missing` counts nulls and NaNs, `nan` the NaNs among them. `distinct` (ascending) and `counts` hold the
    finite numbers (int64, uint64 or float64; times as seconds since 1970), or the labels (str, ascending).
    Both are None for a column that is only counted.
    """

    sort: Sort
    time: bool
    rows: int
    missing: int
    nan: int = 0
    infinite: int = 0
    distinct: Any = None
    counts: Counts | None = None


def values(column: pa.ChunkedArray) -> Values:
    """Count a column's values; a type without numbers or labels is only counted, never an error."""
    kind = column.type
    rows, missing = len(column), column.null_count
    if pa.types.is_null(kind):
        return Values("object", False, rows, rows)
    try:
        if pa.types.is_boolean(kind) or _is_label(kind):
            return _labels(column)
        if pa.types.is_integer(kind):
            return _integers(column)
        if (plain := _as_float(column)) is not None:
            return _floats(plain, pa.types.is_date(kind) or pa.types.is_timestamp(kind))
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError):
        # Text that is not UTF-8, or a cast that Arrow does not know: the rows still count.
        pass
    return Values("object", False, rows, missing)


def kind_of(counted: Mapping[str, int], *, time: bool) -> Kind:
    """Tell a column's kind by the type that most of its values have; `time` says what an other one holds."""
    values_of = {kind: sum(counted.get(sort, 0) for sort in sorts) for kind, sorts in SORTS.items()}
    if not any(values_of.values()):
        return "empty"
    kind: Kind = max(values_of, key=lambda kind: values_of[kind])
    return "time" if kind == "other" and time else kind


def _is_label(kind: pa.DataType) -> bool:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)
    return bool(text or pa.types.is_dictionary(kind))


def _labels(column: pa.ChunkedArray) -> Values:
    """Count labels; the dictionary's entries may repeat or be null, so they are counted again as text."""
    if pa.types.is_string_view(column.type):
        # Arrow does not count views.
        column = column.cast(pa.large_string())
    pairs = pc.value_counts(column)
    labels, counts = pairs.field("values"), pairs.field("counts").to_numpy()
    boolean = pa.types.is_boolean(labels.type)
    if pa.types.is_dictionary(labels.type):
        labels = labels.dictionary_decode()
    present = labels.is_valid().to_numpy(zero_copy_only=False)
    text = labels.filter(pa.array(present))
    # Stock whylogs spells booleans as Python does.
    text = pc.if_else(text, "True", "False") if boolean else text.cast(pa.large_string())
    order = pc.sort_indices(text).to_numpy()
    names, sizes = text.take(pa.array(order)), counts[present][order]
    distinct = np.array(names.to_pylist(), dtype=object)
    starts = np.flatnonzero(np.r_[True, distinct[1:] != distinct[:-1]]) if distinct.size else np.empty(0, int)
    sizes = np.add.reduceat(sizes, starts) if distinct.size else sizes
    rows = len(column)
    sort: Sort = "boolean" if boolean else "string"
    return Values(sort, False, rows, rows - int(sizes.sum()), distinct=distinct[starts], counts=sizes)


def _integers(column: pa.ChunkedArray) -> Values:
    wide = pa.uint64() if pa.types.is_uint64(column.type) else pa.int64()
    numbers = column.drop_null().cast(wide).to_numpy()
    distinct, counts = np.unique(numbers, return_counts=True)
    return Values("integral", False, len(column), column.null_count, distinct=distinct, counts=counts)


def _as_float(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return the column as doubles: times and durations in seconds; None for other types."""
    kind = column.type
    if pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return column.cast(pa.float64())
    if pa.types.is_date(kind):
        return pc.multiply(column.cast(pa.date32()).cast(pa.int32()).cast(pa.float64()), _DAY)
    if pa.types.is_timestamp(kind) or pa.types.is_time(kind) or pa.types.is_duration(kind):
        whole = column.cast(pa.int32() if pa.types.is_time32(kind) else pa.int64())
        return pc.divide(pc.cast(whole, pa.float64(), safe=False), _SECONDS[kind.unit])
    return None


def _floats(column: pa.ChunkedArray, time: bool) -> Values:
    numbers: Floats = column.drop_null().to_numpy()
    finite = np.isfinite(numbers)
    nan = int(np.isnan(numbers).sum())
    infinite = numbers.size - int(finite.sum()) - nan
    # Adding zero turns -0.0 into 0.0: the two compare equal, so their order would not be repeatable.
    distinct, counts = np.unique(numbers[finite] + 0.0, return_counts=True)
    return Values(
        "object" if time else "fractional",
        time,
        len(column),
        column.null_count + nan,
        nan,
        infinite,
        distinct,
        counts,
    )


def frequent(labels: Any, counts: Counts, most: int, longest: int) -> Mapping[str, int]:
    """Return at most `most` labels (cut to `longest` characters) by falling count, equal counts by label.

    Labels seen once are left out when not all labels fit: they say nothing and may identify people.
    """
    whole = len(labels) <= most
    # Ascending labels and a stable sort settle ties by label.
    order = np.argsort(-counts, kind="stable")[:most]
    kept: dict[str, int] = {}
    for label, count in zip(labels[order].tolist(), counts[order].tolist(), strict=True):
        if whole or count > 1:
            name = str(label)[:longest]
            kept[name] = kept.get(name, 0) + count
    return kept
