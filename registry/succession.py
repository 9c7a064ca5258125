"""Who was champion before whom, and so where a rollback leads. Pure."""

from collections.abc import Iterable

from registry.records import Transition


def earlier_champions(transitions: Iterable[Transition]) -> tuple[str, ...]:
    """Return the champions that rollbacks lead to, the next one first, from the transitions in their order.

    A promotion puts the champion it replaces in front. A rollback, or a delivery that returns to one of them,
    takes away all up to the one it restores: what was left for being bad is not gone back to.
    """
    earlier: list[str] = []
    for transition in transitions:
        before, after = transition.before, transition.after.champion
        if before is None or before.champion is None or before.champion == after or after is None:
            continue
        if transition.kind == "promoted" or (transition.kind == "adopted" and after not in earlier):
            earlier.insert(0, before.champion)
        else:
            del earlier[: earlier.index(after) + 1 if after in earlier else len(earlier)]
    return tuple(earlier)


def was_restored(transitions: Iterable[Transition]) -> bool:
    """Say whether the last change of champion was a rollback, from the transitions in their order."""
    changes = [t.kind for t in transitions if t.before is None or t.before.champion != t.after.champion]
    return bool(changes) and changes[-1] == "rolled_back"
