"""What a calendar says is told from inputs that drift or are rare."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from profiles.guess import SampleColumn
from profiles.infer_calendar import infer_calendar
from profiles.window import Cadence

START = datetime(2026, 1, 5, tzinfo=UTC)
WEEKS = 26
N = WEEKS * 40
RANDOM = np.random.default_rng(1)
AT = [START + timedelta(weeks=WEEKS) * (i / N) for i in range(N)]
TIMES = np.array([round(at.timestamp() * 1e6) for at in AT], np.int64)
WINDOWS = [Cadence("1w").window(START + timedelta(weeks=i)) for i in range(WEEKS)]
MONTHS = [at.month for at in AT]


@pytest.mark.parametrize(
    ("values", "same"),
    [
        ([f"{at:%B}" for at in AT], True),
        ([month // 2 for month in MONTHS], True),
        ([float(at.isocalendar().week) for at in AT], True),
        ([month if i % 50 else None for i, month in enumerate(MONTHS)], True),
        ([at.weekday() for at in AT], False),
        (["a"] * N, False),
        ([None] * N, False),
        ((RANDOM.random(N) < 0.03).tolist(), False),  # rare, in every window alike
        (["metres"] * (N // 2) + ["feet"] * (N // 2), False),  # a single change is drift
        (RANDOM.choice(["x", "y"], N).tolist(), False),
        (RANDOM.normal(size=N).tolist(), False),
    ],
)
def test_a_column_that_the_window_tells_is_one_of_the_calendar(values: list[Any], same: bool) -> None:
    column = SampleColumn("c", pa.chunked_array([pa.array(values)]))
    found = infer_calendar([column], TIMES, WINDOWS)
    assert [guess.value for guess in found] == (["c"] if same else [])
    assert all("26 windows" in guess.reason for guess in found)


def test_without_windows_nothing_is_told() -> None:
    column = SampleColumn("c", pa.chunked_array([pa.array(MONTHS)]))
    assert infer_calendar([column], TIMES, []) == ()


def test_rows_outside_of_all_windows_do_not_count() -> None:
    column = SampleColumn("c", pa.chunked_array([pa.array(MONTHS)]))
    assert infer_calendar([column], TIMES, WINDOWS[::9]) == ()
