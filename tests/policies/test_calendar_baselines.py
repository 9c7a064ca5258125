"""The calendar of a policy chooses the baseline of a window; the verdict names it."""

from datetime import UTC, date, datetime, timedelta

import pytest

from policies.baselines import baseline_for
from policies.judge import judge
from policies.policy import CalendarBaseline
from policies.verdict import Status
from profiles.window import Cadence
from tests.policies.readings import HEALTHY, POLICY, reading

HOLIDAY = CalendarBaseline("holiday", dates=(date(2012, 12, 24), date(2012, 12, 25)))
WEEKEND = CalendarBaseline("weekend", weekdays=("sat", "sun"))
WINTER = CalendarBaseline("winter", months=(12, 1, 2))
DECEMBER_MONDAYS = CalendarBaseline("mondays", weekdays=("mon",), months=(12,))
ALL = (HOLIDAY, WEEKEND, WINTER)


@pytest.mark.parametrize(
    ("day", "cadence", "baselines", "name"),
    [
        ("2012-12-24", "1d", ALL, "holiday"),
        ("2012-12-25", "1h", ALL, "holiday"),
        ("2012-12-22", "1d", ALL, "weekend"),
        ("2012-12-26", "1d", ALL, "winter"),
        ("2012-07-04", "1d", ALL, "default"),
        ("2012-12-24", "1d", (WINTER, HOLIDAY), "winter"),
        ("2012-12-24", "1d", (DECEMBER_MONDAYS,), "mondays"),
        ("2012-12-25", "1d", (DECEMBER_MONDAYS,), "default"),
        ("2012-11-26", "1d", (DECEMBER_MONDAYS,), "default"),
        # A week with a holiday in it is no holiday, but all of it is winter.
        ("2012-12-24", "1w", ALL, "winter"),
        ("2012-02-27", "1w", ALL, "default"),
        ("2012-12-01", "1mo", ALL, "winter"),
        ("2012-12-24", "1d", (), "default"),
    ],
)
def test_the_first_baseline_that_holds_every_day_of_a_window_is_chosen(
    day: str, cadence: str, baselines: tuple[CalendarBaseline, ...], name: str
) -> None:
    at = datetime.fromisoformat(day).replace(tzinfo=UTC)
    assert baseline_for(Cadence(cadence).window(at), baselines) == name


def test_a_window_that_ends_at_midnight_does_not_touch_the_next_day() -> None:
    window = Cadence("1d").window(datetime(2012, 12, 23, tzinfo=UTC))
    assert window.end - timedelta(days=1) == window.start
    assert baseline_for(window, (WEEKEND,)) == "weekend"


def test_the_verdict_names_the_baseline() -> None:
    assert judge(HEALTHY, POLICY).baseline == "training"


def test_a_baseline_that_is_chosen_and_not_there_is_asked_for_by_name() -> None:
    verdict = judge(reading(baseline=None, comparison=None, baseline_name="holiday"), POLICY)
    drift = verdict.of("drift")
    assert verdict.baseline is None
    assert drift is not None
    assert drift.status is Status.INCONCLUSIVE
    assert drift.reason.startswith("no baseline holiday for version 3: register one")
