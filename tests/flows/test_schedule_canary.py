"""Schedules really fire: one broken pin, and Prefect's scheduler makes no runs and says nothing.

With SQLAlchemy 2.1 Prefect 3.8's pages and manual runs work and no schedule ever does (docs/dependencies.md).
So here everything is real: a policy file, `muster apply`, the server's scheduler, a worker elsewhere, and
in the end windows in the ledger.
"""

import json
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sklearn.linear_model import LinearRegression

from policies.verdict import Status
from profiles.sketch import sketch
from profiles.window import Window
from registry.ledger import Ledger
from registry.model_registry import AttachedBaseline, BaselineFacts, Candidate
from registry.versions import MlflowVersions
from tests.fakes import standing

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]

MODEL = "canary.model"
# The scheduler looks once a minute; a run starts on the minute, in a fresh process.
SCHEDULE_LIMIT, RUN_LIMIT = 120, 240
MINUTE = timedelta(minutes=1)

# The shortest cadence there is, so that its own schedule fires every minute.
POLICY = """
version: 1
model: canary.model
task: regression
traffic: {path: "log.parquet", timestamp: ts, prediction: y}
cadence: 1m
"""


@pytest.fixture
def environment(
    prefect_server: Any, mlflow_store: Callable[[Path], str], tmp_path: Path
) -> Mapping[str, str]:
    """Lay out a served model, its traffic and its policy; return what commands and workers need to know."""
    policies = tmp_path / "policies" / "canary"
    policies.mkdir(parents=True)
    (policies / "model.yaml").write_text(POLICY)
    mlflow_uri = mlflow_store(tmp_path)
    rows = pd.DataFrame({"x": np.arange(300.0), "y": np.arange(300.0) * 2})
    _register(MlflowVersions(mlflow_uri, str(tmp_path / "artifacts")), rows)
    start = datetime.now(UTC).replace(second=0, microsecond=0) - 3 * MINUTE
    times = pa.array([start + i * MINUTE / 100 for i in range(300)], pa.timestamp("us", "UTC"))
    # Any minute's rows are like the baseline's, not its lower third: that would look like another unit.
    mixed = rows.sample(frac=1.0, random_state=1, ignore_index=True)
    pq.write_table(pa.Table.from_pandas(mixed).append_column("ts", times), tmp_path / "log.parquet")
    return {
        **prefect_server.environment,
        "MUSTER_STATE": str(tmp_path / "state"),
        "MUSTER_POLICIES": str(tmp_path / "policies"),
        "MUSTER_TRAFFIC_ROOT": str(tmp_path),
        "MUSTER_MLFLOW_URI": mlflow_uri,
        "MUSTER_INSTANCE": "canary",
        "MUSTER_WORK_POOL": "canary-pool",
    }


def _register(versions: MlflowVersions, rows: pd.DataFrame) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    facts = BaselineFacts("default", "training", len(rows), Window(start, start + 3 * MINUTE), {})
    profile = sketch(pa.Table.from_pandas(rows), at=start)
    fitted = LinearRegression().fit(rows[["x"]], rows["y"])
    versions.register(
        Candidate(MODEL, "canary", fitted, rows[["x"]].head(2), (AttachedBaseline(facts, profile),), {}),
        alias="champion",
    )


def muster(environment: Mapping[str, str], cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "console.main", *arguments],
        env=environment,
        cwd=cwd,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def scheduled_runs(client: Any, *states: str) -> list[Any]:
    """The scheduler's own runs of the canary's deployment that are in any of these states."""
    from prefect.client.schemas.filters import (
        DeploymentFilter,
        DeploymentFilterName,
        FlowRunFilter,
        FlowRunFilterState,
        FlowRunFilterStateType,
    )

    among = FlowRunFilter(state=FlowRunFilterState(type=FlowRunFilterStateType(any_=list(states))))
    here = DeploymentFilter(name=DeploymentFilterName(any_=["canary-1m"]))
    found = client.read_flow_runs(deployment_filter=here, flow_run_filter=among)
    return [run for run in found if run.auto_scheduled]


def test_a_policy_file_becomes_a_schedule_whose_runs_watch_on_a_worker_elsewhere(
    environment: Mapping[str, str],
    prefect_server: Any,
    prefect_client: Any,
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    said = muster(environment, tmp_path, "apply")
    assert "add     watch/canary-1m  * * * * *" in said
    (added,) = re.findall(r"(\d+) to add, 0 to change, 0 to remove", said)
    again = muster(environment, tmp_path, "apply")
    assert f"0 to add, 0 to change, 0 to remove, {added} unchanged" in again
    eventually(
        lambda: scheduled_runs(prefect_client, "SCHEDULED"),
        limit=SCHEDULE_LIMIT,
        what="the scheduler to make a run",
    )
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    with prefect_server.worker("canary-pool", cwd=elsewhere, extra=environment) as log:
        ended = eventually(
            lambda: scheduled_runs(prefect_client, "COMPLETED", "FAILED", "CRASHED", "CANCELLED"),
            limit=RUN_LIMIT,
            what=f"a worker to run it, see {log}",
        )
        deployment = prefect_client.read_deployment_by_name("watch/canary-1m")
        prefect_client.pause_deployment(deployment.id)
        eventually(
            lambda: not scheduled_runs(prefect_client, "PENDING", "RUNNING"),
            limit=RUN_LIMIT,
            what="the last run to end",
        )
    assert ended[0].state.is_completed(), f"{ended[0].state.message}\n{log.read_text()[-3000:]}"
    _assert_artifacts_are_there(prefect_client, ended)
    with Ledger.open(f"sqlite:///{tmp_path}/state/ledger.db") as ledger:
        windows = ledger.windows(MODEL)
        assert len(windows) >= 3
        assert [each.reading.arrivals.rows for each in windows[:3]] == [100, 100, 100]
        assert {standing(each, "quality") for each in windows[:3]} == {Status.MET}
        assert ledger.verify().sound


def _assert_artifacts_are_there(client: Any, ended: list[Any]) -> None:
    """The run left its table, and no note on a model whose first verdict is that all is met."""
    found = {artifact.key: artifact for artifact in client.read_artifacts()}
    table = found["run-watch-canary-1m"]
    assert table.flow_run_id in {run.id for run in ended}
    (row,) = json.loads(table.data)
    assert set(row) == {"model", "verdict", "worst reason", "window"}
    assert (row["model"], row["verdict"], row["worst reason"]) == (MODEL, "met", "")
    assert not any("canary-model" in str(key) for key in found)
