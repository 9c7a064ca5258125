"""What is usual at a window's time of the week, learned from earlier readings and kept in its own."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from statistics import median

from flows.world import World
from policies.objectives.feed import labels_limit
from policies.policy import Policy
from profiles.label_arrivals import last_arrival
from profiles.reading import Reading

_WEEK, _DAY = timedelta(weeks=1), timedelta(days=1)
_WEEKS, _DAYS = 8, 7
# Fewer windows than these tell nothing: one of them may have been an outage, or a holiday.
_ENOUGH = 3


def beside_usual(reading: Reading, policy: Policy, world: World) -> Reading:
    """Return the reading with what was usual before it: rows, and how long labels stay away.

    The rows are the median of the same hour of the same weekday in the last eight weeks, else of the same
    hour in the last seven days, windows without rows left out: a dead feed never becomes usual.
    """
    if reading.fault is not None:
        return reading
    start = reading.window.start
    weekly = [start - n * _WEEK for n in range(1, _WEEKS + 1)]
    daily = [start - n * _DAY for n in range(1, _DAYS + 1)]
    previous = policy.cadence.floor(start - timedelta(microseconds=1))
    found = world.ledger.readings_at(policy.model, [*weekly, *daily, previous])
    before = [[found[at] for at in starts if at in found] for starts in (weekly, daily)]
    silence = _label_silence(reading, policy, found.get(previous), world)
    return replace(
        reading,
        usual_rows=next((usual for each in before if (usual := _usual_rows(each)) is not None), None),
        label_silence=silence,
        usual_label_silence=_usual_silence(
            (each for earlier in before for each in earlier), found.get(previous)
        ),
    )


def _usual_rows(before: Iterable[Reading]) -> float | None:
    rows = [reading.arrivals.rows for reading in before if reading.arrivals.rows]
    return float(median(rows)) if len(rows) >= _ENOUGH else None


def _usual_silence(before: Iterable[Reading], previous: Reading | None) -> timedelta | None:
    """Return the longest silence of labels that were not overdue: a dead stream never becomes usual."""
    known = []
    for each in before:
        limit = labels_limit(each)
        if each.label_silence is not None and (limit is None or each.label_silence <= limit):
            known.append(each.label_silence)
    if len(known) >= _ENOUGH:
        return max(known)
    return None if previous is None else previous.usual_label_silence


def _label_silence(
    reading: Reading, policy: Policy, previous: Reading | None, world: World
) -> timedelta | None:
    """Return how long before the window's end the last label came, going on from the window before."""
    if policy.labels is None:
        return None
    last = last_arrival(policy.labels, reading.window, world.root)
    if last is not None:
        return reading.window.end - last
    if previous is None or previous.label_silence is None:
        return None
    return previous.label_silence + reading.window.length
