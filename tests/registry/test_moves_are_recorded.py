"""Moves in the ledger: one transaction with what they call for, freezes, and the blast radius."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from policies.intents import Intent
from policies.policy import Routes
from profiles.effects import observed
from profiles.errors import LedgerConflict, MoveRefused
from registry.acting import nothing
from registry.ledger import Ledger
from registry.moves import Unchanged, Wish, end_bake, freeze, promote, start_shadow, unfreeze
from registry.records import Actor, Assignment, TransitionRequest, VersionState

ANN, MUSTER, BOB = Actor("ann", "person"), Actor("muster", "muster"), Actor("bob", "claimed")


@pytest.fixture
def serving(known: Ledger, facts: Any) -> Ledger:
    """A ledger in which version 2 was promoted over version 1, and version 3 is a candidate."""
    known.record_version(facts.version("3"), (), facts.at(0))
    for nth, version in enumerate(("1", "2")):
        known.move(
            asked(promote(known.standing(facts.model), version, Wish(f"{nth}", ANN, "good"))), facts.at(nth)
        )
    return known


def asked(request: TransitionRequest | Unchanged) -> TransitionRequest:
    assert isinstance(request, TransitionRequest), request
    return request


def keys(ledger: Ledger, **which: Any) -> list[str]:
    return [each.intent.key for each in ledger.intents(**which)]


def test_a_move_is_recorded_with_what_it_calls_for_in_one_transaction(serving: Ledger, facts: Any) -> None:
    class Killed(BaseException):
        pass

    def die(point: str) -> None:
        if point == "before ledger.commit transition":
            raise Killed

    request = asked(promote(serving.standing(facts.model), "3", Wish("now", ANN, "better"), facts.at(9)))
    with observed(die), pytest.raises(Killed):
        serving.move(request, facts.at(3))
    assert keys(serving) == ["carry out revision 1", "carry out revision 2"]
    after = serving.move(request, facts.at(3))
    assert after == Assignment(facts.model, 3, "3", "2", bake_until=facts.at(9))
    assert serving.move(request, facts.at(4)) == after
    assert keys(serving)[2:] == ["carry out revision 3"]
    assert len(serving.transitions(facts.model)) == 3
    assert serving.verify().sound


def test_a_move_may_call_for_something_else(serving: Ledger, facts: Any) -> None:
    def tell(assignment: Assignment) -> list[Intent]:
        return [Intent(facts.model, f"score with {assignment.champion}", "retrain", "score")]

    standing = serving.standing(facts.model)
    serving.move(asked(start_shadow(standing, "3", Wish("s", ANN, "?"))), facts.at(3), then=nothing)
    assert len(keys(serving)) == 2
    standing = serving.standing(facts.model)
    serving.move(asked(promote(standing, "3", Wish("p", ANN, "!"))), facts.at(3), then=tell)
    assert keys(serving)[2:] == ["score with 3"]


def test_a_promotion_that_was_overtaken_is_told_by_whom(serving: Ledger, facts: Any) -> None:
    late = asked(promote(serving.standing(facts.model), "3", Wish("late", ANN, "better")))
    serving.roll_back(facts.model, Wish("press", BOB, "it is bad"), facts.at(3))
    with pytest.raises(LedgerConflict, match=r"rolled_back by bob at .*: it is bad. made version 1 serve"):
        serving.move(late, facts.at(3))


def test_a_rollback_restores_freezes_and_is_pressed_once(serving: Ledger, facts: Any) -> None:
    first = serving.roll_back(facts.model, Wish("press", BOB, "it is bad"), facts.at(3))
    assert (first.assignment.champion, first.changed) == ("1", True)
    assert first.sentence == "version 1 of pricing.bike-demand serves; promotion is frozen by bob"
    again = serving.roll_back(facts.model, Wish("press", BOB, "it is bad"), facts.at(3))
    second = serving.roll_back(facts.model, Wish("second press", BOB, "it is bad"), facts.at(4))
    assert [again.changed, second.changed] == [False, False]
    assert "was rolled back already" in second.sentence
    standing = serving.standing(facts.model)
    assert standing.states["2"] is VersionState.ROLLED_BACK
    assert (standing.earlier, standing.restored, standing.held) == ((), True, "it is frozen by bob")
    assert serving.verify().sound


def test_a_rollback_for_a_version_that_no_longer_answers_changes_nothing(serving: Ledger, facts: Any) -> None:
    serving.move(asked(promote(serving.standing(facts.model), "3", Wish("p", ANN, "better"))), facts.at(3))
    found = serving.roll_back(facts.model, Wish("bake", MUSTER, "2 is worse"), facts.at(3), of="2")
    assert (found.changed, found.assignment.champion) == (False, "3")


@pytest.mark.parametrize("scope", ["all", "team:pricing", "model"])
def test_a_freeze_stops_what_is_automatic_until_a_person_ends_it(
    serving: Ledger, facts: Any, scope: str
) -> None:
    model = facts.model
    shadow = asked(start_shadow(serving.standing(model), "3", Wish("shadow", MUSTER, "a gate")))
    if scope == "model":
        serving.move(asked(freeze(serving.standing(model), Wish("f", BOB, "a sale"))), facts.at(3))
    else:
        assert serving.freeze(scope, BOB, "a sale", facts.at(3))
        assert not serving.freeze(scope, ANN, "again", facts.at(3))
        assert serving.frozen() == {scope: "bob: a sale"}
        with pytest.raises(MoveRefused, match="bob may not unfreeze"):
            serving.unfreeze(scope, BOB, "over", facts.at(3))
    with pytest.raises(MoveRefused, match=r"Muster does nothing of itself .* frozen by bob"):
        serving.move(shadow, facts.at(3))
    with pytest.raises(MoveRefused, match="frozen by bob"):
        serving.roll_back(model, Wish("bake", MUSTER, "worse"), facts.at(3))
    bake = end_bake(serving.standing(model), Wish("b", MUSTER, "over"))
    assert isinstance(bake, Unchanged)
    if scope == "model":
        serving.move(asked(unfreeze(serving.standing(model), Wish("u", ANN, "over"))), facts.at(4))
    else:
        assert serving.unfreeze(scope, ANN, "over", facts.at(4))
        assert not serving.unfreeze(scope, ANN, "over", facts.at(4))
    shadow = asked(start_shadow(serving.standing(model), "3", Wish("shadow", MUSTER, "a gate")))
    assert serving.move(shadow, facts.at(4)).challenger == "3"
    assert serving.verify().sound


@pytest.fixture
def automatic(serving: Ledger, facts: Any) -> Callable[[str, str, float], Assignment]:
    """Shadow and promote a new version without anybody asking for it."""

    def promoted(model: str, version: str, day: float) -> Assignment:
        serving.record_version(facts.version(version, model=model), (), facts.at(0))
        shadow = asked(start_shadow(serving.standing(model), version, Wish(f"s{version}", MUSTER, "due")))
        serving.move(shadow, facts.at(day))
        request = asked(promote(serving.standing(model), version, Wish(f"p{version}", MUSTER, "a gate")))
        return serving.move(request, facts.at(day))

    return promoted


def test_a_second_automatic_promotion_within_a_day_freezes_the_model_and_pages(
    serving: Ledger, facts: Any, automatic: Callable[..., Assignment]
) -> None:
    digest = serving.record_policy(
        facts.policy(routes=Routes(critical=("on-call",))), "model: ...", facts.at(2)
    )
    automatic(facts.model, "4", 3)
    with pytest.raises(MoveRefused, match=r"has promoted a version of .* within a day already"):
        automatic(facts.model, "5", 3.5)
    assignment = serving.assignment(facts.model)
    assert assignment is not None
    assert (assignment.champion, assignment.challenger, assignment.frozen_by) == ("4", "5", "muster")
    (page,) = serving.intents(kinds=("send",))
    assert page.intent.content["channel"] == "on-call"
    assert page.intent.content["alert"]["severity"] == "critical"
    with pytest.raises(MoveRefused, match="frozen by muster"):
        automatic(facts.model, "6", 9)
    assert digest
    assert serving.verify().sound


def test_a_bad_promotion_is_taken_back_on_the_same_day(
    serving: Ledger, facts: Any, automatic: Callable[..., Assignment]
) -> None:
    automatic(facts.model, "4", 3)
    found = serving.roll_back(facts.model, Wish("bake", MUSTER, "worse"), facts.at(3.2), of="4")
    assert (found.changed, found.assignment.champion, found.assignment.frozen_by) == (True, "2", "muster")


def test_more_than_three_automatic_moves_in_an_hour_freeze_the_fleet(
    serving: Ledger, facts: Any, automatic: Callable[..., Assignment]
) -> None:
    models = [f"pricing.m{n}" for n in range(4)]
    for model in models:
        serving.record_policy(facts.policy(model=model), "model: ...", facts.at(0))
        serving.record_version(facts.version("1", model=model), (), facts.at(0))
        first = asked(promote(serving.standing(model), "1", Wish("first", ANN, "good")))
        serving.move(first, facts.at(1))
    minute = timedelta(minutes=1) / timedelta(days=1)
    for n, model in enumerate(models[:3]):
        automatic(model, "2", 3 + n * minute)
    with pytest.raises(MoveRefused, match="3 automatic promotions and rollbacks in the fleet within an hour"):
        automatic(models[3], "2", 3 + 4 * minute)
    assert set(serving.frozen()) == {"all"}
    assert "frozen by muster" in str(serving.standing(facts.model).held)
    assert serving.verify().sound
