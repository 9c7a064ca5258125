"""Moves: what may follow on what, who may do it, and where a rollback leads. Pure."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from profiles.errors import MoveRefused
from registry import moves
from registry.limits import AutomaticMove, BlastRadius, excess
from registry.moves import Standing, Unchanged, Wish
from registry.records import Actor, Assignment, Transition, TransitionKind, TransitionRequest, VersionState
from registry.succession import earlier_champions, was_restored

MODEL = "pricing.bike-demand"
AT = datetime(2026, 3, 1, tzinfo=UTC)
ANN, MUSTER = Actor("ann", "person"), Actor("muster", "muster")
CLAIMED, DELIVERY = Actor("bob", "claimed"), Actor("cd", "registry")
NEW = VersionState.CANDIDATE
SERVING = Standing(
    MODEL,
    Assignment(MODEL, 4, "2", previous="1"),
    {
        "1": VersionState.RETIRED,
        "2": VersionState.CHAMPION,
        "3": NEW,
        "4": NEW,
        "0": VersionState.ROLLED_BACK,
    },
    earlier=("1",),
)


def wish(actor: Actor = MUSTER, **more: Any) -> Wish:
    return Wish("a key", actor, "a reason", **more)


def led(request: TransitionRequest | Unchanged, standing: Standing = SERVING) -> Standing:
    """The standing that a request leads to."""
    assert isinstance(request, TransitionRequest), request
    return replace(standing, assignment=request.after)


def serving(**changes: Any) -> Standing:
    assert SERVING.assignment is not None
    return replace(SERVING, assignment=replace(SERVING.assignment, **changes))


IN_SHADOW = serving(challenger="3", challenger_role="shadow")
IN_CANARY = serving(challenger="3", challenger_role="canary", weight=0.1)
BAKING = serving(bake_until=AT)


def test_a_version_goes_from_shadow_through_a_canary_to_champion() -> None:
    shadowed = led(moves.start_shadow(SERVING, "3", wish()))
    canary = led(moves.start_canary(shadowed, "3", 0.1, wish()))
    stepped = led(moves.step_canary(canary, 0.5, wish()))
    promoted = led(moves.promote(stepped, "3", wish(), bake_until=AT))
    baked = led(moves.end_bake(promoted, wish()))
    assert [each.assignment for each in (shadowed, canary, stepped, promoted, baked)] == [
        Assignment(MODEL, 5, "2", "1", "3", "shadow"),
        Assignment(MODEL, 6, "2", "1", "3", "canary", 0.1),
        Assignment(MODEL, 7, "2", "1", "3", "canary", 0.5),
        Assignment(MODEL, 8, "3", "2", bake_until=AT),
        Assignment(MODEL, 9, "3", "2"),
    ]


def test_a_request_carries_who_wants_it_and_why() -> None:
    asked = wish(ANN, evidence={"gate": 1}, policy_digest="sha256:1")
    request = moves.start_shadow(SERVING, "3", asked)
    assert (request.seen_revision, request.key, request.kind) == (4, "a key", "shadowed")
    assert (request.actor, request.actor_kind, request.reason) == ("ann", "person", "a reason")
    assert (request.evidence, request.policy_digest) == ({"gate": 1}, "sha256:1")


@pytest.mark.parametrize(
    ("standing", "move", "told"),
    [
        (IN_CANARY, lambda s: moves.step_canary(s, 0.1, wish()), "answers 10% of the requests already"),
        (SERVING, lambda s: moves.promote(s, "2", wish()), "version 2 of .* serves already"),
        (SERVING, lambda s: moves.end_bake(s, wish()), "does not bake"),
        (SERVING, lambda s: moves.reject(s, wish()), "nobody contends"),
        (serving(frozen_by="bob"), lambda s: moves.freeze(s, wish(ANN)), "frozen by bob already"),
        (SERVING, lambda s: moves.unfreeze(s, wish(ANN)), "not frozen by itself"),
        (SERVING, lambda s: moves.roll_back(s, wish(ANN), of="9"), "version 9 of .* no longer answers"),
    ],
)
def test_what_is_so_already_changes_nothing_and_says_so(standing: Standing, move: Any, told: str) -> None:
    found = move(standing)
    assert isinstance(found, Unchanged)
    assert re.search(told, found.sentence)


@pytest.mark.parametrize(
    ("standing", "move", "told"),
    [
        (Standing(MODEL), lambda s: moves.start_shadow(s, "1", wish(ANN)), "no version of .* serves yet"),
        (Standing(MODEL), lambda s: moves.roll_back(s, wish(ANN)), "no version of .* serves yet"),
        (SERVING, lambda s: moves.start_shadow(s, "2", wish()), "serves already: it cannot contend"),
        (IN_SHADOW, lambda s: moves.start_shadow(s, "4", wish()), "version 3 of .* contends already"),
        (IN_SHADOW, lambda s: moves.start_canary(s, "4", 0.1, wish()), "version 3 of .* contends already"),
        (SERVING, lambda s: moves.start_shadow(s, "9", wish(ANN)), "knows no version 9"),
        (SERVING, lambda s: moves.start_canary(s, "3", 1.0, wish()), "not a share of requests"),
        (IN_SHADOW, lambda s: moves.step_canary(s, 0.2, wish()), "has no canary .* contends as shadow"),
        (IN_CANARY, lambda s: moves.step_canary(s, 0.05, wish()), "a step never goes back to 5%"),
        (SERVING, lambda s: moves.promote(s, "3", wish()), "does not contend: version 2 serves"),
        (IN_CANARY, lambda s: moves.promote(s, "4", wish()), "version 4 of .* does not contend"),
        (
            serving(bake_until=AT, challenger="3", challenger_role="shadow"),
            lambda s: moves.promote(s, "3", wish()),
            "version 2 of .* bakes until 2026-03-01 00:00 UTC",
        ),
        (SERVING, lambda s: moves.start_shadow(s, "0", wish()), "is rolled back: only a person may offer"),
        (SERVING, lambda s: moves.start_shadow(s, "1", wish()), "is retired: only a person may offer"),
        (SERVING, lambda s: moves.promote(s, "1", wish()), "is retired: only a person"),
        (
            replace(SERVING, earlier=()),
            lambda s: moves.roll_back(s, wish(ANN)),
            "no champion before version 2",
        ),
        (serving(frozen_by="ann"), lambda s: moves.unfreeze(s, wish()), "only a person unfreezes"),
    ],
)
def test_what_may_not_be_is_refused_with_the_reason(standing: Standing, move: Any, told: str) -> None:
    with pytest.raises(MoveRefused, match=told):
        move(standing)


EVERY_MOVE: dict[str, Any] = {
    "shadow": (SERVING, lambda s, w: moves.start_shadow(s, "3", w)),
    "canary": (SERVING, lambda s, w: moves.start_canary(s, "3", 0.1, w)),
    "step": (IN_CANARY, lambda s, w: moves.step_canary(s, 0.5, w)),
    "promote": (IN_CANARY, lambda s, w: moves.promote(s, "3", w)),
    "end_bake": (BAKING, moves.end_bake),
    "reject": (IN_CANARY, moves.reject),
    "roll_back": (SERVING, moves.roll_back),
    "freeze": (SERVING, moves.freeze),
    "unfreeze": (serving(frozen_by="bob"), moves.unfreeze),
}


@pytest.mark.parametrize(
    ("actor", "more", "allowed"),
    [
        (ANN, {}, set(EVERY_MOVE)),
        (CLAIMED, {}, {"roll_back", "freeze", "reject"}),
        (CLAIMED, {"trusted": True}, set(EVERY_MOVE)),
        (MUSTER, {}, set(EVERY_MOVE) - {"unfreeze"}),
        (DELIVERY, {}, set()),
    ],
)
def test_each_kind_of_actor_may_do_certain_things(actor: Actor, more: Any, allowed: set[str]) -> None:
    def may(name: str) -> bool:
        standing, move = EVERY_MOVE[name]
        try:
            move(standing, wish(actor, **more))
        except MoveRefused:
            return False
        return True

    assert {name for name in EVERY_MOVE if may(name)} == allowed


@pytest.mark.parametrize("actor", [ANN, CLAIMED, MUSTER])
def test_while_a_model_is_held_muster_does_nothing_of_itself_and_people_do_as_ever(actor: Actor) -> None:
    held = {"end_bake", "freeze"} if actor is MUSTER else {"roll_back", "freeze"}
    for name, (standing, move) in EVERY_MOVE.items():
        frozen = replace(standing, held="everything is frozen by ann")
        if actor is MUSTER and name not in {*held, "unfreeze"}:
            with pytest.raises(MoveRefused, match="frozen by ann"):
                move(frozen, wish(actor))
        elif name in held:
            assert isinstance(move(frozen, wish(actor)), TransitionRequest)


def test_a_rollback_restores_the_champion_before_the_last_promotion_and_freezes() -> None:
    standing = replace(IN_CANARY, earlier=("1", "0"))
    request = moves.roll_back(standing, wish(CLAIMED))
    assert led(request).assignment == Assignment(MODEL, 5, "1", previous="0", frozen_by="bob")
    assert request.kind == "rolled_back"  # type: ignore[union-attr]


def test_a_second_press_on_a_restored_frozen_model_changes_nothing_and_says_so() -> None:
    restored = replace(serving(champion="1", previous="0", frozen_by="ann"), restored=True, earlier=("0",))
    second = moves.roll_back(restored, wish(ANN))
    assert isinstance(second, Unchanged)
    assert "was rolled back already: version 1 serves again" in second.sentence
    unfrozen = led(moves.unfreeze(restored, wish(ANN)), restored)
    assert led(moves.roll_back(unfrozen, wish(ANN))).champion == "0"


def test_without_an_earlier_champion_the_fallback_serves() -> None:
    alone = replace(SERVING, earlier=())
    assert led(moves.roll_back(alone, wish(ANN), fallback="4")).champion == "4"
    with pytest.raises(MoveRefused, match="names no other fallback"):
        moves.roll_back(alone, wish(ANN), fallback="2")


def test_rolling_a_challenger_back_leaves_the_champion() -> None:
    request = moves.roll_back(IN_CANARY, wish(ANN), of="3")
    assert led(request).assignment == Assignment(MODEL, 5, "2", previous="1", frozen_by="ann")
    assert request.kind == "rejected"  # type: ignore[union-attr]


def test_what_is_unfit_is_not_restored_and_the_fallback_is() -> None:
    restored = led(moves.roll_back(SERVING, wish(ANN), fallback="0", unfit=("1",)))
    assert restored.assignment == Assignment(MODEL, 5, "0", frozen_by="ann")
    with pytest.raises(MoveRefused, match="no champion before"):
        moves.roll_back(SERVING, wish(ANN), fallback="0", unfit=("1", "0"))


def test_a_person_may_offer_again_what_was_rolled_back() -> None:
    assert moves.start_shadow(SERVING, "0", wish(ANN)).challenger == "0"
    assert led(moves.promote(SERVING, "1", wish(ANN))).champion == "1"


@pytest.mark.parametrize(
    ("story", "earlier", "restored"),
    [
        ("", (), False),
        ("adopted 1", (), False),
        ("adopted 1, promoted 2, promoted 3", ("2", "1"), False),
        ("adopted 1, promoted 2, frozen 2, promoted 3, rolled_back 2", ("1",), True),
        ("adopted 1, promoted 2, rolled_back 1", (), True),
        ("adopted 1, promoted 2, rolled_back 1, unfrozen 1, promoted 3", ("1",), False),
        ("adopted 1, rolled_back 7", (), True),
        ("adopted 1, adopted 2, adopted 1", (), False),
        ("adopted 1, adopted 2, adopted 3, adopted 2", ("1",), False),
        ("adopted 1, promoted 2, promoted 1", ("2", "1"), False),
    ],
)
def test_where_rollbacks_lead_follows_from_the_history(
    story: str, earlier: tuple[str, ...], restored: bool
) -> None:
    told: list[Transition] = []
    for revision, part in enumerate(filter(None, story.split(", ")), 1):
        kind, champion = part.split()
        before, after = (told[-1].after if told else None), Assignment(MODEL, revision, champion)
        named: TransitionKind = kind  # type: ignore[assignment]
        told.append(
            Transition(MODEL, revision, AT, str(revision), named, "ann", "person", "so", before, after)
        )
    assert (earlier_champions(told), was_restored(told)) == (earlier, restored)


HOUR = timedelta(hours=1)


def moved(kind: TransitionKind, hours_ago: float, model: str = MODEL) -> AutomaticMove:
    return AutomaticMove(model, kind, AT - hours_ago * HOUR)


@pytest.mark.parametrize(
    ("recent", "kind", "scope"),
    [
        ([], "promoted", None),
        ([moved("promoted", 2)], "promoted", "model"),
        ([moved("promoted", 24)], "promoted", None),
        ([moved("promoted", 2)], "rolled_back", None),
        ([moved("rolled_back", 2)], "promoted", None),
        ([moved("promoted", 2, "a.b")], "promoted", None),
        ([moved("promoted", 0.1 * n, f"a.b{n}") for n in range(3)], "rolled_back", "all"),
        ([moved("rolled_back", 0.1 * n, f"a.b{n}") for n in range(3)], "promoted", "all"),
        ([moved("promoted", 1 + 0.1 * n, f"a.b{n}") for n in range(9)], "promoted", None),
        ([moved("promoted", 0.1 * n, f"a.b{n}") for n in range(3)], "stepped", None),
        ([moved("promoted", -1, f"a.b{n}") for n in range(3)], "promoted", None),
    ],
)
def test_the_blast_radius_is_one_promotion_of_a_model_a_day_and_three_moves_an_hour(
    recent: list[AutomaticMove], kind: TransitionKind, scope: str | None
) -> None:
    found = excess(recent, AutomaticMove(MODEL, kind, AT), BlastRadius())
    assert (None if found is None else found.scope) == scope
