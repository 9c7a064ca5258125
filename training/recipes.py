"""Recipes: which rows a challenger is fitted on, and which are kept for choosing. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from policies.remediation import Recipe
from profiles.window import spelled


@dataclass(frozen=True)
class Span:
    """The newest rows of a length of time, or all that there are (None)."""

    length: timedelta | None

    @property
    def name(self) -> str:
        """How people know it: `last 90d`, `all history`."""
        return "all history" if self.length is None else f"last {spelled(self.length)}"


def spans_of(recipe: Recipe) -> tuple[Span, ...]:
    """Return what challengers are fitted on, the shortest span first, each once."""
    recent = tuple(Span(length) for length in sorted(set(recipe.recent)))
    return (*recent, Span(None)) if recipe.all_history else recent


def split(times: Any, recipe: Recipe, minimum: int, not_before: datetime | None = None) -> int | str:
    """Return with which row (times in UTC, rising) the hold-out begins, or say why there can be none.

    The hold-out is the newest share `recipe.holdout` of the rows of the shortest span, so that every recipe
    is judged on the same rows and has rows before them, but at least `minimum` rows. It begins after
    `not_before`, until when the champion has learned: on rows that it knows nobody can beat it fairly.
    """
    moments = _micros(times)
    shortest = next((each.length for each in spans_of(recipe) if each.length is not None), None)
    inside = moments.size
    if shortest is not None and moments.size:
        inside = int((moments >= moments[-1] - np.timedelta64(shortest)).sum())
    held = moments.size - max(minimum, int(recipe.holdout * inside))
    # Rows of one moment stay together.
    held = int(np.searchsorted(moments, moments[held])) if held > 0 else 0
    if not_before is not None:
        held = max(held, int(np.searchsorted(moments, _micro(not_before), side="left")))
    left = moments.size - held
    if left < minimum:
        since = (
            "" if not_before is None else f" since the champion was fitted, {not_before:%Y-%m-%d %H:%M} UTC"
        )
        return f"{left} labelled rows{since} to choose by; {minimum} are needed"
    if held < minimum:
        return f"{held} labelled rows are left to fit on beside {left} to choose by; {minimum} are needed"
    return held


def rows_of(span: Span, times: Any, end: int) -> slice:
    """Return the rows of a span that ends with row `end` (not included)."""
    moments = _micros(times)[:end]
    if span.length is None or not moments.size:
        return slice(0, end)
    return slice(int(np.searchsorted(moments, moments[-1] - np.timedelta64(span.length))), end)


def _micros(times: Any) -> NDArray[np.datetime64]:
    return np.asarray(times).astype("datetime64[us]")


def _micro(at: datetime) -> np.datetime64:
    return np.datetime64(at.replace(tzinfo=None), "us")
