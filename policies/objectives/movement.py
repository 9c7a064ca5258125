"""Whether a distance is more than chance alone makes of it."""

import math

from profiles.reading import ColumnComparison


def visible(column: ColumnComparison, distance: str) -> bool | None:
    """Say whether `distance` exceeds what chance alone makes of it; None when either is not known."""
    value: float | None = getattr(column.distances, distance)
    chance: float | None = getattr(column.chance, distance)
    if value is None or chance is None or math.isnan(value) or math.isnan(chance):
        return None
    return value > chance
