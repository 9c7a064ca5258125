"""Which rows a challenger learns from, and which are kept for choosing."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.remediation import Recipe
from training.recipes import Span, rows_of, spans_of, split

START = np.datetime64("2026-03-01T00:00:00", "us")
HOURS = START + np.arange(1000) * np.timedelta64(1, "h")
RECIPE = Recipe(recent=(timedelta(hours=400), timedelta(hours=100)), holdout=0.2)


def at(hour: int) -> datetime:
    return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(hours=hour)


def test_the_shortest_span_comes_first_and_all_history_last() -> None:
    assert [each.name for each in spans_of(RECIPE)] == ["last 100h", "last 400h", "all history"]
    assert spans_of(Recipe(recent=(timedelta(days=90),) * 2, all_history=False)) == (
        Span(timedelta(days=90)),
    )


@pytest.mark.parametrize(
    ("recipe", "minimum", "not_before", "held"),
    [
        (RECIPE, 10, None, 980),  # a fifth of the last 100 hours
        (RECIPE, 50, None, 950),  # but never fewer than are needed
        (Recipe(recent=(), holdout=0.2), 10, None, 800),
        (RECIPE, 10, at(985), 985),  # after what the champion has learned
        (RECIPE, 10, at(5), 980),
    ],
)
def test_the_newest_rows_are_kept(
    recipe: Recipe, minimum: int, not_before: datetime | None, held: int
) -> None:
    found = split(HOURS, recipe, minimum, not_before)
    assert found == held


@pytest.mark.parametrize(
    ("rows", "not_before", "said"),
    [
        (1000, at(995), "5 labelled rows since the champion was fitted"),
        (15, None, "labelled rows are left to fit on"),
        (3, None, "labelled rows"),
        (0, None, "0 labelled rows"),
    ],
)
def test_too_few_rows_are_said(rows: int, not_before: datetime | None, said: str) -> None:
    found = split(HOURS[:rows], RECIPE, 10, not_before)
    assert isinstance(found, str)
    assert said in found


@given(st.lists(st.integers(0, 50), min_size=0, max_size=200), st.integers(1, 30))
def test_what_is_kept_is_later_than_everything_that_is_fitted_on(hours: list[int], minimum: int) -> None:
    times = START + np.sort(np.array(hours, dtype=np.int64)) * np.timedelta64(1, "h")
    found = split(times, RECIPE, minimum)
    if isinstance(found, str):
        return
    assert min(found, times.size - found) >= minimum
    assert times[found - 1] < times[found]
    for span in spans_of(RECIPE):
        rows = rows_of(span, times, found)
        assert rows.stop == found
        assert span.length is None or times[rows.stop - 1] - times[rows.start] <= np.timedelta64(span.length)
