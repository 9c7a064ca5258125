"""Which of a version's baselines a window is compared with, by the policy's calendar. Pure."""

from collections.abc import Sequence
from datetime import date, timedelta

from policies.policy import CalendarBaseline
from profiles.window import Window

DEFAULT = "default"
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def baseline_for(window: Window, baselines: Sequence[CalendarBaseline]) -> str:
    """Return the name of the first baseline whose calendar holds every day (UTC) that the window touches.

    `default` where none does: a week that has a holiday in it is no holiday.
    """
    days = _days(window)
    return next((each.name for each in baselines if all(_holds(each, day) for day in days)), DEFAULT)


def _days(window: Window) -> list[date]:
    first, last = window.start.date(), (window.end - timedelta(microseconds=1)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def _holds(baseline: CalendarBaseline, day: date) -> bool:
    """Say whether a day fits each of the calendar's keys that is given."""
    return (
        (not baseline.dates or day in baseline.dates)
        and (not baseline.weekdays or WEEKDAYS[day.weekday()] in baseline.weekdays)
        and (not baseline.months or day.month in baseline.months)
    )
