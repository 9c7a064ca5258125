"""Rolling back, promoting and freezing."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.carrying_out import follow
from flows.freezing import freeze_model, freeze_scope
from flows.rolling_back import Fitness
from policies.policy import Policy
from policies.remediation import Remediation
from policies.target import Target
from profiles.errors import MoveRefused
from registry.adoption import adopt
from tests.fakes import FakeVersions
from tests.flows.counter import ANN, MODEL, SOMEBODY, Shop, back, opened


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


def test_a_rollback_restores_freezes_and_tells_the_target(shop: Shop) -> None:
    shop.promote("2")
    done = back(shop)
    now = shop.world.ledger.assignment(MODEL)
    assert now is not None
    assert (done.changed, now.champion, now.frozen_by) == (True, "1", "ann")
    assert [order.champion for order in shop.target.orders] == ["2", "1"]
    assert "promotion is frozen by ann" in done.said[0]


def test_pressed_twice_it_does_nothing_and_says_so(shop: Shop) -> None:
    shop.promote("2")
    back(shop)
    again = back(shop)
    assert not again.changed
    assert "was rolled back already" in again.said[0]
    assert len(shop.target.orders) == 2


def test_a_name_that_is_only_claimed_may_roll_back_and_freeze_but_not_promote(shop: Shop) -> None:
    shop.promote("2")
    with pytest.raises(MoveRefused, match="only claimed"):
        shop.promote("3", by=SOMEBODY)
    assert back(shop, by=SOMEBODY).changed
    shop.world.ledger.unfreeze("all", ANN, "", shop.now)
    assert freeze_scope("all", SOMEBODY, "", shop.world, frozen=True).changed
    with pytest.raises(MoveRefused):
        freeze_scope("all", SOMEBODY, "", shop.world, frozen=False)


def test_a_policy_may_trust_claimed_names(shop: Shop) -> None:
    shop.has(remediation=Remediation(claimed_promotions=True))
    shop.promote("2", by=SOMEBODY)
    assert shop.champion == "2"


def test_without_an_earlier_champion_the_fallback_serves_or_it_is_refused(shop: Shop) -> None:
    with pytest.raises(MoveRefused, match="no champion before version 1"):
        back(shop)
    shop.has(remediation=Remediation(fallback="3"))
    assert back(shop).version == "3"


def test_a_model_that_others_deliver_is_refused_before_anything_is_recorded(shop: Shop) -> None:
    shop.promote("2")
    shop.has(authority="external")
    with pytest.raises(MoveRefused, match="authority: external"):
        back(shop)
    assert shop.champion == "2"


def test_a_version_that_is_not_fit_is_only_restored_anyway(shop: Shop) -> None:
    shop.promote("2")

    def unfit(_: Policy, version: str) -> Fitness:
        return Fitness(fit=False, sentence=f"version {version} does not load")

    with pytest.raises(MoveRefused, match="does not load"):
        back(shop, preflight=unfit)
    assert shop.champion == "2"
    assert back(shop, preflight=unfit, anyway=True).version == "1"


def test_an_edited_policy_holds_and_that_is_said(shop: Shop) -> None:
    shop.promote("2")
    shop.has(minimum_rows=90)
    assert any("was edited" in line for line in back(shop).said)


def test_freezing_twice_says_so_and_unfreezing_too(shop: Shop) -> None:
    assert freeze_model(MODEL, ANN, "", shop.world, frozen=True).changed
    assert not freeze_model(MODEL, ANN, "", shop.world, frozen=True).changed
    assert freeze_model(MODEL, ANN, "", shop.world, frozen=False).changed
    assert not freeze_model(MODEL, ANN, "", shop.world, frozen=False).changed
    freeze_scope("team:shop", ANN, "holidays", shop.world, frozen=True)
    freeze_model(MODEL, ANN, "", shop.world, frozen=True)
    assert "holidays" in freeze_model(MODEL, ANN, "", shop.world, frozen=False).sentence


def test_a_delivery_that_was_asked_to_go_back_is_not_adopted_as_having_come_again(shop: Shop) -> None:
    asked = shop.has(authority="external", target=Target("command", "deliver"))
    shop.promote("2")
    versions = FakeVersions({(MODEL, "champion"): "2"})
    digest = shop.world.ledger.current_policy(MODEL).digest  # type: ignore[union-attr]
    shop.target.broken = "not now"
    back(shop)
    args = (asked, digest, versions, shop.world.ledger, shop.world.profiles, shop.now)
    assert adopt(*args).champion == "1"
    shop.target.broken = None
    shop.now += timedelta(minutes=2)
    follow(MODEL, asked, shop.world, shop.rollout, "w")
    assert adopt(*args).champion == "2"  # it was told, and says otherwise still
