"""A group's promotion against the rollback of one member: all of the group has moved, or none of it."""

import threading
from datetime import timedelta

import pytest

from policies.remediation import Remediation
from profiles.errors import LedgerConflict
from registry.acting import Back, Then, nothing
from registry.ledger import Ledger
from registry.moves import Wish, promote, unfreeze
from registry.records import Actor, TransitionRequest
from tests.fakes import policy
from tests.races import ANN, AT, known

GROUP = ("shop.costs", "shop.prices", "shop.stock")
MEMBER = "shop.prices"
RACES = 20


@pytest.fixture
def grouped(ledger_url: str) -> str:
    """Three models, tied by the policies of two; version 2 of each was promoted over version 1."""
    ties = {"shop.costs": ("shop.prices",), "shop.stock": ("shop.prices",), MEMBER: ()}
    with Ledger.open(ledger_url) as ledger:
        for model in GROUP:
            tied = Remediation(rolls_with=ties[model])
            known(ledger, policy(model, remediation=tied))
        ledger.move_together(wanted(ledger, "2", "begin"), AT)
    return ledger_url


def wanted(ledger: Ledger, version: str, key: str) -> list[tuple[TransitionRequest, Then]]:
    requests = [promote(ledger.standing(model), version, Wish(key, ANN, "better")) for model in GROUP]
    return [(each, nothing) for each in requests if isinstance(each, TransitionRequest)]


def test_the_group_is_found_from_each_of_its_members(grouped: str) -> None:
    with Ledger.open(grouped) as ledger:
        assert [ledger.together(model) for model in GROUP] == [GROUP] * 3
        ledger.record_policy(policy("shop.stock"), "model: ...", AT)
        assert ledger.together(MEMBER) == GROUP[:2]
        assert ledger.together("shop.stock") == ("shop.stock",)
        assert ledger.together("shop.nobody") == ("shop.nobody",)


def test_all_have_been_promoted_or_none_whenever_one_is_rolled_back(grouped: str) -> None:
    barrier = threading.Barrier(2)
    first: list[bool] = []

    def press(nth: int) -> None:
        with Ledger.open(grouped) as ledger:
            barrier.wait(60)
            wish = Wish(f"press {nth}", Actor("bob", "claimed"), "it is bad")
            outcome = ledger.roll_back_together([Back(MEMBER, wish)], AT + timedelta(minutes=nth))
            assert outcome[0].changed

    with Ledger.open(grouped) as ledger:
        for nth in range(RACES):
            version = "34"[nth % 2]
            group = wanted(ledger, version, f"race {nth}")
            presser = threading.Thread(target=press, args=(nth,))
            presser.start()
            barrier.wait(60)
            try:
                ledger.move_together(group, AT + timedelta(minutes=nth))
            except LedgerConflict as lost:
                told = str(lost)
            else:
                told = ""
            first.append(not told)
            presser.join()
            moved = {any(t.key == f"race {nth}" for t in ledger.transitions(model)) for model in GROUP}
            assert moved == {first[-1]}
            assert first[-1] or "rolled_back by bob" in told
            _again(ledger, nth)
        assert ledger.verify().sound
    assert any(first)


def _again(ledger: Ledger, nth: int) -> None:
    """Free the member, and let version 2 of each serve again."""
    free = unfreeze(ledger.standing(MEMBER), Wish(f"free {nth}", ANN, "once more"))
    assert isinstance(free, TransitionRequest)
    ledger.move(free, AT + timedelta(minutes=nth), then=nothing)
    ledger.move_together(wanted(ledger, "2", f"begin {nth}"), AT)
