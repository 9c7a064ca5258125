"""Carrying out who is to serve: the target is told, and the version is seen to answer. No Prefect here."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from flows.bodies import Done
from flows.unseen import tell_unseen
from flows.world import World
from policies.intents import Intent, IntentKind
from policies.objectives.wording import percent
from policies.policy import Policy
from policies.rollout import REQUESTED, Sighting, is_split, is_verified, not_split, over, seen, unseen
from profiles.errors import LedgerConflict, TrafficUnavailable
from registry.intent_records import Claim, RecordedIntent
from registry.records import Assignment, Transition
from serving.targets import NotCarriedOut, Order, TargetOf, refused

CARRIED: tuple[IntentKind, ...] = ("carry_out",)
# Longer than a command may take.
LEASE = timedelta(minutes=6)
# Between two looks at who answers: soon while a person waits for it, later where it takes long anyway.
LOOK_AGAIN, _LOOK_SELDOM = timedelta(seconds=2), timedelta(seconds=10)
# Between two attempts at a target that does not take an order.
TRY_AGAIN = timedelta(minutes=1)
_STEPS = 10

Probe: TypeAlias = Callable[[str], str | None]


@dataclass(frozen=True)
class Rollout:
    """What carrying out needs of the outside: a policy's target, and probes of services."""

    target_of: TargetOf
    probe: Probe


def carry_out(recorded: RecordedIntent, policy: Policy, world: World, rollout: Rollout) -> Done:
    """Make the target follow the assignment as it is now, and look whether it does.

    An order goes out once, as far as nobody is killed in between; then only the look is repeated, until the
    policy's deadline: after it an incident is open and the order has failed.
    """
    ordered = _standing(recorded.intent, world)
    if ordered is None:
        return Done("another assignment has taken the place of this one", {"obsolete": True})
    transition, now = ordered
    before = transition.before
    stays = before is not None and before.champion == now.champion
    if stays and not (_shared(policy, now, rollout) or _shared(policy, before, rollout)):
        return Done(f"version {now.champion} answers as before: there is nothing to carry out")
    if (reason := refused(policy)) is not None:
        return _refused(policy, transition, f"{REQUESTED}: version {now.champion}; {reason}", world)
    if not _was_requested(recorded, world):
        try:
            said = _told(recorded, policy, now, transition, world, rollout)
        except NotCarriedOut as error:
            return _unable(recorded, policy, transition, str(error), world)
        if (after := world.ledger.assignment(policy.model)) is not None and _differ(after, now):
            # Somebody moved in between, and may have told the target before us: what is true now goes last.
            return _again(recorded, policy, world, rollout)
    else:
        said = f"{REQUESTED}: version {now.champion} of {policy.model}"
    return _looked(recorded, policy, transition, said, world, rollout)


def follow(model: str, policy: Policy, world: World, rollout: Rollout, worker: str) -> list[Done]:
    """Carry out every order of a model that is due now, and return what came of each."""
    come: list[Done] = []
    while len(come) < _STEPS:
        at = world.clock()
        claim = world.ledger.claim(worker, at, at + LEASE, CARRIED, model)
        if claim is None:
            break
        done = carry_out(claimed(claim), policy, world, rollout)
        try:
            settle(claim, done, world)
        except LedgerConflict:
            continue  # taken over: its new owner answers for it
        come.append(done)
    return come


def settle(claim: Claim, done: Done, world: World) -> None:
    """Record what came of a claimed order."""
    at = world.clock()
    if done.event == "waiting":
        world.ledger.put_off(claim, done.due or at + LOOK_AGAIN, done.sentence)
    else:
        world.ledger.end(claim, done.event, at, done.sentence, done.result)


def claimed(claim: Claim) -> RecordedIntent:
    """Return a claimed intent as bodies take it."""
    return RecordedIntent(claim.intent, claim.recorded_at, "claimed", attempts=claim.attempts)


def is_pending(model: str, world: World) -> bool:
    """Say whether an order that is of who serves now has not come to its end yet."""
    return any(
        _standing(each.intent, world) is not None
        for each in world.ledger.intents(model, CARRIED, open_only=True)
    )


def _standing(intent: Intent, world: World) -> tuple[Transition, Assignment] | None:
    """Return the transition that an order is of and who serves now; None when those contradict."""
    model = intent.model
    now = world.ledger.assignment(model)
    revision = intent.content["revision"]
    transition = next((t for t in world.ledger.transitions(model) if t.revision == revision), None)
    if now is None or now.champion is None or transition is None or _differ(transition.after, now):
        return None
    return transition, now


def _differ(one: Assignment, other: Assignment) -> bool:
    def serving(each: Assignment) -> tuple[Any, ...]:
        return each.champion, each.challenger, each.challenger_role, each.weight

    return serving(one) != serving(other)


def _shared(policy: Policy, each: Assignment | None, rollout: Rollout) -> bool:
    """Say whether a target has to hear of a challenger, or that it is gone: it can do something with it."""
    if each is None or each.challenger is None:
        return False
    can = rollout.target_of(policy).can
    return can.mirror if each.challenger_role == "shadow" else can.split


def _was_requested(recorded: RecordedIntent, world: World) -> bool:
    mine = world.ledger.intents(recorded.intent.model, CARRIED, open_only=True)
    return any(
        each.intent.key == recorded.intent.key and (each.note or "").startswith(REQUESTED) for each in mine
    )


def _told(
    recorded: RecordedIntent,
    policy: Policy,
    now: Assignment,
    transition: Transition,
    world: World,
    rollout: Rollout,
) -> str:
    order = Order(
        model=policy.model,
        registered_as=policy.registered_as,
        revision=now.revision,
        key=f"{policy.model}: {recorded.intent.key}",
        champion=str(now.champion),
        previous=now.previous,
        challenger=now.challenger,
        challenger_role=now.challenger_role,
        weight=now.weight,
        reason=transition.reason,
    )
    return rollout.target_of(policy).carry_out(order, world.clock())


def _again(recorded: RecordedIntent, policy: Policy, world: World, rollout: Rollout) -> Done:
    """Tell the target of the assignment that came in between; its own order looks whether it answers."""
    newest = world.ledger.transitions(policy.model)[-1]
    now = newest.after
    try:
        said = _told(recorded, policy, now, newest, world, rollout)
    except NotCarriedOut as error:
        said = str(error)
    return Done(f"another assignment came in between: {said}", {"obsolete": True})


def _refused(policy: Policy, transition: Transition, sentence: str, world: World) -> Done:
    tell_unseen(policy, transition, sentence, world)
    return Done(sentence, event="failed")


def _unable(
    recorded: RecordedIntent, policy: Policy, transition: Transition, error: str, world: World
) -> Done:
    """Keep an order that its target did not take to try it again; after the deadline it is an incident."""
    at = world.clock()
    sentence = f"version {transition.after.champion} of {policy.model} could not be made to answer: {error}"
    if at >= recorded.recorded_at + policy.target.deadline:
        tell_unseen(policy, transition, f"{sentence}; it is tried again every minute", world)
    return Done(sentence, event="waiting", due=at + TRY_AGAIN)


def _looked(
    recorded: RecordedIntent,
    policy: Policy,
    transition: Transition,
    said: str,
    world: World,
    rollout: Rollout,
) -> Done:
    at, model, now = world.clock(), policy.model, transition.after
    version, splits = str(now.champion), _is_split(policy, now, rollout)
    sighting = _sighting(policy, recorded.recorded_at, world, rollout, splits=splits)
    if not sighting.told:
        sentence = f"{said}; nothing says who answers (name traffic.version or target.verify to have it seen)"
        return Done(sentence, {"version": version, "verified": False})
    if _is_seen(sighting, now, splits=splits):
        reason = _seen(sighting, now, splits=splits)
        world.ledger.record_finding(
            model, lambda known: over(known, ("not_verified", "foreign_change"), reason, at), at
        )
        took = (at - recorded.recorded_at).total_seconds()
        return Done(reason, {"version": version, "verified": True, "seconds": took})
    unverified = f"{REQUESTED}: {_unseen(sighting, now, splits=splits)}"
    if at < recorded.recorded_at + policy.target.deadline:
        waited = at - recorded.recorded_at
        return Done(unverified, event="waiting", due=at + min(max(LOOK_AGAIN, waited / 3), _LOOK_SELDOM))
    tell_unseen(policy, transition, unverified, world)
    return Done(unverified, {"version": version, "verified": False}, event="failed")


def _is_split(policy: Policy, now: Assignment, rollout: Rollout) -> bool:
    return now.challenger_role == "canary" and rollout.target_of(policy).can.split


def _is_seen(sighting: Sighting, now: Assignment, *, splits: bool) -> bool:
    if splits:
        return is_split(sighting, str(now.champion), str(now.challenger), now.weight)
    return is_verified(sighting, str(now.champion))


def _seen(sighting: Sighting, now: Assignment, *, splits: bool) -> str:
    if splits:
        besides = f"version {now.challenger} its {percent(now.weight)}"
        return f"{sighting.where} says that version {now.champion} answers, and {besides}"
    return seen(sighting, str(now.champion))


def _unseen(sighting: Sighting, now: Assignment, *, splits: bool) -> str:
    if splits:
        return not_split(sighting, str(now.challenger), now.weight)
    return unseen(sighting, str(now.champion))


def _sighting(
    policy: Policy, since: datetime, world: World, rollout: Rollout, *, splits: bool = False
) -> Sighting:
    layout = policy.traffic
    # A probe names one version: only the log shows a share.
    if policy.target.probe is not None and not splits:
        answered = rollout.probe(policy.target.probe)
        return Sighting(() if answered is None else (answered,), where=policy.target.probe)
    if layout.version is None:
        return Sighting(told=False)
    try:
        batches = world.sight(policy).source.batches(
            [layout.timestamp, layout.version], layout.timestamp, since, world.clock()
        )
        rows = [row for batch in batches for row in zip(*batch.to_pydict().values(), strict=True)]
    except TrafficUnavailable as error:
        return Sighting(where=f"the prediction log cannot be read ({error}) and")
    return Sighting(tuple(str(version) for _, version in sorted(rows, key=lambda row: row[0])))
