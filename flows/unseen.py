"""A version that was to answer and was not seen to: an incident, and no group left half moved. No Prefect."""

from flows.world import World
from policies.intents import Intent
from policies.policy import Policy
from policies.rollout import found
from registry.records import Transition

_TOGETHER = "it moved together with others, and so they are rolled back together"


def tell_unseen(policy: Policy, transition: Transition, sentence: str, world: World) -> None:
    """Record that what a transition asked for was not seen by its deadline; again it changes nothing.

    Models that were promoted together are wanted back together: that is the rest of the order which a person
    gave, whatever `automation` says. A freeze holds it. What a rollback asked for is only told.
    """
    at, model = world.clock(), policy.model
    tied = transition.evidence.get("together") if transition.kind == "promoted" else None
    said = f"{sentence}; {_TOGETHER}" if tied else sentence
    world.ledger.record_finding(model, lambda known: found(known, model, "not_verified", said, at), at)
    if tied:
        wanted = [_back(transition, tied, sentence)]
        world.ledger.record_intents(wanted, transition.policy_digest, at)


def _back(transition: Transition, tied: dict[str, str], why: str) -> Intent:
    before = None if transition.before is None else transition.before.champion
    others = ", ".join(sorted(set(tied) - {transition.model}))
    return Intent(
        model=transition.model,
        key=f"roll back together what revision {transition.revision} promoted",
        kind="roll_back",
        sentence=f"roll back {transition.model} to version {before}, together with {others}",
        content={
            "version": transition.after.champion,
            "opponent": before,
            "revision": transition.revision,
            "why": why,
            "together": tied,
        },
        queue="release",
    )
