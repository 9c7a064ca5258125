from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from profiles.arrivals import arrivals
from profiles.window import Window

DAY = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("hours", "silence", "began"),
    [
        ((), 24, 0),
        ((0,), 24, 0),
        ((20,), 20, 0),
        ((1, 2, 3), 21, 3),
        ((0, 6, 12, 18), 6, 0),
        ((23, 9, 0, 1), 14, 9),
    ],
    ids=[
        "no rows are silence from edge to edge",
        "silence after the only row counts",
        "silence before the only row counts",
        "the end of the window counts",
        "of equal silences the first is named",
        "rows may come in any order",
    ],
)
def test_the_longest_silence(hours: tuple[int, ...], silence: int, began: int) -> None:
    stamps = pa.array([DAY.start + timedelta(hours=hour) for hour in hours], pa.timestamp("us", "UTC"))
    found = arrivals(stamps, DAY)
    assert found.rows == len(hours)
    assert found.longest_silence == timedelta(hours=silence)
    assert found.silence_began == DAY.start + timedelta(hours=began)


def test_first_and_last_keep_their_microseconds() -> None:
    moments = [DAY.start + timedelta(hours=1, microseconds=7), DAY.start + timedelta(hours=2, microseconds=9)]
    found = arrivals(pa.array(moments, pa.timestamp("us", "UTC")), DAY)
    assert (found.first, found.last) == tuple(moments)
