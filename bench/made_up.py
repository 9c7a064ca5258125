"""A made-up fleet: policy files, days of traffic with labels, and a world to watch them in."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.step import Watched, begin, step
from flows.world import World, open_world
from policies.load import LoadedPolicy, load_policies
from policies.verdict import Status
from profiles.sketch import sketch
from profiles.window import Window
from registry.model_registry import AttachedBaseline, BaselineFacts, ServedVersion
from registry.settings import load_settings

START = datetime(2026, 3, 2, tzinfo=UTC)
DAY = timedelta(days=1)
_POLICY = """\
version: 1
model: bench.model-{number:02}
task: regression
traffic: {{path: "traffic/*.parquet", timestamp: ts, prediction: prediction, request_id: request_id}}
labels:
  path: "labels/*.parquet"
  label: truth
  request_id: request_id
  arrived_at: arrived_at
  arrives_within: 1d
cadence: 1d
objectives:
  performance: {{metric: mae, at_most_worse_than_baseline: 10%}}
"""


@dataclass(frozen=True)
class OneVersion:
    """A model registry in which version 1 with one baseline serves every model."""

    baseline: AttachedBaseline

    def served(self, name: str, _alias: str) -> ServedVersion:
        """Return version 1."""
        return ServedVersion(name, "1", "run-1", f"models:/{name}/1", START)

    def baselines(self, _served: ServedVersion) -> tuple[AttachedBaseline, ...]:
        """Return the baseline."""
        return (self.baseline,)


def features(rows: int, seed: int, *, floats: int = 10, ints: int = 5, texts: int = 5) -> dict[str, pa.Array]:
    """Return columns of floats with 2 % null, of small integers, and of texts from 5, 10, 15... words."""
    random = np.random.default_rng(seed)
    made = {f"float_{i}": pa.array(random.normal(i, 1 + i, rows)) for i in range(floats)}
    made = {
        name: pa.array(column.to_numpy(), mask=random.random(rows) < 0.02) for name, column in made.items()
    }
    made |= {f"int_{i}": pa.array(random.poisson(2.0 ** (i + 1), rows)) for i in range(ints)}
    for i in range(texts):
        words = np.array([f"word-{number}" for number in range(5 * (i + 1))], object)
        made[f"text_{i}"] = pa.array(random.choice(words, rows).tolist(), pa.string())
    return made


def days(count: int) -> list[Window]:
    """Return the windows that `write` makes traffic for."""
    return [Window(START + day * DAY, START + (day + 1) * DAY) for day in range(count)]


def write(root: Path, *, models: int, windows: int, rows: int) -> None:
    """Write the policies of `models` models and the traffic that they share: `windows` daily files.

    A day has `rows` rows of 20 columns to profile, and a label for each row.
    """
    team = root / "policies" / "bench"
    for folder in (team, root / "traffic", root / "labels"):
        folder.mkdir(parents=True)
    (team / "team.yaml").write_text("version: 1\nteam: bench\nowners: [bench@example.com]\n")
    for number in range(models):
        (team / f"model-{number:02}.yaml").write_text(_POLICY.format(number=number))
    for day, window in enumerate(days(windows)):
        traffic, labels = _logged(window, rows, seed=1 + day)
        pq.write_table(traffic, root / "traffic" / f"{day:03}.parquet")
        pq.write_table(labels, root / "labels" / f"{day:03}.parquet")


def environment(root: Path) -> dict[str, str]:
    """Return the variables by which Muster finds the fleet below `root`."""
    return {
        "MUSTER_STATE": str(root / "state"),
        "MUSTER_POLICIES": str(root / "policies"),
        "MUSTER_TRAFFIC_ROOT": str(root),
    }


@contextmanager
def opened(root: Path, *, rows: int) -> Iterator[tuple[World, tuple[LoadedPolicy, ...]]]:
    """Open the ledger and stores of what was written below `root`, with the policies loaded."""
    settings = load_settings(environment(root), root)
    fleet = load_policies([Path(each) for each in settings.policies])
    fleet.raise_for_faults()
    world = replace(open_world(settings), versions=OneVersion(_baseline(10 * rows)))
    with world.ledger:
        yield at(world, START), fleet.policies


def at(world: World, now: datetime) -> World:
    """Return the world with its clock standing at `now`."""
    return replace(world, clock=lambda: now)


def stepped(watched: Watched, window: Window, world: World) -> None:
    """Watch a window once its labels are mature; ValueError when there was nothing to judge."""
    verdict = step(watched, window, at(world, window.end + DAY))
    if verdict.status in {Status.ERRORED, Status.INCONCLUSIVE}:
        raise ValueError(f"the made-up window {window} should be judged, and is {verdict}")


def watched_fleet(root: Path, *, models: int, windows: int, rows: int) -> None:
    """Leave a ledger below `root` in which every model has `windows` judged windows.

    One model is really watched; the others, which see the same traffic, are recorded with its readings.
    """
    write(root, models=models, windows=windows, rows=rows)
    with opened(root, rows=rows) as (world, (first, *others)):
        watched = begin(first.policy, first.source, world)
        for window in days(windows):
            stepped(watched, window, world)
        known = world.ledger.windows(first.policy.model)
        for loaded in others:
            model, policy_digest = (
                loaded.policy.model,
                begin(loaded.policy, loaded.source, world).policy_digest,
            )
            for each in known:
                reading, verdict = replace(each.reading, model=model), replace(each.verdict, model=model)
                world.ledger.record_window(reading, verdict, policy_digest, at=each.recorded_at)


def _logged(window: Window, rows: int, seed: int) -> tuple[pa.Table, pa.Table]:
    """One day of traffic, and its labels, which arrive an hour after their requests."""
    times = [window.start + i * window.length / rows for i in range(rows)]
    ids = [f"{seed}-{i}" for i in range(rows)]
    columns = _profiled(rows, seed)
    truth = columns["prediction"].to_numpy() + np.where(np.arange(rows) % 2, 1.0, -1.0)
    stamps = pa.timestamp("us", "UTC")
    arrived = pa.array([time + timedelta(hours=1) for time in times], stamps)
    return (
        pa.table({"ts": pa.array(times, stamps), "request_id": ids, **columns}),
        pa.table({"request_id": ids, "truth": truth, "arrived_at": arrived}),
    )


def _profiled(rows: int, seed: int) -> Mapping[str, pa.Array]:
    random = np.random.default_rng([seed, rows])
    return {**features(rows, seed, ints=4), "prediction": pa.array(random.normal(100, 10, rows))}


def _baseline(rows: int) -> AttachedBaseline:
    period = Window(START - 10 * DAY, START)
    facts = BaselineFacts("default", "training", rows, period, {"mae": 1.0})
    return AttachedBaseline(facts, sketch(pa.table(dict(_profiled(rows, seed=0))), at=period.start))
