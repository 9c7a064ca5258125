"""The blast radius: how much Muster may do of itself before it stops and asks. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from registry.records import TransitionKind

# What changes who answers most requests; a canary's steps are limited by its gates.
COUNTED: tuple[TransitionKind, ...] = ("promoted", "rolled_back")
LOOKED_BACK = timedelta(days=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class BlastRadius:
    """At most so many automatic promotions of a model a day, and promotions and rollbacks an hour in all."""

    of_model_a_day: int = 1
    in_fleet_an_hour: int = 3


@dataclass(frozen=True)
class AutomaticMove:
    """A promotion or rollback that nobody asked for."""

    model: str
    kind: TransitionKind
    at: datetime


@dataclass(frozen=True)
class Excess:
    """A limit that one move more would exceed, and what is to be frozen therefore."""

    scope: Literal["model", "all"]
    sentence: str


def excess(recent: Iterable[AutomaticMove], wanted: AutomaticMove, limit: BlastRadius) -> Excess | None:
    """Return the limit that `wanted` would exceed, or None when it may go on.

    `recent` holds the automatic moves of the last day. Taking back a promotion of the same day is not a
    second one for its model, but counts for the fleet: many rollbacks at once have one cause upstream.
    """
    if wanted.kind not in COUNTED:
        return None
    past = [move for move in recent if move.at <= wanted.at]
    of_fleet = [move for move in past if move.at > wanted.at - _HOUR]
    if len(of_fleet) >= limit.in_fleet_an_hour:
        return Excess(
            "all",
            f"{len(of_fleet)} automatic promotions and rollbacks in the fleet within an hour are as many as "
            "Muster makes before it asks: everything automatic is frozen",
        )
    of_model = [
        move
        for move in past
        if move.model == wanted.model and move.kind == "promoted" and move.at > wanted.at - LOOKED_BACK
    ]
    if wanted.kind == "promoted" and len(of_model) >= limit.of_model_a_day:
        return Excess(
            "model",
            f"Muster has promoted a version of {wanted.model} within a day already, at "
            f"{of_model[-1].at:%Y-%m-%d %H:%M} UTC: it does no more to the model until a person unfreezes it",
        )
    return None
