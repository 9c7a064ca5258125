"""Which columns hold one value throughout a window by their nature: a calendar, an indicator of the month.

A baseline is one profile of a long period, in which such a column varies. Only windows of the period tell.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from profiles import mmd
from profiles.profile import Column, Profile
from profiles.window import Cadence, Window

# Fewer windows tell nothing of a nature; more than these tell nothing new.
_ENOUGH = 3
_MOST = 100


def constant(column: Column) -> bool:
    """Say whether at least two values are present and all of them are the same."""
    if column.present <= 1 or column.infinite:
        return False
    if column.distribution is not None:
        return column.distribution.minimum == column.distribution.maximum
    if column.vectors is not None:
        return not mmd.varies(column.vectors)
    return column.categories is not None and max(column.categories.values(), default=0) == column.present


def steady_shares(profiles: Iterable[Profile]) -> Mapping[str, float]:
    """Return, per column, in which share of the windows all values were the same.

    `profiles` are those of a period's windows. Windows with fewer than two values of a column say nothing
    of it; a column of which fewer than three do is left out.
    """
    told, steady = Counter[str](), Counter[str]()
    for profile in profiles:
        for name, column in profile.columns.items():
            if column.present > 1:
                told[name] += 1
                steady[name] += constant(column)
    return {name: steady[name] / windows for name, windows in told.items() if windows >= _ENOUGH}


def sample_windows(period: Window, cadence: Cadence) -> Iterator[Window]:
    """Yield the windows that lie in a period, at most about a hundred of them, evenly spaced."""
    count = max(1, int(period.length / cadence.length))
    step = -(-count // _MOST)
    start = cadence.floor(period.start)
    if start < period.start:
        start = cadence.after(start)
    number = 0
    while (end := cadence.after(start)) <= period.end:
        if number % step == 0:
            yield Window(start, end)
        start, number = end, number + 1
