"""Moves: from who serves now and what is wanted to the request that leads there. Pure.

A version goes `candidate -> shadow -> canary -> champion -> retired`, or ends `rejected` or `rolled_back`.
Every function returns the request for the ledger, or Unchanged when there is nothing to do, and raises
MoveRefused with the reason when it may not be.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from profiles.errors import MoveRefused
from registry.records import (
    Actor,
    ActorKind,
    Assignment,
    TransitionKind,
    TransitionRequest,
    VersionState,
)

# Versions that only a person may offer (again): they have served, or were found wanting.
_HAS_BEEN = (VersionState.RETIRED, VersionState.REJECTED, VersionState.ROLLED_BACK)
_CLAIMED_MAY: tuple[TransitionKind, ...] = ("rolled_back", "rejected", "frozen")
# What Muster does of itself although the model is frozen: taking note, and freezing.
_NEVER_HELD: tuple[TransitionKind, ...] = ("baked", "frozen")


@dataclass(frozen=True)
class Wish:
    """Who wants a move, and why.

    `key` names the wish: wanted again under it, nothing more happens. `trusted` lets an actor whose name is
    only claimed do what a person may.
    """

    key: str
    actor: Actor
    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    policy_digest: str | None = None
    trusted: bool = False


@dataclass(frozen=True)
class Standing:
    """All that a move is decided on: one model at one revision.

    `earlier` are the champions that rollbacks lead to, the next one first. `restored` says that the last
    change of champion was a rollback. `held` says why Muster may do nothing of itself: a freeze of the model,
    its team or everything.
    """

    model: str
    assignment: Assignment | None = None
    states: Mapping[str, VersionState] = field(default_factory=dict)
    earlier: tuple[str, ...] = ()
    restored: bool = False
    held: str | None = None

    @property
    def champion(self) -> str | None:
        """The version that answers."""
        return None if self.assignment is None else self.assignment.champion


@dataclass(frozen=True)
class Unchanged:
    """There is nothing to do, for this reason."""

    sentence: str


def start_shadow(standing: Standing, version: str, wish: Wish) -> TransitionRequest:
    """Let a version answer beside the champion without anybody hearing it."""
    _may(standing, "shadowed", wish)
    _may_contend(standing, version, wish)
    return _request(standing, "shadowed", wish, challenger=version, challenger_role="shadow", weight=0.0)


def start_canary(standing: Standing, version: str, weight: float, wish: Wish) -> TransitionRequest:
    """Let a version answer a share of the requests, `weight` in (0, 1)."""
    _may(standing, "canaried", wish)
    now = _serving(standing)
    if not (now.challenger == version and now.challenger_role == "shadow"):
        _may_contend(standing, version, wish)
    _share(weight)
    return _request(standing, "canaried", wish, challenger=version, challenger_role="canary", weight=weight)


def step_canary(standing: Standing, weight: float, wish: Wish) -> TransitionRequest | Unchanged:
    """Give the canary more of the requests, `weight` in (0, 1)."""
    _may(standing, "stepped", wish)
    now = _serving(standing)
    if now.challenger_role != "canary":
        raise MoveRefused(f"{standing.model} has no canary that could take a step: {_told(now)}")
    _share(weight)
    if weight == now.weight:
        return Unchanged(f"version {now.challenger} answers {weight:.0%} of the requests already")
    if weight < now.weight:
        raise MoveRefused(
            f"version {now.challenger} of {standing.model} answers {now.weight:.0%} of the requests: a step "
            f"never goes back to {weight:.0%}; reject the version, or roll back"
        )
    return _request(standing, "stepped", wish, weight=weight)


def promote(
    standing: Standing, version: str, wish: Wish, bake_until: datetime | None = None
) -> TransitionRequest | Unchanged:
    """Make a version the champion; until `bake_until` it is watched for a loss that it causes.

    Muster itself promotes only who contends, never while another promotion bakes, and never a version that
    was champion before: going from A to B and back to A is for a person to decide.
    """
    _may(standing, "promoted", wish)
    now = standing.assignment
    if now is not None and now.champion == version:
        return Unchanged(f"version {version} of {standing.model} serves already")
    _offered(standing, version, wish)
    if wish.actor.kind == "muster":
        if now is None or now.challenger != version:
            raise MoveRefused(f"version {version} of {standing.model} does not contend: {_told(now)}")
        if now.bake_until is not None:
            raise MoveRefused(
                f"version {now.champion} of {standing.model} bakes until {now.bake_until:%Y-%m-%d %H:%M} "
                "UTC: nothing is promoted before"
            )
    return _request(
        standing,
        "promoted",
        wish,
        champion=version,
        previous=standing.champion,
        challenger=None,
        challenger_role=None,
        weight=0.0,
        bake_until=bake_until,
    )


def end_bake(standing: Standing, wish: Wish) -> TransitionRequest | Unchanged:
    """Note that the champion has proved itself."""
    _may(standing, "baked", wish)
    now = _serving(standing)
    if now.bake_until is None:
        return Unchanged(f"version {now.champion} of {standing.model} does not bake")
    return _request(standing, "baked", wish, bake_until=None)


def reject(standing: Standing, wish: Wish) -> TransitionRequest | Unchanged:
    """Take the challenger out of the contest."""
    _may(standing, "rejected", wish)
    now = _serving(standing)
    if now.challenger is None:
        return Unchanged(f"nobody contends with version {now.champion} of {standing.model}")
    return _request(standing, "rejected", wish, challenger=None, challenger_role=None, weight=0.0)


def roll_back(
    standing: Standing,
    wish: Wish,
    fallback: str | None = None,
    of: str | None = None,
    unfit: Collection[str] = (),
) -> TransitionRequest | Unchanged:
    """Restore the champion before the last promotion, or the policy's `fallback`, and freeze the model.

    A second wish, while the restored champion is frozen, changes nothing. `of` names the version that is to
    go: one that no longer answers is left alone, and a challenger goes without the champion. What is `unfit`
    is not restored: in its place the fallback is.
    """
    _may(standing, "rolled_back", wish)
    now = _serving(standing)
    frozen = {"challenger": None, "challenger_role": None, "weight": 0.0, "frozen_by": wish.actor.name}
    if of is not None and of == now.challenger:
        return _request(standing, "rejected", wish, **frozen)
    if of is not None and of != now.champion:
        return Unchanged(f"version {of} of {standing.model} no longer answers: {_told(now)}")
    if standing.restored and now.frozen_by is not None:
        return Unchanged(
            f"{standing.model} was rolled back already: version {now.champion} serves again, and promotion "
            f"is frozen by {now.frozen_by}"
        )
    before = next((each for each in standing.earlier[:1] if each not in unfit), None)
    target = fallback if before is None else before
    if target is None or target == now.champion or target in unfit:
        raise MoveRefused(
            f"{standing.model} has no champion before version {now.champion} to go back to, and its policy "
            "names no other fallback: freeze it, or promote a version that is known to be good"
        )
    after = standing.earlier.index(target) + 1 if target in standing.earlier else len(standing.earlier)
    previous = next(iter(standing.earlier[after:]), None)
    return _request(
        standing, "rolled_back", wish, champion=target, previous=previous, bake_until=None, **frozen
    )


def freeze(standing: Standing, wish: Wish) -> TransitionRequest | Unchanged:
    """Stop everything that Muster would do to the model of itself."""
    _may(standing, "frozen", wish)
    if standing.assignment is not None and standing.assignment.frozen_by is not None:
        return Unchanged(f"{standing.model} is frozen by {standing.assignment.frozen_by} already")
    return _request(standing, "frozen", wish, frozen_by=wish.actor.name)


def unfreeze(standing: Standing, wish: Wish) -> TransitionRequest | Unchanged:
    """Let Muster act on the model again, as far as its policy says; only a person may."""
    _may(standing, "unfrozen", wish)
    if wish.actor.kind == "muster":
        raise MoveRefused(f"{standing.model} was frozen for a person to look at: only a person unfreezes it")
    if standing.assignment is None or standing.assignment.frozen_by is None:
        return Unchanged(f"{standing.model} is not frozen by itself")
    return _request(standing, "unfrozen", wish, frozen_by=None)


def _request(standing: Standing, kind: TransitionKind, wish: Wish, **changes: Any) -> TransitionRequest:
    now = standing.assignment or Assignment(standing.model, 1, None)
    seen = 0 if standing.assignment is None else now.revision
    kept = {name: value for name, value in vars(now).items() if name not in {"model", "revision"}}
    request = TransitionRequest(
        model=standing.model,
        seen_revision=seen,
        key=wish.key,
        kind=kind,
        actor=wish.actor.name,
        actor_kind=wish.actor.kind,
        reason=wish.reason,
        evidence=wish.evidence,
        policy_digest=wish.policy_digest,
        **kept,
    )
    return replace(request, **changes)


def _may(standing: Standing, kind: TransitionKind, wish: Wish) -> None:
    """Raise MoveRefused when this kind of actor may not do this, or not while the model is frozen."""
    who: ActorKind = wish.actor.kind
    if who == "claimed" and kind not in _CLAIMED_MAY and not wish.trusted:
        raise MoveRefused(
            f"{standing.model} is not {kind} by {wish.actor.name}: the name is only claimed, and may roll "
            "back and freeze, nothing else. Use the command `muster`, where the system knows you; where the "
            "policy says `remediation: {claimed_promotions: true}` anybody may promote"
        )
    if who == "registry":
        raise MoveRefused(f"somebody else's delivery of {standing.model} is adopted, it decides nothing here")
    if who == "muster" and kind not in _NEVER_HELD and standing.held is not None:
        raise MoveRefused(f"Muster does nothing of itself to {standing.model}: {standing.held}")


def _may_contend(standing: Standing, version: str, wish: Wish) -> None:
    now = _serving(standing)
    if now.champion == version:
        raise MoveRefused(f"version {version} of {standing.model} serves already: it cannot contend")
    if now.challenger is not None:
        raise MoveRefused(f"version {now.challenger} of {standing.model} contends already: {_told(now)}")
    _offered(standing, version, wish)


def _offered(standing: Standing, version: str, wish: Wish) -> None:
    state = standing.states.get(version)
    if state is None:
        raise MoveRefused(f"the ledger knows no version {version} of {standing.model}: register it first")
    if wish.actor.kind == "muster" and state in _HAS_BEEN:
        raise MoveRefused(
            f"version {version} of {standing.model} is {state.replace('_', ' ')}: only a person may offer it "
            "again"
        )


def _serving(standing: Standing) -> Assignment:
    if standing.assignment is None or standing.assignment.champion is None:
        raise MoveRefused(f"no version of {standing.model} serves yet: adopt or promote one first")
    return standing.assignment


def _share(weight: float) -> None:
    if not 0.0 < weight < 1.0:
        raise MoveRefused(
            f"{weight:g} is not a share of requests for a canary; give one between 0 and 1, or promote"
        )


def _told(now: Assignment | None) -> str:
    if now is None or now.champion is None:
        return "nobody serves yet"
    if now.challenger is None:
        return f"version {now.champion} serves and nobody contends"
    return f"version {now.champion} serves and version {now.challenger} contends as {now.challenger_role}"
