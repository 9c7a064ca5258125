"""Rolling back: the earlier champion serves again and promotion is frozen. No Prefect here, and no MLflow."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from time import sleep
from typing import TypeAlias

from flows.carrying_out import LOOK_AGAIN, Rollout, follow, is_pending
from flows.world import World
from policies.alerting import Alert, channels_for, sends
from policies.intents import Intent
from policies.policy import Policy
from policies.verdict import Severity
from profiles.errors import LedgerUnavailable, MoveRefused
from registry import moves
from registry.acting import Back, Then, carried_out
from registry.moves import Unchanged, Wish
from registry.records import Actor, Assignment, TransitionRequest
from serving.targets import refused

# What is wrong with a version that is to serve, in a sentence; None when it is fit. Raises nothing.
Preflight: TypeAlias = Callable[[Policy, str], "Fitness"]
# Hears each sentence at once, for a person who waits.
Tell: TypeAlias = Callable[[str], None]


def _silently(_sentence: str) -> None:
    """Tell nobody: all is in what is returned."""


@dataclass(frozen=True)
class Fitness:
    """Whether a version could answer today's traffic: None where that could not be tried."""

    fit: bool | None
    sentence: str


@dataclass(frozen=True)
class RolledBack:
    """What a rollback of one model came to.

    `verified`: the restored version was seen to answer; None where nothing had to be carried out. `said` is
    told to the person, line by line.
    """

    model: str
    version: str | None
    changed: bool
    verified: bool | None
    said: tuple[str, ...]


def roll_back(
    model: str,
    actor: Actor,
    reason: str,
    world: World,
    rollout: Rollout,
    preflight: Preflight | None = None,
    *,
    anyway: bool = False,
    patience: timedelta = timedelta(0),
    tell: Tell = _silently,
) -> RolledBack:
    """Restore the champion before the last promotion, have the target follow, and see that it answers.

    Models that move together with it (`rolls_with`) go back in the same transaction, or none does. Pressed
    again it only sees to what is not verified yet, for as long as `patience`. Raises MoveRefused with the
    reason when there is nothing to go back to, nothing that could carry it out, or when an earlier version is
    not fit and not wanted anyway.
    """
    policies = together(model, world)
    parts, said = [], []
    for policy in policies:
        part = _part(policy, actor, reason, world)
        said += _fitness(policy, _checked(policy, part.wish, world), preflight, anyway=anyway)
        parts.append(part)
    outcomes = world.ledger.roll_back_together(parts, world.clock())
    for outcome in outcomes:
        said += [outcome.sentence, *_edited(outcome.assignment.model, world)]
    for line in said:
        tell(line)
    carried = [see_through(policy, world, rollout, actor, patience, tell) for policy in policies]
    verified = [each for each, _ in carried]
    mine = outcomes[0]
    return RolledBack(
        model,
        mine.assignment.champion,
        mine.changed,
        None if all(each is None for each in verified) else all(each is not False for each in verified),
        (*said, *(line for _, lines in carried for line in lines)),
    )


def see_through(
    policy: Policy,
    world: World,
    rollout: Rollout,
    actor: Actor,
    patience: timedelta,
    tell: Tell = _silently,
) -> tuple[bool | None, tuple[str, ...]]:
    """Carry out what is open of a model and look until it is seen, at most for `patience`.

    Returns whether the newest order was verified, None where there was none, and what is to be told.
    """
    until = world.clock() + patience
    worker = f"{actor.name} by hand"
    told: list[str] = []
    verified: bool | None = None
    while True:
        for progress in follow(policy.model, policy, world, rollout, worker):
            if progress.result.get("obsolete"):
                continue
            if not told or told[-1] != progress.sentence:
                told.append(progress.sentence)
                tell(progress.sentence)
            if progress.event != "done" or "verified" in progress.result:
                verified = bool(progress.result.get("verified", False))
        if not is_pending(policy.model, world):
            return verified, tuple(told)
        if world.clock() >= until:
            break
        sleep(min(LOOK_AGAIN.total_seconds(), max(0.0, (until - world.clock()).total_seconds())))
    deadline = f"if it is not seen {policy.target.deadline} after it was decided, that is an incident"
    return False, (*told, f"the order stays open: whoever reconciles the fleet goes on; {deadline}")


def together(model: str, world: World) -> list[Policy]:
    """Return the policy of a model, and then of all that move together with it, by name."""
    others = (each for each in world.ledger.together(model) if each != model)
    return [policy_of(each, world) for each in (model, *others)]


def policy_of(model: str, world: World) -> Policy:
    """Return the policy that the ledger has of a model: no file has to be readable for a rollback."""
    recorded = world.ledger.current_policy(model)
    if recorded is None:
        raise LedgerUnavailable(f"the ledger knows no model {model}: nothing of it was ever watched")
    return recorded.policy


def digest_of(model: str, world: World) -> str | None:
    """Return the digest of the policy that a model is watched by."""
    recorded = world.ledger.current_policy(model)
    return None if recorded is None else recorded.digest


def _part(policy: Policy, actor: Actor, reason: str, world: World) -> Back:
    """Name the wish after what it was decided on, so that a repetition after a crash is the same one."""
    now = world.ledger.assignment(policy.model)
    key = f"roll back after revision {0 if now is None else now.revision}"
    return Back(
        policy.model,
        Wish(key, actor, reason, policy_digest=digest_of(policy.model, world)),
        fallback=policy.remediation.fallback,
        then=_then(policy, actor, reason, world.clock()),
    )


def _checked(policy: Policy, wish: Wish, world: World) -> TransitionRequest | Unchanged:
    """Decide a rollback without carrying it out, so that of models that move together none is left behind."""
    decided = moves.roll_back(world.ledger.standing(policy.model), wish, policy.remediation.fallback)
    if not isinstance(decided, Unchanged) and (reason := refused(policy)) is not None:
        raise MoveRefused(f"{policy.model} cannot be rolled back from here: {reason}")
    return decided


def _fitness(
    policy: Policy, decided: TransitionRequest | Unchanged, preflight: Preflight | None, *, anyway: bool
) -> list[str]:
    if preflight is None or isinstance(decided, Unchanged) or decided.champion is None:
        return []
    fitness = preflight(policy, decided.champion)
    if fitness.fit is False and not anyway:
        raise MoveRefused(
            f"version {decided.champion} of {policy.model} is not fit to serve: {fitness.sentence}. Nothing "
            "was changed; say `anyway` to roll back all the same"
        )
    return [fitness.sentence]


def _then(policy: Policy, actor: Actor, reason: str, at: datetime) -> Then:
    """Want the target to follow at once, waiting for no earlier order, and those on the routes to know."""

    def wanted(after: Assignment) -> Sequence[Intent]:
        alert = Alert(
            model=policy.model,
            team=policy.team,
            kind="moved",
            severity=Severity.HIGH,
            subject="rolled back",
            sentence=f"version {after.champion} serves again by {actor.name}: {reason}",
            since=at,
            doing="promotion is frozen until `muster unfreeze`",
            owners=policy.owners,
        )
        orders = [replace(each, queue=None) for each in carried_out(after)]
        key = f"rolled back to revision {after.revision}"
        return (*orders, *sends(alert, key, channels_for(alert, policy.routes)))

    return wanted


def _edited(model: str, world: World) -> list[str]:
    """Say when the policy is another one than when the version that serves again served before."""
    transitions = world.ledger.transitions(model)
    last = transitions[-1]
    if last.kind != "rolled_back":
        return []
    served = [each for each in transitions[:-1] if each.after.champion == last.after.champion]
    then = next((each.policy_digest for each in reversed(served) if each.policy_digest is not None), None)
    if then is None or then == digest_of(model, world):
        return []
    served_then = f"the policy was edited since version {last.after.champion} served"
    return [f"{served_then}: the edited one holds (`muster policy show` prints it)"]
