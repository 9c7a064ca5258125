"""How many moments lie in each of some windows."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.times import micros
from profiles.window import Window


def counted(at: Any, windows: Sequence[Window], times: Any = None) -> NDArray[np.int64]:
    """Return for each window how many of the moments lie in it.

    `at` is an Arrow array of timestamp(us, UTC) without nulls, `windows` ascend and do not overlap; `times`
    says how often each moment counts, once by default.
    """
    starts, ends = (np.array([micros(getattr(each, edge)) for each in windows]) for edge in ("start", "end"))
    stamps = at.cast(pa.int64()).to_numpy(zero_copy_only=False)
    places = np.searchsorted(starts, stamps, side="right") - 1
    within = (places >= 0) & (stamps < ends[places])
    if times is None:
        return np.bincount(places[within], minlength=len(windows))
    found = np.zeros(len(windows), np.int64)
    np.add.at(found, places[within], np.asarray(times)[within])
    return found
