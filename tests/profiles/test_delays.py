"""How long labels take is learned from those that say when they came."""

from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from profiles.delays import with_delays
from profiles.reading import Labels

START = datetime(2026, 3, 1, tzinfo=UTC)
STATE = Labels(10, 1.0, mature=True)
TIMES = pa.timestamp("us", "UTC")


def test_the_delay_is_the_median_and_the_ninety_percent_quantile_in_seconds() -> None:
    hours = [*range(10), None]
    asked = pa.array([START] * 11, TIMES)
    came = pa.array([None if hour is None else START + timedelta(hours=hour) for hour in hours], TIMES)
    state = with_delays(STATE, asked, pa.chunked_array([came[:4], came[4:]]))
    assert state.delay_median == pytest.approx(4.5 * 3600)
    assert state.delay_90 == pytest.approx(8.1 * 3600)


def test_a_label_before_its_request_came_at_once() -> None:
    state = with_delays(STATE, pa.array([START], TIMES), pa.array([START - timedelta(hours=1)], TIMES))
    assert (state.delay_median, state.delay_90) == (0.0, 0.0)


def test_without_arrivals_nothing_is_known_of_delays() -> None:
    assert with_delays(STATE, pa.array([START], TIMES), pa.nulls(1, TIMES)) == STATE
