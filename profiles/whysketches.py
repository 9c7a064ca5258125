"""The door to whylogs: its compiled sketches of distinct and of frequent values, to bytes and back.

Only whylogs' compiled sketches are loaded; importing the package costs 1.6 s and is left to `stock_view`.
"""

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

# whylogs' own sizes; its frequent-items sketch begins to drop items above 768.
_HLL_SIZE = 12
_ITEMS_SIZE = 10
MOST_ITEMS = 512
LONGEST_ITEM = 128


def distinct_sketch(distinct: Any) -> bytes:
    """Sketch distinct values, which come in a fixed order because the sketch's bytes depend on it."""
    import whylogs_sketching

    sketch = whylogs_sketching.hll_sketch(_HLL_SIZE)
    if distinct.dtype == object:
        sketch.update_str_list(distinct.tolist())
    else:
        sketch.update_np(distinct)
    return bytes(sketch.serialize_compact())


def united(sketches: Sequence[bytes]) -> bytes | None:
    """Join sketches of distinct values, whatever their order; None for none."""
    import whylogs_sketching

    if not sketches:
        return None
    union = whylogs_sketching.hll_union(_HLL_SIZE)
    for one in sorted(sketches):
        union.update(whylogs_sketching.hll_sketch.deserialize(one))
    return bytes(union.get_result().serialize_compact())


def distinct_count(sketch: bytes) -> float:
    """Estimate how many distinct values a sketch has seen; RuntimeError where it is damaged."""
    import whylogs_sketching

    return float(whylogs_sketching.hll_sketch.deserialize(sketch).get_estimate())


def frequent_sketch(items: Mapping[str, int]) -> bytes:
    """Sketch counted values, of which whylogs reads the frequent ones."""
    import whylogs_sketching

    found = whylogs_sketching.frequent_strings_sketch(_ITEMS_SIZE)
    for label, count in items.items():
        found.update(label, count)
    return bytes(found.serialize())


def frequent_counts(data: bytes) -> dict[str, int]:
    """Return the values of such a sketch with their counts; RuntimeError where it is damaged."""
    import whylogs_sketching

    found = whylogs_sketching.frequent_strings_sketch.deserialize(data)
    return {
        item: int(estimate)
        for item, estimate, _, _ in found.get_frequent_items(
            whylogs_sketching.frequent_items_error_type.NO_FALSE_NEGATIVES
        )
    }


def stock_view(data: bytes) -> Any:
    """Open a profile with stock whylogs, as its DatasetProfileView, for notebooks and other tools."""
    os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")
    # whylogs 1.6.4 names a type that numpy 2 has removed.
    if not hasattr(np, "unicode_"):
        np.unicode_ = np.str_  # type: ignore[attr-defined]  # noqa: NPY201 - given back, not used
    from whylogs.core import DatasetProfileView

    return DatasetProfileView.deserialize(data)
