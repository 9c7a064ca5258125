"""Whether a distance is more than chance alone makes of it."""

import math

from profiles.profile import Kind
from profiles.reading import ColumnComparison

# A share of the baseline's windows that is no accident: what happened in them is how the column is.
_BY_NATURE = 0.1


def steady(column: ColumnComparison) -> bool:
    """Say whether a column held one value throughout a window also in the baseline's own time."""
    return column.baseline_steady is not None and column.baseline_steady >= _BY_NATURE


# Kinds that a column has because the policy says so.
DESCRIBED: frozenset[Kind] = frozenset({"text", "embedding"})
_ELSE: dict[Kind, Kind] = {"text": "category", "embedding": "other"}


def profiled_otherwise(column: ColumnComparison) -> bool:
    """Say whether the kinds differ because only one of the profiles knew the column's role."""
    kinds = (column.kind, column.baseline_kind)
    return any(set(kinds) == {described, other} for described, other in _ELSE.items())


def visible(column: ColumnComparison, distance: str) -> bool | None:
    """Say whether `distance` exceeds what chance alone makes of it; None when either is not known."""
    value: float | None = getattr(column.distances, distance)
    chance: float | None = getattr(column.chance, distance)
    if value is None or chance is None or math.isnan(value) or math.isnan(chance):
        return None
    return value > chance
