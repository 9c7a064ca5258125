"""Rows that come late: which windows have other rows now than when they were read last."""

from dataclasses import dataclass
from datetime import datetime

from flows.world import World
from policies.policy import Policy
from profiles.errors import TrafficUnavailable
from profiles.see import mark_of, rows_in
from profiles.window import Window
from registry.records import Look


@dataclass(frozen=True)
class Looked:
    """The windows to read again, and what to remember of the look once they were."""

    windows: tuple[Window, ...] = ()
    look: Look | None = None


def look(policy: Policy, world: World) -> Looked:
    """Look for windows that ended within `late_rows` and have other rows now than their readings counted.

    Nothing is read where the log is as it was at the last look, and of the rows no more than their times.
    A window without any row now is left as it is: logs are deleted, and that is no silence. One that was
    read again for as many rows as are there now is not due a second time, whatever its reading counted.
    """
    if policy.late_rows is None:
        return Looked()
    now = world.clock()
    since = now - policy.late_rows
    try:
        return _looked(policy, world, since, mark_of(world.sight(policy), policy.cadence.floor(since), now))
    except TrafficUnavailable:
        # The windows that are due, and the pulse, tell of a feed that cannot be read.
        return Looked()


def remember(looked: Looked, world: World) -> None:
    """Remember a look after its windows were read again, so that a watch that was killed looks once more."""
    if looked.look is not None:
        world.ledger.record_look(looked.look)


def _looked(policy: Policy, world: World, since: datetime, mark: str | None) -> Looked:
    last = world.ledger.look(policy.model)
    if mark is not None:
        mark = f"{mark} {policy.late_rows} {policy.traffic.timestamp}"
        if last is not None and last.mark == mark:
            return Looked()
    counted = world.ledger.counted(policy.model, since)
    if not counted:
        return Looked()
    now = rows_in(world.sight(policy), [window for window, _ in counted])
    odd = {
        window: rows for (window, before), rows in zip(counted, now, strict=True) if rows and rows != before
    }
    known = {} if last is None else last.odd
    found = Look(policy.model, mark, {window.start: rows for window, rows in odd.items()})
    late = tuple(window for window, rows in odd.items() if known.get(window.start) != rows)
    return Looked(late, None if found == last else found)
