"""Models that move together are promoted and rolled back in one transaction, or not at all."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.carrying_out import claimed, follow
from flows.moving import carry
from flows.promoting import approve, chosen, promote
from flows.rolling_back import Fitness, policy_of, roll_back
from policies.policy import Policy
from policies.remediation import Remediation
from profiles.effects import observed
from profiles.errors import LedgerConflict, LedgerUnavailable, MoveRefused
from registry import moves
from registry.acting import Back, nothing
from registry.moves import Wish
from registry.records import Actor, ModelVersion, TransitionRequest
from tests.fakes import START, loaded, policy
from tests.flows.counter import ANN, MODEL, Shop, opened

OTHER = "shop.costs"
MUSTER = Actor("muster", "muster")


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Prices and costs, tied by the policy of costs alone; version 2 of both contends with version 1."""
    for made in opened(tmp_path):
        ledger = made.world.ledger
        other = policy(OTHER, authority="muster", remediation=Remediation(rolls_with=(MODEL,)))
        ledger.record_policy(other, loaded(other).source, at=START)
        for version in ("1", "2", "3"):
            ledger.record_version(ModelVersion(OTHER, version, None, f"models:/{version}"), (), START)
        first = moves.promote(ledger.standing(OTHER), "1", Wish("first", ANN, "it serves"))
        assert isinstance(first, TransitionRequest)
        ledger.move(first, START, then=nothing)
        for model in (MODEL, OTHER):
            contend(made, model)
        yield made


def contend(shop: Shop, model: str) -> None:
    request = moves.start_shadow(shop.world.ledger.standing(model), "2", Wish("s", ANN, "try"))
    assert isinstance(request, TransitionRequest)
    shop.world.ledger.move(request, START, then=nothing)


def serving(shop: Shop) -> tuple[str | None, str | None]:
    ledger = shop.world.ledger
    return ledger.standing(MODEL).champion, ledger.standing(OTHER).champion


def kinds(shop: Shop, model: str) -> list[str]:
    return [each.kind for each in shop.world.ledger.transitions(model)]


def back(shop: Shop, model: str = MODEL, **how: object) -> None:
    roll_back(model, ANN, "worse", shop.world, shop.rollout, **how)  # type: ignore[arg-type]


@pytest.mark.parametrize("model", [MODEL, OTHER])
def test_whichever_is_named_both_are_promoted_and_both_go_back(shop: Shop, model: str) -> None:
    done = promote(model, "2", ANN, "better", shop.world, shop.rollout)
    assert serving(shop) == ("2", "2")
    assert sum("serves instead of 1" in line for line in done.said) == 2
    told = shop.world.ledger.transitions(OTHER)[-1]
    assert told.evidence["together"] == {MODEL: "2", OTHER: "2"}
    back(shop, model)
    back(shop, MODEL)
    assert serving(shop) == ("1", "1")
    assert [each.count("rolled_back") for each in (kinds(shop, MODEL), kinds(shop, OTHER))] == [1, 1]
    assert shop.world.ledger.verify().sound


def test_an_approved_proposal_moves_both(shop: Shop) -> None:
    shop.proposes("2")
    approve(chosen(shop.world, ""), ANN, "looks well", shop.world, shop.rollout)
    assert serving(shop) == ("2", "2")
    assert kinds(shop, OTHER).count("promoted") == 2


def test_where_one_may_not_move_none_does(shop: Shop) -> None:
    ledger = shop.world.ledger
    gone = moves.reject(ledger.standing(OTHER), Wish("r", ANN, "no"))
    assert isinstance(gone, TransitionRequest)
    ledger.move(gone, shop.now, then=nothing)
    with pytest.raises(MoveRefused, match=rf"nobody contends for {OTHER}"):
        promote(MODEL, "2", ANN, "better", shop.world, shop.rollout)
    assert serving(shop) == ("1", "1")


def test_where_one_has_nothing_to_go_back_to_none_does(shop: Shop) -> None:
    alone = moves.promote(shop.world.ledger.standing(MODEL), "2", Wish("alone", ANN, "by hand"))
    assert isinstance(alone, TransitionRequest)
    shop.world.ledger.move(alone, shop.now, then=nothing)
    with pytest.raises(MoveRefused, match=rf"{OTHER} has no champion before"):
        back(shop)
    assert serving(shop) == ("2", "1")


def test_where_one_is_not_fit_none_goes_back(shop: Shop) -> None:
    shop.promote("2")

    def unfit(made: Policy, version: str) -> Fitness:
        return Fitness(made.model != OTHER, f"version {version} of {made.model}")

    with pytest.raises(MoveRefused, match=rf"version 1 of {OTHER} is not fit"):
        back(shop, preflight=unfit)
    assert serving(shop) == ("2", "2")


def test_a_member_that_the_ledger_does_not_know_is_named(shop: Shop) -> None:
    shop.has(remediation=Remediation(rolls_with=("shop.unknown",)))
    with pytest.raises(LedgerUnavailable, match=r"no model shop\.unknown"):
        shop.promote("2")
    assert serving(shop) == ("1", "1")


def test_killed_before_the_commit_none_has_moved_and_after_it_all(shop: Shop) -> None:
    class Killed(BaseException):
        pass

    def at(wanted: str) -> None:
        def die(point: str) -> None:
            if point == wanted:
                raise Killed

        with observed(die), pytest.raises(Killed):
            shop.promote("2")

    at("before ledger.commit transition")
    assert serving(shop) == ("1", "1")
    at("after ledger.commit transition")
    assert serving(shop) == ("2", "2")
    shop.promote("2")  # said again, it only sees to what was left
    assert kinds(shop, MODEL).count("promoted") == 1


def test_a_member_that_was_rolled_back_in_between_keeps_the_whole_group(shop: Shop) -> None:
    shop.promote("2")
    ledger = shop.world.ledger
    decided = [
        moves.promote(ledger.standing(model), "3", Wish("late", ANN, "better")) for model in (MODEL, OTHER)
    ]
    ledger.roll_back_together([Back(OTHER, Wish("press", ANN, "worse"))], shop.now)
    with pytest.raises(LedgerConflict, match="rolled_back by ann"):
        ledger.move_together(
            [(each, nothing) for each in decided if isinstance(each, TransitionRequest)], shop.now
        )
    assert serving(shop) == ("2", "1")
    assert ledger.verify().sound


class TestOneOfThemIsNotSeen:
    @pytest.fixture(autouse=True)
    def promoted(self, shop: Shop) -> None:
        shop.target.deaf = frozenset({OTHER})
        shop.promote("2")
        shop.now += timedelta(minutes=16)
        self.look(shop)

    def look(self, shop: Shop) -> None:
        for model in (MODEL, OTHER):
            follow(model, policy_of(model, shop.world), shop.world, shop.rollout, "w")

    def carry(self, shop: Shop) -> str:
        at = shop.now
        claim = shop.world.ledger.claim("w", at, at + timedelta(minutes=1), ("roll_back",))
        assert claim is not None
        said = carry(claimed(claim), policy_of(claim.intent.model, shop.world), shop.world)
        shop.world.ledger.end(claim, "done", at, said)
        return said

    def test_all_are_rolled_back_and_it_is_an_incident(self, shop: Shop) -> None:
        (incident,) = shop.world.ledger.incidents(OTHER, open_only=True)
        assert (incident.kind, "rolled back together" in incident.sentence) == ("not_verified", True)
        self.carry(shop)
        assert serving(shop) == ("1", "1")
        (restored,) = [t for t in shop.world.ledger.transitions(MODEL) if t.kind == "rolled_back"]
        assert (restored.actor_kind, "does not listen" in restored.reason) == ("muster", True)

    def test_a_rollback_that_is_not_seen_either_asks_for_nothing_more(self, shop: Shop) -> None:
        self.carry(shop)
        shop.now += timedelta(minutes=16)
        self.look(shop)
        assert len(shop.world.ledger.intents(kinds=("roll_back",))) == 1

    def test_a_freeze_holds_it(self, shop: Shop) -> None:
        shop.world.ledger.freeze("all", ANN, "wait", shop.now)
        at = shop.now
        assert shop.world.ledger.claim("w", at, at + timedelta(minutes=1), ("roll_back",)) is None
        assert serving(shop) == ("2", "2")
