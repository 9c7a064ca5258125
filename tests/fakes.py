"""Small honest stand-ins for the outside world, and factories for values."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.world import World
from policies.load import LoadedPolicy
from policies.policy import Drift, Freshness, Performance, Policy, Quality, Volume
from policies.verdict import Severity, Status
from profiles.layout import LabelLayout, TrafficLayout
from profiles.sketch import sketch
from profiles.window import Cadence, Window
from registry.ledger import Ledger
from registry.model_registry import AttachedBaseline, BaselineFacts, ServedVersion
from registry.profile_store import ProfileStore
from registry.records import Judged

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


@dataclass
class FakeVersions:
    """A model registry in memory: aliases and baselines, set by the test."""

    aliases: dict[tuple[str, str], str] = field(default_factory=dict)
    attached: dict[str, tuple[AttachedBaseline, ...]] = field(default_factory=dict)

    def served(self, name: str, alias: str) -> ServedVersion | None:
        version = self.aliases.get((name, alias))
        return (
            None
            if version is None
            else ServedVersion(name, version, f"run-{version}", f"models:/{version}", START)
        )

    def baselines(self, served: ServedVersion) -> tuple[AttachedBaseline, ...]:
        return self.attached.get(served.version, ())


def rows_of(day: int, n: int = 240, shift: float = 0.0, error: float = 1.0) -> tuple[pa.Table, pa.Table]:
    """One day of a made-up model's traffic and its labels, which arrive a day after their requests."""
    random = np.random.default_rng(100_000 + day)
    start = START + day * DAY
    at = pa.array([start + i * DAY / n for i in range(n)], pa.timestamp("us", "UTC"))
    ids = [f"{day}-{i}" for i in range(n)]
    x = random.normal(size=n) + shift
    prediction = 10 * x
    truth = prediction + error * np.where(np.arange(n) % 2, 1.0, -1.0)
    traffic = pa.table(
        {"ts": at, "id": ids, "x": x, "kind": random.choice(["a", "b"], n), "price": prediction}
    )
    arrived = pa.array([t.as_py() + DAY for t in at], pa.timestamp("us", "UTC"))
    return traffic, pa.table({"id": ids, "paid": truth, "arrived": arrived})


def write_day(root: Path, day: int, **how: float) -> None:
    """Put one day of traffic and labels where `policy()` looks for them."""
    for folder, table in zip(("traffic", "labels"), rows_of(day, **how), strict=True):  # type: ignore[arg-type]
        (root / folder).mkdir(parents=True, exist_ok=True)
        pq.write_table(table, root / folder / f"{day:03}.parquet")


def baseline(days: int = 5, mae: float = 1.0) -> AttachedBaseline:
    """The baseline of the made-up model: some days before START."""
    table = pa.concat_tables([rows_of(day)[0] for day in range(-days, 0)]).select(["x", "kind", "price"])
    period = Window(START - days * DAY, START)
    facts = BaselineFacts("default", "training", table.num_rows, period, {"mae": mae})
    return AttachedBaseline(facts, sketch(table, at=period.start))


def policy(model: str = "shop.prices", **changes: Any) -> Policy:
    """A complete daily policy of the made-up model, with `changes`."""
    made = Policy(
        model=model,
        team=model.split(".", maxsplit=1)[0],
        registered_as=model,
        alias="champion",
        task="regression",
        owners=("shop@example.com",),
        traffic=TrafficLayout("traffic/*.parquet", "parquet", "ts", "price", request_id="id"),
        labels=LabelLayout("labels/*.parquet", "parquet", "paid", "id", timedelta(days=3), "arrived"),
        cadence=Cadence("1d"),
        allowed_lateness=timedelta(hours=1),
        minimum_rows=80,
        authority="external",
        automation="observe",
        freshness=Freshness(timedelta(hours=6), Severity.CRITICAL),
        volume=Volume(0.5, Severity.HIGH),
        quality=Quality(0.05, 0.1, 0.05, Severity.HIGH),
        drift=Drift(0.1, 0.25, 0.05, 0.1, Severity.HIGH),
        performance=Performance("mae", 0.1, None, 0.8, 0.5, Severity.HIGH),
        late_rows=timedelta(days=3),
    )
    return replace(made, **changes)


def loaded(made: Policy) -> LoadedPolicy:
    """The policy as the loader would have returned it."""
    return LoadedPolicy(
        policy=made, path=Path(f"{made.team}/{made.model}.yaml"), source=f"model: {made.model}\n"
    )


def world(root: Path, now: datetime, versions: FakeVersions | None = None) -> World:
    """A world over real files and a real ledger below `root`, with the clock standing at `now`."""
    if versions is None:
        versions = FakeVersions({("shop.prices", "champion"): "1"}, {"1": (baseline(),)})
    return World(
        clock=_standing_at(now),
        ledger=Ledger.open(f"sqlite:///{root}/state/ledger.db"),
        profiles=ProfileStore(root / "state" / "profiles"),
        versions=versions,
        root=root,
    )


def _standing_at(now: datetime) -> Callable[[], datetime]:
    return lambda: now


def standing(judged: Judged | None, objective: str) -> Status:
    """How an objective stands in a recorded window that must be there."""
    assert judged is not None
    verdict = judged.verdict.of(objective)
    assert verdict is not None
    return verdict.status
