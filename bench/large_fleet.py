"""A fleet of many models, each with traffic of its own and one window due, watched by one real flow run.

Run as a program it watches the fleet below a folder once: a process has to say where Prefect's state lies
before it imports Prefect, and another measure may have imported it already.
"""

import json
import sys
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from bench.made_up import DAY, features
from profiles.sketch import sketch
from profiles.window import Cadence, Window
from registry.model_registry import AttachedBaseline, BaselineFacts, Candidate
from registry.settings import Settings
from registry.versions import MlflowVersions

_LATENESS = timedelta(hours=1)
_NAME = "bench.shared"
_POLICY = """\
version: 1
model: bench.model-{number:04}
registered_as: bench.shared
task: regression
traffic:
  path: "traffic/{number:04}/*.parquet"
  timestamp: ts
  prediction: prediction
  request_id: request_id
cadence: 1d
allowed_lateness: 1h
"""


def due(now: datetime) -> Window:
    """Return the only window that is due at `now` in a log that begins with it."""
    end = Cadence("1d").floor(now - _LATENESS)
    return Window(end - DAY, end)


def write(root: Path, window: Window, *, models: int, rows: int) -> None:
    """Write a policy file for each of `models` models and a file of its own traffic: `rows` of 20 columns."""
    team = root / "policies" / "bench"
    team.mkdir(parents=True)
    (team / "team.yaml").write_text("version: 1\nteam: bench\nowners: [bench@example.com]\n")
    times = pa.array([window.start + i * DAY / rows for i in range(rows)], pa.timestamp("us", "UTC"))
    for number in range(models):
        (team / f"model-{number:04}.yaml").write_text(_POLICY.format(number=number))
        folder = root / "traffic" / f"{number:04}"
        folder.mkdir(parents=True)
        ids = [f"{number}-{i}" for i in range(rows)]
        traffic = pa.table({"ts": times, "request_id": ids, **columns(rows, seed=1 + number)})
        pq.write_table(traffic, folder / "day.parquet")


def columns(rows: int, seed: int) -> Mapping[str, pa.Array]:
    """Return 20 columns to profile, the prediction among them."""
    prediction = np.random.default_rng([seed, rows]).normal(100, 10, rows)
    return {**features(rows, seed, ints=4), "prediction": pa.array(prediction)}


def register(settings: Settings, window: Window, *, rows: int) -> None:
    """Register the one version that all models share, in a real MLflow store, with a baseline of `rows`."""
    from sklearn.dummy import DummyRegressor

    example = np.zeros((4, 2))
    period = Window(window.start - 10 * DAY, window.start)
    facts = BaselineFacts("default", "training", rows, period, {})
    baseline = AttachedBaseline(facts, sketch(pa.table(dict(columns(rows, seed=0))), at=period.start))
    fitted = DummyRegressor().fit(example, example[:, 0])
    candidate = Candidate(_NAME, "bench", fitted, example, (baseline,), {})
    MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts).register(candidate, alias="champion")


def watch(settings: Settings) -> dict[str, Any]:
    """Watch the whole fleet by one flow run; return its wall and CPU seconds and how the windows stand.

    The temporary server and Prefect's imports, which a worker has paid for, come before the clock starts.
    """
    from flows.embedded import configure, one_shot

    configure(settings, quiet=True)
    from flows.watch import watch_team
    from registry.ledger import Ledger

    with one_shot():
        watch_team(team="nobody")
        began, spent = time.perf_counter(), time.process_time()
        state = watch_team(return_state=True)
        wall, cpu = time.perf_counter() - began, time.process_time() - spent
    with Ledger.open(settings.database_url) as ledger:
        statuses = [str(each.verdict.status) for each in ledger.latest()]
    return {"wall": wall, "cpu": cpu, "statuses": statuses, "state": str(state)}


if __name__ == "__main__":
    from registry.settings import load_settings

    print(json.dumps(watch(load_settings(cwd=Path(sys.argv[1])))))
