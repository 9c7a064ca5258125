"""Freezing: Muster does nothing of itself, to a model, a team's models or anything, until it is unfrozen."""

from dataclasses import dataclass

from flows.rolling_back import policy_of
from flows.world import World
from registry import moves
from registry.acting import nothing
from registry.moves import Unchanged, Wish
from registry.records import Actor


@dataclass(frozen=True)
class Frozen:
    """Whether anything changed, and what is to be told."""

    changed: bool
    sentence: str


def freeze_model(model: str, actor: Actor, reason: str, world: World, *, frozen: bool) -> Frozen:
    """Freeze or unfreeze one model; MoveRefused when the actor may not."""
    policy_of(model, world)
    standing = world.ledger.standing(model)
    revision = 0 if standing.assignment is None else standing.assignment.revision
    wish = Wish(f"{'freeze' if frozen else 'unfreeze'} after revision {revision}", actor, reason)
    request = (moves.freeze if frozen else moves.unfreeze)(standing, wish)
    if isinstance(request, Unchanged):
        return Frozen(changed=False, sentence=request.sentence)
    world.ledger.move(request, world.clock(), then=nothing)
    if frozen:
        return Frozen(changed=True, sentence=f"Muster does nothing of itself to {model} until it is unfrozen")
    still = world.ledger.standing(model).held
    held = "" if still is None else f", but {still}"
    return Frozen(changed=True, sentence=f"Muster may act on {model} again, as far as its policy says{held}")


def freeze_scope(scope: str, actor: Actor, reason: str, world: World, *, frozen: bool) -> Frozen:
    """Freeze or unfreeze `all` or `team:NAME`; MoveRefused when the actor may not."""
    change = world.ledger.freeze if frozen else world.ledger.unfreeze
    what = "everything" if scope == "all" else f"the models of team {scope.removeprefix('team:')}"
    changed = change(scope, actor, reason, world.clock())
    if not changed:
        return Frozen(changed=False, sentence=f"{what}: {'frozen already' if frozen else 'not frozen'}")
    done = "Muster does nothing of itself to" if frozen else "Muster may act again on"
    return Frozen(changed=True, sentence=f"{done} {what}")
