"""Models that are promoted and rolled back over a real ledger, with a target in memory."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from flows.carrying_out import Rollout
from flows.promoting import promote
from flows.rolling_back import roll_back
from flows.world import World
from policies.intents import Intent
from policies.policy import Policy
from registry.adoption import adopt
from registry.moves import Wish
from registry.records import Actor, ModelVersion
from serving.targets import ABILITIES, Abilities, NotCarriedOut, Order
from tests.fakes import DAY, START, loaded, policy, world

ANN = Actor("ann", "person")
SOMEBODY = Actor("somebody (Prefect run x)", "claimed")
MODEL = "shop.prices"


@dataclass
class FakeTarget:
    """A target in memory; `broken` is what is wrong with it, `meanwhile` happens while it is told.

    For models in `deaf` it takes no orders.
    """

    orders: list[Order] = field(default_factory=list)
    broken: str | None = None
    deaf: frozenset[str] = frozenset()
    meanwhile: Callable[[], None] | None = None

    @property
    def can(self) -> Abilities:
        return ABILITIES["mlflow_alias"]

    def carry_out(self, order: Order, at: datetime) -> str:
        if self.broken is not None:
            raise NotCarriedOut(self.broken)
        if order.model in self.deaf:
            raise NotCarriedOut("it does not listen")
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


def opened(tmp_path: Path) -> Iterator[Shop]:
    """Open the shop for one test."""
    here = world(tmp_path, START)
    made = Shop(tmp_path, here, FakeTarget(), START + 10 * DAY)
    made.world = replace(here, clock=lambda: made.now)
    plain = made.has()
    recorded = here.ledger.current_policy(MODEL)
    assert recorded is not None
    adopt(plain, recorded.digest, here.versions, here.ledger, here.profiles, START)
    for version in ("2", "3"):
        here.ledger.record_version(ModelVersion(MODEL, version, None, f"models:/{version}"), (), START)
    yield made
    here.ledger.close()


def back(shop: Shop, by: Actor = ANN, **how: Any) -> Any:
    return roll_back(MODEL, by, "worse", shop.world, shop.rollout, **how)


def wish() -> Wish:
    """The wish of somebody else, in between."""
    return Wish("roll back in between", ANN, "worse")
