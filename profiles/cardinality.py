"""How many distinct values a window should hold if its rows came from where the baseline's did."""

import math
from dataclasses import dataclass

from profiles.profile import Column

# Standard error of a HyperLogLog of 2**12 registers (Flajolet et al., 2007): 1.04 / sqrt(4096).
_SKETCH_ERROR = 1.04 / 64
_ERRORS = 4.0


@dataclass(frozen=True)
class Cardinality:
    """Distinct values of a window, and the least and the most that a window like the baseline holds."""

    distinct: float
    least: float
    most: float


def cardinality(window: Column, baseline: Column) -> Cardinality | None:
    """Compare counts of distinct values at different numbers of rows; None where a side has no value.

    The expected number of distinct values is concave in the number of rows and never falls (Hurlbert,
    Ecology 52(4), 1971). So n rows hold between D n/m and D of them where the m rows of the baseline hold
    D, and n is less than m; between D and D n/m where it is more. Both bounds are widened by four standard
    errors of both sketches (1.6 % each) and of the counts, whose variance is no more than themselves.
    """
    n, m = window.present, baseline.present
    if not n or not m or not window.distinct or not baseline.distinct:
        return None
    found, before = min(window.distinct, n), min(baseline.distinct, m)
    low, high = sorted((before, before * n / m))
    sketched = _ERRORS * math.sqrt(2) * _SKETCH_ERROR
    scale = max(1.0, n / m)
    least = low * (1 - sketched) - _ERRORS * math.sqrt(low * scale)
    most = high * (1 + sketched) + _ERRORS * math.sqrt(high * scale)
    return Cardinality(found, max(1.0, least), min(float(n), most))
