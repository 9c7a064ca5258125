"""Moving a version as it was wanted: into a canary, a step on, out of the contest, or back. No Prefect here.

Promotions are a matter of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from flows.own_rollback import roll_back_of_itself
from flows.rolling_back import Preflight
from flows.world import World
from policies.alerting import Alert, channels_for, sends
from policies.intents import MOVED_BY, Intent, IntentKind
from policies.policy import Policy
from policies.verdict import Severity
from profiles.errors import MoveRefused
from registry import moves
from registry.acting import Then, carried_out
from registry.intent_records import RecordedIntent
from registry.moves import Standing, Unchanged, Wish
from registry.records import Actor, Assignment, TransitionRequest

MOVES: tuple[IntentKind, ...] = ("canary", "step", "reject", "roll_back")
_MUSTER = Actor("muster", "muster")

_Request: TypeAlias = Callable[[Standing, Intent, Wish], TransitionRequest | Unchanged]


def carry(
    asked: RecordedIntent,
    policy: Policy,
    world: World,
    approver: Actor | None = None,
    preflight: Preflight | None = None,
) -> str:
    """Carry out an intent of MOVES, and say what came of it; again it changes nothing more.

    `approver` is who approved it where it was a proposal; `preflight` tries the version that a rollback
    would restore. Raises MoveRefused when the move is out of date, frozen or beyond the blast radius, or
    nothing fit can be restored; LedgerConflict when somebody moved at the same moment.
    """
    intent, at = asked.intent, world.clock()
    actor = approver or _MUSTER
    why = str(intent.content["why"])
    recorded = world.ledger.current_policy(intent.model)
    digest = None if recorded is None else recorded.digest
    wish = Wish(f"{MOVED_BY}{intent.key}", actor, why, evidence=dict(intent.content), policy_digest=digest)
    if intent.kind == "roll_back":
        return roll_back_of_itself(
            intent, policy, wish, lambda each: _told(each, intent, actor, world), world, preflight
        )
    if any(each.key == wish.key for each in world.ledger.transitions(intent.model)):
        return f"{intent.sentence}: done already"
    standing = world.ledger.standing(intent.model)
    _still_contends(standing, intent)
    request = _REQUESTS[intent.kind](standing, intent, wish)
    if isinstance(request, Unchanged):
        return request.sentence
    world.ledger.move(request, at, then=_told(policy, intent, actor, world))
    return f"{intent.sentence}: done"


def _still_contends(standing: Standing, intent: Intent) -> None:
    now, version = standing.assignment, intent.content["version"]
    if now is None or now.challenger != version or now.champion != intent.content["opponent"]:
        opponent = intent.content["opponent"]
        raise MoveRefused(f"version {version} of {intent.model} no longer contends with version {opponent}")


def _canary(standing: Standing, intent: Intent, wish: Wish) -> TransitionRequest:
    return moves.start_canary(standing, str(intent.content["version"]), float(intent.content["weight"]), wish)


def _step(standing: Standing, intent: Intent, wish: Wish) -> TransitionRequest | Unchanged:
    return moves.step_canary(standing, float(intent.content["weight"]), wish)


def _reject(standing: Standing, _intent: Intent, wish: Wish) -> TransitionRequest | Unchanged:
    return moves.reject(standing, wish)


_REQUESTS: Mapping[IntentKind, _Request] = {"canary": _canary, "step": _step, "reject": _reject}
_SEVERITY: Mapping[IntentKind, Severity] = {"roll_back": Severity.HIGH}


def _told(policy: Policy, intent: Intent, actor: Actor, world: World) -> Then:
    """Want the target to follow, and those on the routes to know."""
    at = world.clock()

    def wanted(after: Assignment) -> Sequence[Intent]:
        alert = Alert(
            model=policy.model,
            team=policy.team,
            kind="moved",
            severity=_SEVERITY.get(intent.kind, Severity.LOW),
            subject=intent.kind.replace("_", " "),
            sentence=f"{intent.sentence}, by {actor.name}: {intent.content['why']}",
            since=at,
            doing=f"version {after.champion} serves",
            owners=policy.owners,
        )
        key = f"{intent.kind} at revision {after.revision}"
        orders = carried_out(after)
        if intent.kind == "roll_back":
            # A rollback waits for no earlier order.
            orders = [replace(each, queue=None) for each in orders]
        return (*orders, *sends(alert, key, channels_for(alert, policy.routes)))

    return wanted
