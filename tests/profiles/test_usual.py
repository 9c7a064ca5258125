"""Cadence, silences and the first quiet period of a sample follow from the times of its rows alone."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from profiles.usual import Micros, lateness, nice, rhythm, windows_of
from profiles.window import Cadence, Window

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def times(*spans: tuple[float, float, int]) -> Micros:
    """Times of rows, evenly spread over spans: days from START to days from START, and how many."""
    base = int(START.timestamp())
    parts = [base + np.linspace(a * 86_400, b * 86_400, n, endpoint=False) for a, b, n in spans]
    return (np.concatenate(parts) * 1e6).astype(np.int64)


@pytest.mark.parametrize(
    ("rows_a_day", "days", "cadence"),
    [(2400, 10, "1h"), (600, 10, "6h"), (100, 10, "1d"), (24, 60, "1w"), (5, 200, "1mo"), (1, 700, "3mo")],
)
def test_the_cadence_is_the_shortest_whose_windows_have_enough_rows(
    rows_a_day: int, days: int, cadence: str
) -> None:
    found = rhythm(times((0, days, rows_a_day * days)), 80).cadence
    assert found.value.text == cadence
    assert "enough rows" in found.reason


def test_a_log_that_comes_in_one_batch_a_day_is_not_watched_by_the_hour() -> None:
    nightly = times(*((day + 0.1, day + 0.11, 500) for day in range(30)))
    assert rhythm(nightly, 80).cadence.value.text == "1d"


def test_where_no_cadence_has_enough_rows_it_is_said() -> None:
    assert "no cadence gives every window" in rhythm(times((0, 30, 40)), 80).cadence.reason


def test_a_silence_that_came_once_is_not_usual_and_one_that_came_three_times_is() -> None:
    once = times((0, 10, 10_000), (10.5, 30, 19_500))
    nights = times(*((day, day + 0.5, 1000) for day in range(30)))
    assert rhythm(once, 80).silence.value < HOUR
    assert rhythm(nights, 80).silence.value == timedelta(days=1)  # 12 hours and half as much


def test_the_quiet_period_is_the_first_ordinary_third_and_stops_before_an_outage() -> None:
    steady = rhythm(times((0, 30, 3000)), 80).quiet
    assert steady is not None
    assert steady.value == Window(START, START + 10 * DAY)
    broken = rhythm(times((0, 4, 400), (5, 30, 2500)), 80).quiet
    assert broken is not None
    assert broken.value == Window(START, START + 4 * DAY)


def test_a_flood_at_the_beginning_is_not_quiet() -> None:
    found = rhythm(times((0, 1, 5000), (1, 30, 2900)), 80).quiet
    assert found is not None
    assert found.value.start == START + DAY


def test_without_a_window_of_enough_rows_nothing_is_proposed() -> None:
    assert rhythm(times((0, 30, 40)), 80).quiet is None


def test_windows_that_the_sample_holds_only_in_part_are_left_out() -> None:
    found = [window.start for window, _ in windows_of(np.sort(times((0.5, 4.5, 400))), Cadence("1d"))]
    assert found == [START + n * DAY for n in (1, 2, 3)]


def test_a_window_without_rows_in_between_is_counted() -> None:
    assert [rows for _, rows in windows_of(times((0, 1, 100), (2, 3, 100)), Cadence("1d"))] == [100, 0, 100]


def test_labels_are_complete_when_99_of_100_have_come() -> None:
    hours = np.concatenate([np.full(995, 40.0), np.full(5, 900.0), [np.nan, -1.0]])
    found = lateness(hours * 3600)
    assert found is not None
    assert found.value == 2 * DAY
    assert lateness(np.array([np.nan])) is None


@pytest.mark.parametrize(("span", "rounded"), [(HOUR, HOUR), (1.1 * HOUR, 2 * HOUR), (400 * DAY, 730 * DAY)])
def test_spans_are_rounded_up_to_round_ones(span: timedelta, rounded: timedelta) -> None:
    assert nice(span) == rounded


def test_no_rows_have_no_rhythm() -> None:
    with pytest.raises(ValueError, match="without rows"):
        rhythm(np.array([], dtype=np.int64), 80)
