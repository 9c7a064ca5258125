"""Which versions have to prove themselves now, by the transitions so far. Pure."""

from collections.abc import Sequence

from policies.release import Contest, Stage
from registry.records import Transition


def contests(transitions: Sequence[Transition]) -> tuple[Contest, ...]:
    """Return the contests that go on: the challenger's with the champion, and the bake of a promotion.

    `transitions` are all of one model, in their order.
    """
    return tuple(each for each in (_challenge(transitions), _bake(transitions)) if each is not None)


def _challenge(transitions: Sequence[Transition]) -> Contest | None:
    now = transitions[-1].after if transitions else None
    if now is None or now.challenger is None or now.champion is None or now.challenger_role is None:
        return None
    version, stage = now.challenger, _stage(now.challenger_role)
    begun = stage_begun = transitions[-1]
    for each in reversed(transitions):
        if each.after.challenger != version or each.after.champion != now.champion:
            break
        begun = each
        if each.after.challenger_role == now.challenger_role and each.after.weight == now.weight:
            stage_begun = each
    month = [each for each in transitions if _offers(each) and each.revision <= begun.revision]
    return Contest(
        model=now.model,
        version=version,
        opponent=now.champion,
        stage=stage,
        began=begun.at,
        stage_began=stage_begun.at,
        weight=now.weight,
        nth=max(sum((each.at.year, each.at.month) == (begun.at.year, begun.at.month) for each in month), 1),
    )


def _bake(transitions: Sequence[Transition]) -> Contest | None:
    now = transitions[-1].after if transitions else None
    if now is None or now.bake_until is None or now.champion is None or now.previous is None:
        return None
    promoted = next(
        each for each in reversed(transitions) if each.before is None or each.before.champion != now.champion
    )
    return Contest(
        model=now.model,
        version=now.champion,
        opponent=now.previous,
        stage="bake",
        began=promoted.at,
        stage_began=promoted.at,
        until=now.bake_until,
    )


def _stage(role: str) -> Stage:
    return "canary" if role == "canary" else "shadow"


def _offers(transition: Transition) -> bool:
    before = None if transition.before is None else transition.before.challenger
    return transition.after.challenger is not None and transition.after.challenger != before
