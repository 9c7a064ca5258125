"""A made-up shop whose prices change their meaning: what retraining is tested on, with real parts."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from sklearn.linear_model import LinearRegression

from flows.retraining import RetrainPorts
from flows.step import begin
from flows.trainers import retrain_ports
from flows.world import World
from policies.policy import Policy
from policies.remediation import Recipe, Remediation, Trainer
from registry.ledger import Ledger
from registry.model_registry import Candidate
from registry.profile_store import ProfileStore
from registry.settings import Settings, load_settings
from registry.versions import MlflowVersions
from tests.fakes import DAY, START, baseline, loaded, policy, rows_of

DAYS = 30
NOW = START + (DAYS + 4) * DAY
RECIPE = Recipe(recent=(timedelta(days=20),), minimum_rows=500)


def shop(trainer: Trainer | None = None, **changes: Any) -> Policy:
    """The made-up model's policy with a recipe of its own size."""
    made = Remediation(recipe=RECIPE, trainer=trainer or Trainer())
    return policy(**{"authority": "muster", "automation": "act", "remediation": made, **changes})


def write_rows(root: Path, slope: float = 20.0, days: int = DAYS, rows: int = 60) -> None:
    """Write a log in which the champion answers 10 x while `slope` times x comes true."""
    random = np.random.default_rng(7)
    tables = [rows_of(day, n=rows) for day in range(days)]
    traffic = pa.concat_tables([each[0] for each in tables])
    labels = pa.concat_tables([each[1] for each in tables])
    truth = slope * traffic.column("x").to_numpy() + random.normal(size=traffic.num_rows)
    labels = labels.set_column(labels.schema.get_field_index("paid"), "paid", pa.array(truth))
    for folder, table in (("traffic", traffic), ("labels", labels)):
        (root / folder).mkdir(parents=True, exist_ok=True)
        pq.write_table(table, root / folder / "all.parquet")


def register_champion(uri: str, root: Path, estimator: Any = None) -> None:
    """Put a model of 10 x under the alias that serves."""
    x = pd.DataFrame({"x": np.linspace(-3, 3, 200)})
    fitted = estimator or LinearRegression().fit(x, 10 * x["x"])
    MlflowVersions(uri, str(root / "artifacts")).register(
        Candidate("shop.prices", "first", fitted, x.head(5), (baseline(),), {"mae": 1.0}), alias="champion"
    )


def settings_of(root: Path, uri: str) -> Settings:
    """Settings that keep everything below `root`."""
    return load_settings(
        {
            "MUSTER_STATE": str(root / "state"),
            "MUSTER_MLFLOW_URI": uri,
            "MUSTER_MLFLOW_ARTIFACTS": str(root / "artifacts"),
            "MUSTER_TRAFFIC_ROOT": str(root),
        },
        root,
    )


def world_at(root: Path, uri: str, now: datetime = NOW) -> World:
    """Open the ledger and the stores below `root`, with the clock standing at `now`."""
    return World(
        clock=lambda: now,
        ledger=Ledger.open(f"sqlite:///{root}/state/ledger.db"),
        profiles=ProfileStore(root / "state" / "profiles"),
        versions=MlflowVersions(uri, str(root / "artifacts")),
        root=root,
    )


@contextmanager
def opened(
    root: Path, store: Callable[[Path], str], slope: float = 20.0, made: Policy | None = None
) -> Iterator[tuple[World, RetrainPorts]]:
    """Everything that retraining works on, with real child processes and a real model registry."""
    write_rows(root, slope)
    uri = store(root)
    register_champion(uri, root)
    world = world_at(root, uri)
    with world.ledger, retrain_ports(settings_of(root, uri), world) as ports:
        chosen = loaded(made or shop())
        begin(chosen.policy, chosen.source, world)
        yield world, ports


def trained_by(trainer: Trainer) -> Policy:
    """The policy with another trainer."""
    made = shop()
    return replace(made, remediation=replace(made.remediation, trainer=trainer))
