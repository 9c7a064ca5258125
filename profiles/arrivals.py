"""When the rows of a window came."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.keys import as_text
from profiles.reading import Arrivals
from profiles.times import micros
from profiles.window import Window


def arrivals(
    times: pa.Array | pa.ChunkedArray, window: Window, request_ids: pa.ChunkedArray | None = None
) -> Arrivals:
    """Return count, first, last and the longest silence of a window's rows, and repeated request ids.

    `times` holds timestamps within the window in any order. The silence before the first and after the
    last row counts, so that an empty window was silent throughout. Rows without an id repeat none.
    """
    stamps = np.sort(times.cast(pa.int64()).to_numpy())  # microseconds, UTC
    edges = np.concatenate(([micros(window.start)], stamps, [micros(window.end)]))
    gaps = np.diff(edges)
    longest = int(np.argmax(gaps))
    return Arrivals(
        rows=len(stamps),
        first=_moment(stamps[0]) if len(stamps) else None,
        last=_moment(stamps[-1]) if len(stamps) else None,
        longest_silence=_moment(edges[longest + 1]) - _moment(edges[longest]),
        silence_began=_moment(edges[longest]),
        duplicates=0 if request_ids is None else _repeated(request_ids),
    )


def _repeated(ids: pa.ChunkedArray) -> int:
    known = as_text(ids).drop_null()
    return len(known) - int(pc.count_distinct(known).as_py())


def _moment(micros: np.int64 | int) -> datetime:
    seconds, rest = divmod(int(micros), 1_000_000)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=rest)
