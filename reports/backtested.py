"""What a backtest found, as values: every window, what was done, and the sums. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from statistics import fmean
from typing import Literal, TypeAlias

from policies.diagnosis import Cause
from policies.verdict import Severity, Status
from profiles.metrics import metric_of
from profiles.window import Window

# What a loop may do and what may happen to it; a page is an incident that was opened.
EventKind: TypeAlias = Literal[
    "retrained", "refused", "shadowed", "canaried", "promoted", "rejected", "rolled_back", "page"
]
EVENT_KINDS: tuple[EventKind, ...] = (
    "retrained",
    "refused",
    "shadowed",
    "canaried",
    "promoted",
    "rejected",
    "rolled_back",
    "page",
)


@dataclass(frozen=True)
class Event:
    """Something that was done, or would not be done, at a moment of simulated time."""

    at: datetime
    kind: EventKind
    sentence: str


@dataclass(frozen=True)
class ReplayedWindow:
    """A window of a backtest: how it was judged, and everybody's score with all labels known.

    `version` answered most of its rows. A score is None where the metric is not defined for the rows.
    """

    window: Window
    rows: int
    version: str | None
    status: Status | None
    severity: Severity | None
    cause: Cause | None
    loop: float | None
    frozen: float | None
    schedule: float | None
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class Backtested:
    """A whole backtest of one model.

    `by_recipe` has the schedule's mean scores by what it was refitted on, of which `schedule_recipe` was the
    better; the schedule retrained as often as the loop did, `retrainings` times.
    """

    model: str
    metric: str
    cadence: str
    baseline_until: datetime
    until: datetime
    seed: int
    retrainings: int
    windows: tuple[ReplayedWindow, ...]
    schedule_recipe: str | None = None
    by_recipe: Mapping[str, float] = field(default_factory=dict)
    phases: int = 0

    @property
    def compared(self) -> tuple[ReplayedWindow, ...]:
        """The windows in which the loop and both peers have a score."""
        return tuple(w for w in self.windows if None not in (w.loop, w.frozen, w.schedule))

    def mean(self, of: Literal["loop", "frozen", "schedule"]) -> float | None:
        """Return the plain mean of a contestant's scores over the compared windows."""
        return fmean(getattr(each, of) for each in self.compared) if self.compared else None

    def against(self, peer: Literal["frozen", "schedule"]) -> float | None:
        """Return how many times better the loop's mean score is than a peer's; above 1 is better.

        The peer's error divided by the loop's, or the loop's score divided by the peer's where more of it is
        better. None where nothing can be compared, or the divisor is not above 0.
        """
        mine, theirs = self.mean("loop"), self.mean(peer)
        if mine is None or theirs is None:
            return None
        above, below = (mine, theirs) if metric_of(self.metric).higher_is_better else (theirs, mine)
        return above / below if below > 0 else None

    @property
    def events(self) -> tuple[Event, ...]:
        """Everything that happened, in order."""
        return tuple(event for each in self.windows for event in each.events)

    def count(self, kind: EventKind) -> int:
        """Return how often something happened."""
        return sum(event.kind == kind for event in self.events)


def by_window(windows: Sequence[Window], events: Sequence[Event]) -> tuple[tuple[Event, ...], ...]:
    """Return the events of each of the windows (which ascend); what comes after the last belongs to it."""
    ordered = sorted(events, key=lambda event: event.at)
    ends = [each.end for each in windows]
    places = [next((k for k, end in enumerate(ends) if e.at < end), len(ends) - 1) for e in ordered]
    return tuple(
        tuple(event for event, place in zip(ordered, places, strict=True) if place == k)
        for k in range(len(ends))
    )
