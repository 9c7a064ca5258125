"""When a replay watches: each window as it closes, labels as they mature, pulses in between."""

from datetime import UTC, datetime, timedelta

import pytest

from flows.replay import PULSE_EVERY, pulses, ticks
from profiles.layout import LabelLayout
from profiles.window import Window
from tests.fakes import policy

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_every_window_is_watched_when_its_lateness_is_over_and_the_last_again_when_labels_are_in() -> None:
    labels = LabelLayout("labels", "parquet", "paid", "id", arrives_within=3 * DAY)
    watched = policy(labels=labels, allowed_lateness=HOUR)
    closed = [START + day * DAY + HOUR for day in (1, 2, 3)]
    assert list(ticks(watched, START, START + 3 * DAY)) == [*closed, closed[-1] + 3 * DAY]


def test_without_labels_the_last_window_is_watched_once() -> None:
    watched = policy(labels=None, performance=None, allowed_lateness=HOUR)
    assert list(ticks(watched, START, START + DAY)) == [START + DAY + HOUR]


@pytest.mark.parametrize(
    ("said", "since", "until", "expected"),
    [
        ("all of a span that lies between two ticks", START - HOUR, START + HOUR, [5, 10, 15]),
        ("none twice where two ticks meet at a pulse", START + 2 * PULSE_EVERY, START + HOUR, [15]),
        ("those up to the tick, which comes after them", START, START + 2 * PULSE_EVERY, [5, 10]),
        ("none outside of the span", START + HOUR, START + 2 * HOUR, []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_pulses_are_taken_every_five_minutes(
    said: str, since: datetime, until: datetime, expected: list[int]
) -> None:
    window = Window(START, START + 3 * PULSE_EVERY)
    found = [(moment - START) // timedelta(minutes=1) for moment in pulses(window, since, until)]
    assert found == expected, said


def test_a_model_without_a_span_of_pulses_has_none() -> None:
    assert list(pulses(None, START, START + DAY)) == []
