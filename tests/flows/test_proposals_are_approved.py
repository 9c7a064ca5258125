"""A promotion that was proposed, and a person who approves it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.promoting import approve, chosen, proposals
from profiles.errors import MoveRefused
from registry import moves
from registry.acting import nothing
from tests.flows.counter import ANN, MODEL, SOMEBODY, Shop, opened, wish


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


class TestProposals:
    @pytest.fixture(autouse=True)
    def contending(self, shop: Shop) -> None:
        request = moves.start_shadow(shop.world.ledger.standing(MODEL), "2", wish())
        assert not isinstance(request, moves.Unchanged)
        shop.world.ledger.move(request, shop.now, then=nothing)
        shop.proposes("2")

    def test_an_approved_proposal_promotes_by_its_approver_and_bakes(self, shop: Shop) -> None:
        (proposal,) = proposals(shop.world)
        assert proposal.id == f"{MODEL}: promote 2"
        approve(chosen(shop.world, ""), ANN, "looks well", shop.world, shop.rollout)
        last = shop.world.ledger.transitions(MODEL)[-1]
        assert (last.kind, last.actor, last.after.champion) == ("promoted", "ann", "2")
        assert last.after.bake_until == shop.now + timedelta(days=7)
        assert proposals(shop.world) == ()

    def test_a_claimed_name_approves_nothing(self, shop: Shop) -> None:
        with pytest.raises(MoveRefused, match="claimed"):
            approve(chosen(shop.world, ""), SOMEBODY, "", shop.world, shop.rollout)
        assert len(proposals(shop.world)) == 1

    def test_one_that_is_out_of_date_is_refused(self, shop: Shop) -> None:
        shop.promote("3")
        with pytest.raises(MoveRefused, match="out of date"):
            approve(chosen(shop.world, ""), ANN, "", shop.world, shop.rollout)

    def test_an_unknown_one_is_answered_with_those_that_wait(self, shop: Shop) -> None:
        with pytest.raises(MoveRefused, match=f"{MODEL}: promote 2"):
            chosen(shop.world, "nonsense")
