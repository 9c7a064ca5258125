"""What was ordered is looked for in the log or by a probe, until its deadline."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from flows.carrying_out import CARRIED, follow, is_pending
from flows.promoting import promote
from policies.target import Target
from tests.fakes import policy
from tests.flows.counter import ANN, MODEL, Shop, back, opened, wish


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    yield from opened(tmp_path)


class TestVerifying:
    @pytest.fixture(autouse=True)
    def logged(self, shop: Shop) -> None:
        layout = replace(policy().traffic, version="who", request_id=None)
        self.policy = shop.has(traffic=layout, labels=None, performance=None)
        shop.promote("2")
        shop.logs("2", "2")

    def look(self, shop: Shop) -> list[str]:
        come = follow(MODEL, self.policy, shop.world, shop.rollout, "w")
        return [each.event for each in come if not each.result.get("obsolete")]

    def test_it_waits_until_the_newest_rows_are_the_restored_versions(self, shop: Shop) -> None:
        done = back(shop)
        assert done.verified is False
        assert any("requested, not verified" in line for line in done.said)
        told = len(shop.target.orders)
        shop.logs("2", "1")
        shop.now += timedelta(seconds=10)
        assert self.look(shop) == ["waiting"]
        shop.logs(*["1"] * 10)
        shop.now += timedelta(seconds=10)
        assert self.look(shop) == ["done"]
        assert len(shop.target.orders) == told
        assert not is_pending(MODEL, shop.world)

    def test_what_was_not_seen_by_the_deadline_is_an_incident_until_it_is(self, shop: Shop) -> None:
        back(shop)
        shop.now += timedelta(minutes=16)
        assert self.look(shop) == ["failed"]
        assert shop.incidents == ["not_verified"]
        last = shop.world.ledger.intents(MODEL, CARRIED)[-1]
        assert last.status == "failed"
        assert "requested, not verified" in (last.sentence or "")

    def test_a_target_that_takes_nothing_is_tried_again_and_then_is_an_incident(self, shop: Shop) -> None:
        shop.target.broken = "the registry is dead"
        done = back(shop)
        assert done.verified is False
        assert shop.champion == "1"
        assert any("the registry is dead" in line for line in done.said)
        shop.now += timedelta(minutes=16)
        assert self.look(shop) == ["waiting"]
        assert shop.incidents == ["not_verified"]
        shop.target.broken = None
        shop.logs(*["1"] * 10)
        shop.now += timedelta(minutes=1)
        assert self.look(shop) == ["done"]
        assert shop.incidents == []

    def test_a_probe_is_asked_instead_of_the_log(self, shop: Shop) -> None:
        self.policy = shop.has(target=Target(probe="http://shop/version"))
        shop.answering = "1"
        assert back(shop).verified is True

    def test_of_two_who_tell_a_target_the_last_word_is_what_is_true(self, shop: Shop) -> None:
        shop.promote("3")
        shop.now += timedelta(minutes=1)
        shop.target.orders.clear()
        shop.target.meanwhile = lambda: (
            shop.world.ledger.roll_back(  # type: ignore[assignment]
                MODEL, wish(), shop.now
            )
            and None
        )
        promote(MODEL, "1", ANN, "again", shop.world, shop.rollout)
        assert shop.target.orders[-1].champion == shop.champion == "3"
