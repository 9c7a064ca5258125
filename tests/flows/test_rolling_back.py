"""Rolling back, promoting and freezing, over a real ledger and a target in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.carrying_out import CARRIED, Rollout, follow, is_pending
from flows.freezing import freeze_model, freeze_scope
from flows.promoting import approve, chosen, promote, proposals
from flows.rolling_back import Fitness, roll_back
from flows.world import World
from policies.intents import Intent
from policies.policy import Policy
from policies.remediation import Remediation
from policies.target import Target
from profiles.errors import MoveRefused
from registry.adoption import adopt
from registry.records import Actor, ModelVersion
from serving.targets import ABILITIES, Abilities, NotCarriedOut, Order
from tests.fakes import DAY, START, FakeVersions, loaded, policy, world

ANN = Actor("ann", "person")
SOMEBODY = Actor("somebody (Prefect run x)", "claimed")
MODEL = "shop.prices"


@dataclass
class FakeTarget:
    """A target in memory; `broken` is what is wrong with it, `meanwhile` happens while it is told."""

    orders: list[Order] = field(default_factory=list)
    broken: str | None = None
    meanwhile: Callable[[], None] | None = None

    @property
    def can(self) -> Abilities:
        return ABILITIES["mlflow_alias"]

    def carry_out(self, order: Order, at: datetime) -> str:
        if self.broken is not None:
            raise NotCarriedOut(self.broken)
        self.orders.append(order)
        happens, self.meanwhile = self.meanwhile, None
        if happens is not None:
            happens()
        return f"version {order.champion} was told"


@dataclass
class Shop:
    """One model with versions 1 (champion), 2 and 3, on a clock of the test's."""

    root: Path
    world: World
    target: FakeTarget
    now: datetime
    answering: str | None = None

    @property
    def rollout(self) -> Rollout:
        return Rollout(lambda _: self.target, lambda _: self.answering)

    def has(self, **changes: Any) -> Policy:
        """Record the policy with changes, and return it."""
        made = policy(**{"authority": "muster", **changes})
        self.world.ledger.record_policy(made, loaded(made).source, at=self.now)
        return made

    def promote(self, version: str, by: Actor = ANN) -> None:
        promote(MODEL, version, by, "better", self.world, self.rollout)

    def proposes(self, version: str) -> None:
        intent = Intent(
            MODEL, f"promote {version}", "promote", f"promote version {version}", {"version": version}
        )
        self.world.ledger.record_intents([replace(intent, automation="propose")], None, self.now)

    def logs(self, *versions: str) -> None:
        """Log rows of these versions from now on, a second apart."""
        at = pa.array(
            [self.now + timedelta(seconds=i + 1) for i in range(len(versions))], pa.timestamp("us", "UTC")
        )
        (self.root / "traffic").mkdir(exist_ok=True)
        rows = pa.table({"ts": at, "who": list(versions), "price": [1.0] * len(versions)})
        pq.write_table(rows, self.root / "traffic" / f"{self.now:%H%M%S}.parquet")
        self.now += timedelta(seconds=len(versions) + 2)

    @property
    def champion(self) -> str | None:
        return self.world.ledger.standing(MODEL).champion

    @property
    def incidents(self) -> list[str]:
        return [each.kind for each in self.world.ledger.incidents(MODEL, open_only=True)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    opened = world(tmp_path, START)
    made = Shop(tmp_path, opened, FakeTarget(), START + 10 * DAY)
    made.world = replace(opened, clock=lambda: made.now)
    plain = made.has()
    recorded = opened.ledger.current_policy(MODEL)
    assert recorded is not None
    adopt(plain, recorded.digest, opened.versions, opened.ledger, opened.profiles, START)
    for version in ("2", "3"):
        opened.ledger.record_version(ModelVersion(MODEL, version, None, f"models:/{version}"), (), START)
    yield made
    opened.ledger.close()


def back(shop: Shop, by: Actor = ANN, **how: Any) -> Any:
    return roll_back(MODEL, by, "worse", shop.world, shop.rollout, **how)


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


def test_models_that_roll_together_go_back_together_or_not_at_all(shop: Shop) -> None:
    shop.promote("2")
    other = policy("shop.costs", authority="muster")
    shop.world.ledger.record_policy(other, loaded(other).source, at=START)
    shop.has(remediation=Remediation(rolls_with=("shop.costs",)))
    with pytest.raises(MoveRefused, match=r"shop\.costs"):
        back(shop)
    assert shop.champion == "2"


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
                MODEL, _wish(), shop.now
            )
            and None
        )
        promote(MODEL, "1", ANN, "again", shop.world, shop.rollout)
        assert shop.target.orders[-1].champion == shop.champion == "3"


def _wish() -> Any:
    from registry.moves import Wish

    return Wish("roll back in between", ANN, "worse")


class TestProposals:
    @pytest.fixture(autouse=True)
    def contending(self, shop: Shop) -> None:
        from registry import moves
        from registry.acting import nothing

        request = moves.start_shadow(shop.world.ledger.standing(MODEL), "2", _wish())
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
