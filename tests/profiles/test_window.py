from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.window import Cadence, Window, as_utc, duration, spelled

FAST = settings(derandomize=True, max_examples=60, deadline=None)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
CADENCES = st.sampled_from(["1m", "15m", "1h", "6h", "1d", "1w", "2w", "1mo", "3mo"]).map(Cadence.parse)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cadence", "moment", "start", "end"),
    [
        ("15m", "2026-03-01T10:29", "2026-03-01T10:15", "2026-03-01T10:30"),
        ("1h", "2026-03-01T10:00", "2026-03-01T10:00", "2026-03-01T11:00"),
        ("1d", "2026-03-01T23:59", "2026-03-01T00:00", "2026-03-02T00:00"),
        ("1w", "2026-03-01T12:00", "2026-02-23T00:00", "2026-03-02T00:00"),
        ("1mo", "2024-02-29T12:00", "2024-02-01T00:00", "2024-03-01T00:00"),
        ("3mo", "2026-12-31T12:00", "2026-10-01T00:00", "2027-01-01T00:00"),
        ("1d", "1960-05-05T05:00", "1960-05-05T00:00", "1960-05-06T00:00"),
    ],
)
def test_windows_align_with_hours_days_mondays_and_months(
    cadence: str, moment: str, start: str, end: str
) -> None:
    assert Cadence.parse(cadence).window(at(moment)) == Window(at(start), at(end))


@FAST
@given(CADENCES, MOMENTS)
def test_every_moment_lies_in_its_window_and_windows_touch(cadence: Cadence, moment: datetime) -> None:
    window = cadence.window(moment)
    assert window.contains(moment)
    assert not window.contains(window.end)
    assert cadence.floor(window.start) == window.start
    assert cadence.window(window.end).start == window.end


def test_a_window_is_closed_only_when_its_lateness_is_over() -> None:
    day = Cadence.parse("1d")
    since, lateness = at("2026-01-01T05:00"), timedelta(hours=2)
    assert list(day.closed(since, at("2026-01-02T01:59"), lateness)) == []
    closed = list(day.closed(since, at("2026-01-03T02:00"), lateness))
    assert [str(window) for window in closed] == [
        "2026-01-01T00:00Z/2026-01-02T00:00Z",
        "2026-01-02T00:00Z/2026-01-03T00:00Z",
    ]


def test_times_of_other_zones_become_utc_and_naive_times_are_refused() -> None:
    tokyo = datetime(2026, 1, 1, 9, tzinfo=timezone(timedelta(hours=9)))
    assert as_utc(tokyo) == at("2026-01-01T00:00")
    assert Window(tokyo, at("2026-01-02T00:00")).start.tzinfo is UTC
    with pytest.raises(ValueError, match="no time zone"):
        as_utc(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_window_cannot_end_before_it_starts() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Window(at("2026-01-02T00:00"), at("2026-01-02T00:00"))


@pytest.mark.parametrize("text", ["", "0d", "d", "1y", "-1d", "1.5h", "10000d", "1 d"])
def test_a_cadence_that_cannot_be_read_says_what_to_write(text: str) -> None:
    with pytest.raises(ValueError, match="write a number"):
        Cadence.parse(text)


@pytest.mark.parametrize("text", ["30m", "36h", "7d", "90m", "14d"])
def test_durations_are_spelled_as_they_are_read(text: str) -> None:
    assert spelled(duration(text)) == text


def test_a_duration_has_no_months_because_they_differ() -> None:
    with pytest.raises(ValueError, match="not a duration"):
        duration("1mo")
    assert Cadence.parse("2mo").length == timedelta(days=60)
