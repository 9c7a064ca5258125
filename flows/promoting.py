"""Promoting: a challenger becomes champion, by a person or by the approval of a proposal. No Prefect here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from flows.bodies import Done
from flows.carrying_out import LEASE, Rollout, claimed, settle
from flows.rolling_back import policy_of, see_through, together
from flows.world import World
from policies.alerting import Alert, channels_for, sends
from policies.intents import PROMOTED_BY, Intent, IntentKind
from policies.policy import Policy
from policies.verdict import Severity
from profiles.errors import LedgerConflict, MoveRefused
from registry import moves
from registry.acting import Then, carried_out
from registry.intent_records import Claim, RecordedIntent
from registry.moves import Standing, Unchanged, Wish
from registry.records import Actor, Assignment, TransitionRequest
from serving.targets import refused

PROMOTIONS: tuple[IntentKind, ...] = ("promote",)
_MUSTER = Actor("muster", "muster")

# A model and those that move together with it, each with the version that is to serve.
_Group: TypeAlias = Sequence[tuple[Policy, str]]


@dataclass(frozen=True)
class Proposal:
    """A promotion that waits for a person; `id` names it in forms and commands."""

    id: str
    recorded: RecordedIntent

    @property
    def model(self) -> str:
        """The model."""
        return self.recorded.intent.model

    @property
    def version(self) -> str:
        """The version that would be the champion."""
        return str(self.recorded.intent.content["version"])


@dataclass(frozen=True)
class Promoted:
    """What a promotion came to; see RolledBack."""

    model: str
    version: str
    changed: bool
    verified: bool | None
    said: tuple[str, ...]


def proposals(world: World, model: str | None = None) -> tuple[Proposal, ...]:
    """Return the promotions that wait for a person, the oldest first."""
    waiting = (each for each in world.ledger.intents(model, PROMOTIONS) if each.status == "proposed")
    return tuple(Proposal(f"{each.intent.model}: {each.intent.key}", each) for each in waiting)


def chosen(world: World, proposal: str) -> Proposal:
    """Return the proposal of an id, for an empty one the only one; MoveRefused says what there is."""
    waiting = proposals(world)
    found = [each for each in waiting if proposal in {"", each.id}]
    if len(found) == 1:
        return found[0]
    listed = "; ".join(each.id for each in waiting) or "none"
    wanted = "say which" if found else f"there is no {proposal!r}" if proposal else "nothing waits"
    raise MoveRefused(f"no promotion is approved: {wanted}; proposals that wait: {listed}")


def approve(
    proposal: Proposal,
    actor: Actor,
    reason: str,
    world: World,
    rollout: Rollout,
    patience: timedelta = timedelta(0),
) -> Promoted:
    """Promote what was proposed, with the approver as its actor; approved twice it is promoted once.

    Raises MoveRefused when the actor may not, or when the version contends no longer.
    """
    intent, policy = proposal.recorded.intent, policy_of(proposal.model, world)
    trusted = policy.remediation.claimed_promotions
    wish = _wish(intent, actor, reason, trusted=trusted)
    _still_contends(world.ledger.standing(policy.model), proposal.version)
    moves.promote(world.ledger.standing(policy.model), proposal.version, wish)  # who may not is told so first
    world.ledger.decide(policy.model, intent.key, "approved", actor, reason, world.clock(), trusted=trusted)
    said = []
    while (claim := _claimed(policy.model, world, actor)) is not None:
        progress = promote_intended(claimed(claim), policy, world)
        settle(claim, progress, world)
        said.append(progress.sentence)
        if claim.intent.key == intent.key and progress.event == "failed":
            raise MoveRefused(progress.sentence)
    return _seen_through(policy, proposal.version, bool(said), said, actor, world, rollout, patience)


def promote(
    model: str,
    version: str | None,
    actor: Actor,
    reason: str,
    world: World,
    rollout: Rollout,
    patience: timedelta = timedelta(0),
) -> Promoted:
    """Make a version the champion because a person says so: without one named, the challenger.

    Models that move together with it (`rolls_with`) do so in the same transaction, each to its own
    challenger. Raises MoveRefused, and LedgerConflict when somebody moved one of them at the same moment.
    """
    policy = policy_of(model, world)
    named = version or _challenger(world.ledger.standing(model))
    group = _group(policy, named, world)
    decided = [_decided(each, wanted, actor, reason, group, world) for each, wanted in group]
    said = _moved(group, decided, actor, world)
    changed = not isinstance(decided[0], Unchanged)
    return _seen_through(policy, named, changed, said, actor, world, rollout, patience)


def promote_intended(waiting: RecordedIntent, policy: Policy, world: World) -> Done:
    """Carry out a claimed promotion, Muster's own or one that a person approved.

    One that is out of date, frozen or beyond the blast radius has failed, with the reason.
    """
    intent, version = waiting.intent, str(waiting.intent.content["version"])
    recorded = world.ledger.intents(policy.model, PROMOTIONS)
    approver = next((each.approved_by for each in recorded if each.intent.key == intent.key), None)
    actor = approver or _MUSTER
    standing = world.ledger.standing(policy.model)
    wish = _wish(intent, actor, intent.sentence, trusted=True)
    try:
        if standing.champion != version:
            _still_contends(standing, version)
        group = _group(policy, version, world)
        decided = [_request(each, wanted, _part(wish, each, policy, group), world) for each, wanted in group]
        said = _moved(group, decided, actor, world)
    except (MoveRefused, LedgerConflict) as error:
        return Done(f"version {version} of {policy.model} was not promoted: {error}", event="failed")
    return Done("; ".join(said), {"version": version})


def _claimed(model: str, world: World, actor: Actor) -> Claim | None:
    at = world.clock()
    return world.ledger.claim(f"{actor.name} by hand", at, at + LEASE, PROMOTIONS, model)


def _wish(intent: Intent, actor: Actor, reason: str, *, trusted: bool) -> Wish:
    evidence = {"proposal": intent.key, **dict(intent.content)}
    return Wish(f"{PROMOTED_BY}{intent.key}", actor, reason, evidence=evidence, trusted=trusted)


def _still_contends(standing: Standing, version: str) -> None:
    now = standing.assignment
    if now is None or now.challenger != version:
        serving = "nobody" if now is None or now.challenger is None else f"version {now.challenger}"
        raise MoveRefused(
            f"the proposal is out of date: version {version} of {standing.model} no longer contends, "
            f"{serving} does"
        )


def _challenger(standing: Standing) -> str:
    now = standing.assignment
    if now is None or now.challenger is None:
        raise MoveRefused(f"nobody contends for {standing.model}: name the version that is to serve")
    return now.challenger


def _group(policy: Policy, version: str, world: World) -> _Group:
    """Return who moves to which version: those that move together with the model go to their challengers.

    Once the model has moved, they have as well.
    """
    if world.ledger.standing(policy.model).champion == version:
        return ((policy, version),)
    others = together(policy.model, world)[1:]
    challengers = ((each, _challenger(world.ledger.standing(each.model))) for each in others)
    return ((policy, version), *challengers)


def _part(wish: Wish, policy: Policy, leader: Policy, group: _Group) -> Wish:
    """Return one model's part in a wish; beside the proposal's own model it has a key that tells of it."""
    key = wish.key if policy == leader else f"{wish.key} of {leader.model}"
    return replace(wish, key=key, evidence={**wish.evidence, **_tied(group)})


def _tied(group: _Group) -> dict[str, Any]:
    """Return what a transition remembers of those that moved with it: model and version of each."""
    return {"together": {each.model: version for each, version in group}} if len(group) > 1 else {}


def _decided(
    policy: Policy, version: str, actor: Actor, reason: str, group: _Group, world: World
) -> TransitionRequest | Unchanged:
    now = world.ledger.assignment(policy.model)
    key = f"promote version {version} after revision {0 if now is None else now.revision}"
    trusted = policy.remediation.claimed_promotions
    return _request(policy, version, Wish(key, actor, reason, _tied(group), trusted=trusted), world)


def _moved(
    group: _Group, decided: Sequence[TransitionRequest | Unchanged], actor: Actor, world: World
) -> list[str]:
    """Carry out what was decided of a group, all of it or nothing, and say what came of each."""
    at = world.clock()
    wanted = [
        (request, _then(policy, actor, at))
        for (policy, _), request in zip(group, decided, strict=True)
        if not isinstance(request, Unchanged)
    ]
    stayed = [each.sentence for each in decided if isinstance(each, Unchanged)]
    return [*(_done(each.model, each) for each in world.ledger.move_together(wanted, at)), *stayed]


def _request(policy: Policy, version: str, wish: Wish, world: World) -> TransitionRequest | Unchanged:
    recorded = world.ledger.current_policy(policy.model)
    bound = replace(wish, policy_digest=None if recorded is None else recorded.digest)
    bake = policy.remediation.bake.lasts
    request = moves.promote(
        world.ledger.standing(policy.model), version, bound, bake_until=world.clock() + bake if bake else None
    )
    if not isinstance(request, Unchanged) and (reason := refused(policy)) is not None:
        raise MoveRefused(f"{policy.model} cannot be promoted from here: {reason}")
    return request


def _then(policy: Policy, actor: Actor, at: datetime) -> Then:
    """Want the target to follow, and those on the routes to know."""

    def wanted(after: Assignment) -> Sequence[Intent]:
        alert = Alert(
            model=policy.model,
            team=policy.team,
            kind="moved",
            severity=Severity.LOW,
            subject="promoted",
            sentence=f"version {after.champion} serves instead of {after.previous}, by {actor.name}",
            since=at,
            doing=f"`muster rollback {policy.model}` restores version {after.previous}",
            owners=policy.owners,
        )
        key = f"promoted at revision {after.revision}"
        orders = [replace(each, queue=None) for each in carried_out(after)]
        return (*orders, *sends(alert, key, channels_for(alert, policy.routes)))

    return wanted


def _done(model: str, after: Assignment) -> str:
    bakes = "" if after.bake_until is None else f"; it bakes until {after.bake_until:%Y-%m-%d %H:%M} UTC"
    return f"version {after.champion} of {model} serves instead of {after.previous}{bakes}"


def _seen_through(
    policy: Policy,
    version: str,
    changed: bool,
    said: Sequence[str],
    actor: Actor,
    world: World,
    rollout: Rollout,
    patience: timedelta,
) -> Promoted:
    group = together(policy.model, world)
    carried = [see_through(each, world, rollout, actor, patience) for each in group]
    lines = (*said, *(line for _, told in carried for line in told))
    return Promoted(policy.model, version, changed, carried[0][0], lines)
