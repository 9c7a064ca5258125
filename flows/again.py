"""Acts that failed for good, and trying one once more because a person says so. No Prefect here."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from flows.world import World
from policies.intents import MESSAGES, IntentKind
from profiles.errors import MoveRefused
from registry.intent_records import RecordedIntent
from registry.ledger import Ledger
from registry.records import Actor

# A failure of these is of who serves: once somebody else does, it matters no more.
_OF_WHO_SERVES: tuple[IntentKind, ...] = ("roll_back", "carry_out")
_OVER = ("observed", "proposed", "declined")


def id_of(recorded: RecordedIntent) -> str:
    """Return what names an intent in commands: its model and its key."""
    return f"{recorded.intent.model}: {recorded.intent.key}"


def failed_for_good(ledger: Ledger) -> Iterator[RecordedIntent]:
    """Yield the acts that nobody tries any more and that nothing newer has made needless.

    Those are what was given up after its attempts, trainers that failed, and rollbacks and orders that failed
    for who serves still. A move that was out of date when its time came has not failed in this sense.
    """
    newest: dict[tuple[str, str], RecordedIntent] = {}
    for each in ledger.intents():
        if each.intent.kind not in MESSAGES and each.status not in _OVER:
            newest[each.intent.model, each.intent.kind] = each
    yield from (each for each in newest.values() if each.status == "failed" and _matters(each, ledger))


def try_again(chosen: str, actor: Actor, world: World) -> RecordedIntent:
    """Want an act once more that failed for good, by its id, and return what is due now.

    It is a wish of the person: no freeze holds it. Asked for again while that is under way, it is the same
    one. Raises MoveRefused for what has not failed, with all that has.
    """
    recorded = world.ledger.intents()
    found = next((each for each in recorded if id_of(each) == chosen), None)
    if found is None or found.status != "failed":
        failed = [id_of(each) for each in recorded if each.status == "failed"]
        said = "has not failed" if found is not None else "is not known"
        listed = "; ".join(failed[-5:]) or "none"
        raise MoveRefused(f"{chosen!r} {said}, and is not tried again; the last ones that failed: {listed}")
    first = str(found.intent.content.get("again", found.intent.key))
    earlier = [each for each in _attempts(first, recorded) if each.intent.model == found.intent.model]
    at, open_ones = world.clock(), [each for each in earlier if each.ended_at is None]
    key = open_ones[-1].intent.key if open_ones else f"{first} (again {len(earlier) + 1})"
    by = {"name": actor.name, "kind": actor.kind}
    intent = replace(
        found.intent,
        key=key,
        content={**found.intent.content, "again": first, "actor": by},
        automation="propose",
        automatic=False,
    )
    # As a proposal that its author approves, it remembers who wanted it; killed in between, it waits.
    world.ledger.record_intents([intent], None, at)
    world.ledger.decide(intent.model, key, "approved", actor, f"tried again: {found.sentence}", at)
    return next(each for each in world.ledger.intents(intent.model) if each.intent.key == key)


def _attempts(first: str, recorded: Sequence[RecordedIntent]) -> list[RecordedIntent]:
    return [each for each in recorded if each.intent.content.get("again") == first]


def _matters(failed: RecordedIntent, ledger: Ledger) -> bool:
    intent, result = failed.intent, failed.result or {}
    if intent.kind in _OF_WHO_SERVES:
        serving = ledger.standing(intent.model).champion
        return serving is not None and serving == _about(failed, ledger)
    return "attempts" in result or result.get("outcome") == "failed"


def _about(failed: RecordedIntent, ledger: Ledger) -> str | None:
    """Return the version that a rollback leaves, or that an order makes answer."""
    content = failed.intent.content
    if "version" in content:
        return str(content["version"])
    wanted = (
        each for each in ledger.transitions(failed.intent.model) if each.revision == content["revision"]
    )
    return next((each.after.champion for each in wanted), None)
