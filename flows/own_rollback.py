"""A rollback by Muster itself: as careful as one by hand, or else a page. No Prefect here."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from flows.rolling_back import Preflight, digest_of, together
from flows.world import World
from policies.alerting import Alert, channels_for, sends
from policies.intents import Intent
from policies.policy import Policy
from policies.verdict import Severity
from profiles.errors import MoveRefused
from registry import moves
from registry.acting import Back, Then
from registry.moves import Wish
from registry.records import TransitionRequest

ThenOf = Callable[[Policy], Then]


def roll_back_of_itself(
    intent: Intent,
    policy: Policy,
    wish: Wish,
    then: ThenOf,
    world: World,
    preflight: Preflight | None = None,
) -> str:
    """Roll back what an intent names, and all that moves together with it, and say what came of it.

    Each version that would serve again is tried first. In the place of one that does not load, or fails on
    today's rows, the policy's `fallback` is restored if that one is fit; else nothing changes, somebody is
    paged, and MoveRefused says why. One that cannot be tried is restored, as by hand. Again it does nothing.
    """
    meant: Mapping[str, str] = intent.content.get("together") or {intent.model: intent.content["version"]}
    parts: list[Back] = []
    said: list[str] = []
    try:
        for each in together(policy.model, world):
            key = wish.key if each == policy else f"{wish.key} of {policy.model}"
            mine = replace(wish, key=key, policy_digest=digest_of(each.model, world))
            fallback, of = each.remediation.fallback, meant.get(each.model)
            part, told = _fit(Back(each.model, mine, fallback, of, then=then(each)), each, world, preflight)
            parts.append(part)
            said += told
    except _Unfit as unfit:
        _page(intent, policy, str(unfit), world)
        raise
    outcomes = world.ledger.roll_back_together(parts, world.clock())
    return "; ".join([*(each.sentence for each in outcomes), *said])


class _Unfit(MoveRefused):
    """No version is there that could be restored."""


def _fit(
    part: Back, policy: Policy, world: World, preflight: Preflight | None
) -> tuple[Back, tuple[str, ...]]:
    """Return a part that restores a version which is fit, as far as that can be tried, and what was found."""
    if preflight is None or any(each.key == part.wish.key for each in world.ledger.transitions(part.model)):
        return part, ()
    found: list[str] = []
    while (version := _restored(part, world, found)) is not None:
        fitness = preflight(policy, version)
        found.append(fitness.sentence)
        if fitness.fit is not False:
            break
        part = replace(part, unfit=(*part.unfit, version))
    return part, tuple(found)


def _restored(part: Back, world: World, found: list[str]) -> str | None:
    """Return the version that a part would restore; None when it restores none."""
    standing = world.ledger.standing(part.model)
    try:
        request = moves.roll_back(standing, part.wish, part.fallback, part.of, part.unfit)
    except MoveRefused as refused:
        if not part.unfit:
            raise
        raise _Unfit(f"{'; '.join(found)}; {part.model} has no other version to go back to") from refused
    if isinstance(request, TransitionRequest) and request.kind == "rolled_back":
        return request.champion
    return None


def _page(intent: Intent, policy: Policy, why: str, world: World) -> None:
    """Tell, once, that a bad version goes on serving because nothing fit is there to take its place."""
    alert = Alert(
        model=policy.model,
        team=policy.team,
        kind="held",
        severity=Severity.CRITICAL,
        subject="rollback held back",
        sentence=f"Muster wanted to {intent.sentence} ({intent.content['why']}), and did not: {why}",
        since=world.clock(),
        doing=f"promote a version that is known to be good, or `muster rollback {policy.model} --anyway`",
        owners=policy.owners,
    )
    wanted = sends(alert, f"held {intent.key}", channels_for(alert, policy.routes))
    world.ledger.record_intents(wanted, digest_of(policy.model, world), world.clock())
