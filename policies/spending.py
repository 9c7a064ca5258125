"""What was counted of an objective with an error budget, and what that says: plain values."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal, Self, TypeAlias

# Whether a window kept what was promised; unknown where that could not be judged or measured.
Kept: TypeAlias = Literal["good", "short", "unknown"]


@dataclass(frozen=True)
class Event:
    """One judged window as a budget counts it.

    `rows` and, of them, `bad_rows` are None where the window was judged before there was a budget.
    """

    start: datetime
    end: datetime
    kept: Kept
    bad_rows: int | None = None
    rows: int | None = None


@dataclass(frozen=True)
class Counts:
    """What was counted in a span of `windows` windows; rows are those of the windows that are known."""

    windows: int
    short: int = 0
    good: int = 0
    unknown: int = 0
    bad_rows: int = 0
    rows: int = 0

    @property
    def known(self) -> int:
        """How many windows kept or did not keep what was promised."""
        return self.short + self.good

    def plus(self, kept: Kept, bad_rows: int, rows: int) -> Self:
        """Return the counts with one window more."""
        if kept == "unknown":
            return replace(self, unknown=self.unknown + 1)
        return replace(
            self,
            short=self.short + (kept == "short"),
            good=self.good + (kept == "good"),
            bad_rows=self.bad_rows + bad_rows,
            rows=self.rows + rows,
        )


@dataclass(frozen=True)
class Burn:
    """How fast a budget burns by one tier: 1 spends all of it in its period, and no more.

    `windows` is the length of the long span; `long` and `short` are the rates over it and over its last
    twelfth, None where nothing is known of them; `limit` is the rate that both have to exceed, `bad` of
    `events` what the long one was measured from.
    """

    windows: int
    long: float | None
    short: float | None
    limit: float
    bad: int
    events: int
    too_fast: bool


@dataclass(frozen=True)
class Spending:
    """How a budget stands after one window, and the counts that this was computed from.

    `before` counts the earlier windows, per span, the period first; `kept`, `bad_rows` and `rows` are
    those of the window itself. `bad` events of the `allowed` ones are spent; `unknown` windows of the
    period neither spend nor add to what is allowed. `left` is the share that is not spent (0..1), None
    where nothing is known; `exhausted_in` says when the budget is spent at the pace of the slowest tier, None
    where it lasts. `burns` has one entry per tier, in the policy's order.
    """

    of: Literal["windows", "rows"]
    over: timedelta
    kept: Kept
    bad_rows: int
    rows: int
    before: tuple[Counts, ...]
    bad: int
    allowed: float
    unknown: int
    left: float | None
    burns: tuple[Burn, ...] = ()
    exhausted_in: timedelta | None = None

    @property
    def spent(self) -> bool:
        """Whether more fell short than is allowed."""
        return self.bad > self.allowed
