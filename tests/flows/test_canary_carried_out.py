"""A canary in production: the target is told the share, its steps and its end, and the log has to show it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.bodies import Done
from flows.carrying_out import Rollout, follow
from flows.world import World
from policies.policy import Policy
from policies.target import Target
from registry import moves
from registry.adoption import adopt
from registry.moves import Unchanged, Wish
from registry.records import Actor, ModelVersion, TransitionRequest
from serving.split import challengers
from serving.targets import ABILITIES, Abilities, Order
from tests.fakes import DAY, START, loaded, policy, world

MODEL = "shop.prices"
ANN = Actor("ann", "person")


@dataclass
class Splitter:
    """A target in memory that may split; it answers as it was told last."""

    splits: bool = True
    orders: list[Order] = field(default_factory=list)

    @property
    def can(self) -> Abilities:
        return replace(ABILITIES["command"], split=self.splits)

    def carry_out(self, order: Order, at: datetime) -> str:
        self.orders.append(order)
        return order.sentence


@dataclass
class Canary:
    """Version 2 contends with version 1 on a clock of the test's."""

    root: Path
    world: World
    target: Splitter = field(default_factory=Splitter)
    now: datetime = START + 10 * DAY

    def move(self, request: TransitionRequest | Unchanged) -> None:
        assert not isinstance(request, Unchanged)
        self.world.ledger.move(request, self.now)

    def begin(self, weight: float) -> None:
        self.move(moves.start_canary(self.world.ledger.standing(MODEL), "2", weight, self.wish))

    def step(self, weight: float) -> None:
        self.move(moves.step_canary(self.world.ledger.standing(MODEL), weight, self.wish))

    def reject(self) -> None:
        self.move(moves.reject(self.world.ledger.standing(MODEL), self.wish))

    @property
    def wish(self) -> Wish:
        return Wish(f"wish at {self.now}", ANN, "better")

    @property
    def policy(self) -> Policy:
        recorded = self.world.ledger.current_policy(MODEL)
        assert recorded is not None
        return recorded.policy

    def answers(self, rows: int = 300, share: float | None = None) -> None:
        """Answer requests as the last order says, or with another share."""
        last = self.target.orders[-1]
        keys = [f"{self.now}-{number}" for number in range(rows)]
        theirs = challengers(keys, last.salt or "", last.share if share is None else share)
        at = pa.array([self.now + timedelta(seconds=i + 1) for i in range(rows)], pa.timestamp("us", "UTC"))
        who = [last.challenger if his else last.champion for his in theirs]
        (self.root / "traffic").mkdir(exist_ok=True)
        table = pa.table({"ts": at, "who": who, "price": [1.0] * rows})
        pq.write_table(table, self.root / "traffic" / f"{self.now:%d%H%M%S}.parquet")
        self.now += timedelta(seconds=rows + 1)

    def follow(self) -> list[Done]:
        rollout = Rollout(lambda _: self.target, lambda _: "1")
        return follow(MODEL, self.policy, self.world, rollout, "w")


@pytest.fixture
def canary(tmp_path: Path) -> Iterator[Canary]:
    opened = world(tmp_path, START)
    made = Canary(tmp_path, opened)
    made.world = replace(opened, clock=lambda: made.now)
    # A probe names one version and does not show a share: the log does.
    plain = policy(authority="muster", target=Target("command", "x", probe="http://shop", splits=True))
    plain = replace(plain, traffic=replace(plain.traffic, version="who"))
    digest = opened.ledger.record_policy(plain, loaded(plain).source, at=START)
    adopt(plain, digest, opened.versions, opened.ledger, opened.profiles, START)
    opened.ledger.record_version(ModelVersion(MODEL, "2", None, "models:/2"), (), START)
    yield made
    opened.ledger.close()


def came(done: list[Done]) -> list[Any]:
    return [(each.event, each.result.get("verified")) for each in done]


def test_the_target_is_told_every_step_with_one_salt_and_the_log_shows_each(canary: Canary) -> None:
    canary.begin(0.1)
    assert came(canary.follow()) == [("waiting", None)]
    canary.answers()
    (done,) = canary.follow()
    assert done.sentence == "the prediction log says that version 1 answers, and version 2 its 10 %"
    canary.step(0.5)
    canary.follow()
    canary.answers()
    assert came(canary.follow()) == [("done", True)]
    assert [(each.champion, each.challenger, each.share) for each in canary.target.orders] == [
        ("1", "2", 0.1),
        ("1", "2", 0.5),
    ]
    assert {each.salt for each in canary.target.orders} == {f"{MODEL}:2"}
    assert canary.target.orders[0].plain["share"] == 0.1


def test_a_canary_that_is_refused_is_taken_from_the_target(canary: Canary) -> None:
    canary.begin(0.1)
    canary.follow()
    canary.answers()
    canary.follow()
    canary.reject()
    canary.follow()
    last = canary.target.orders[-1]
    assert (last.champion, last.challenger, last.share, last.salt) == ("1", None, 0.0, None)
    assert last.sentence == "version 1 answers"


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_a_share_that_is_not_applied_is_an_incident_after_the_deadline(canary: Canary, share: float) -> None:
    canary.begin(0.1)
    canary.follow()
    canary.answers(share=share)
    assert came(canary.follow()) == [("waiting", None)]
    canary.now += canary.policy.target.deadline
    assert came(canary.follow()) == [("failed", False)]
    (incident,) = canary.world.ledger.incidents(MODEL, open_only=True)
    assert incident.kind == "not_verified"
    assert "instead of 10 %" in incident.sentence


def test_a_target_that_cannot_split_hears_of_no_canary(canary: Canary) -> None:
    canary.target.splits = False
    canary.begin(0.1)
    (done,) = canary.follow()
    assert "nothing to carry out" in done.sentence
    assert canary.target.orders == []
