"""Another Prefect deployment as the trainer: on a real server and a real worker, with files in and out."""

import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow.sklearn
import numpy as np
import pyarrow as pa
import pytest

from flows.trainers import run_deployment
from policies.remediation import Remediation, Trainer
from profiles.errors import TrainerFailed
from profiles.labels import LABEL
from tests.fakes import policy
from training.child_fits import ChildFits
from training.orders import FitOrder

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
A_TEAMS_FLOW = f"""
import sys

from prefect import flow

sys.path.insert(0, {str(EXAMPLES)!r})


@flow(name="fit")
def fit(order: str = "") -> None:
    import trainer

    trainer.main(order)


@flow(name="give-up")
def give_up(order: str = "") -> None:
    raise ValueError("the cluster is full")
"""
ROWS = pa.table({"x": np.arange(200.0), "kind": ["a", "b"] * 100})


@pytest.fixture
def deployed(prefect_server: Any, prefect_client: Any) -> Iterator[Any]:
    """A team's own flows, deployed to a work pool of their own."""
    from prefect.client.schemas.actions import WorkPoolCreate

    (prefect_server.flows / "a_teams_training.py").write_text(A_TEAMS_FLOW)
    prefect_client.create_work_pool(WorkPoolCreate(name="training", type="process"), overwrite=True)
    for flow, entry in (("fit", "fit"), ("give-up", "give_up")):
        prefect_client.create_deployment(
            prefect_client.create_flow_from_name(flow),
            name="team",
            entrypoint=f"a_teams_training.{entry}",
            work_pool_name="training",
            path=str(prefect_server.flows),
            pull_steps=[],
            enforce_parameter_schema=False,
        )
    yield prefect_client
    prefect_client.delete_work_pool("training")


def order(root: Path, deployment: str, at_most: timedelta = timedelta(minutes=5)) -> FitOrder:
    trainer = Trainer("deployment", deployment, at_most=at_most)
    return FitOrder(
        policy=policy(remediation=Remediation(trainer=trainer)),
        champion="1",
        recipe="all history",
        rows=ROWS.append_column(LABEL, pa.array(3.0 * np.arange(200.0))),
        asked=ROWS.slice(0, 10),
        features=("x", "kind"),
        label=LABEL,
        folder=root / "order",
    )


@pytest.fixture
def fits(tmp_path: Path) -> ChildFits:
    return ChildFits(
        lambda _name, _version: tmp_path,
        lambda _order, _champion: Path(sys.executable),
        tmp_path,
        (),
        run_deployment,
    )


def test_a_team_fits_by_a_deployment_of_its_own_and_one_that_gives_up_is_told(
    prefect_server: Any, deployed: Any, fits: ChildFits, tmp_path: Path
) -> None:
    with prefect_server.worker("training", cwd=tmp_path):
        fitted = fits(order(tmp_path, "fit/team"))
        with pytest.raises(TrainerFailed, match=r"give-up/team ended as Failed: .*the cluster is full"):
            fits(order(tmp_path / "again", "give-up/team"))
    assert fitted.answers.prediction.to_numpy() == pytest.approx(3 * np.arange(10.0), abs=0.5)
    assert mlflow.sklearn.load_model(str(fitted.model)).predict(ROWS.to_pandas())[-1] == pytest.approx(
        597, abs=1
    )


def test_a_run_that_no_worker_takes_is_cancelled_when_its_time_is_over(
    deployed: Any, fits: ChildFits, tmp_path: Path, eventually: Callable[..., Any]
) -> None:
    with pytest.raises(TrainerFailed, match="took longer than 1s and was cancelled"):
        fits(order(tmp_path, "fit/team", timedelta(seconds=1)))
    fit = deployed.read_deployment_by_name("fit/team").id
    late = [each for each in deployed.read_flow_runs() if each.deployment_id == fit]
    (run,) = late
    assert run.state.is_cancelling() or run.state.is_cancelled()


def test_a_deployment_that_is_not_there_is_named(deployed: Any, fits: ChildFits, tmp_path: Path) -> None:
    with pytest.raises(TrainerFailed, match="there is no deployment fit/nobody on the Prefect server"):
        fits(order(tmp_path, "fit/nobody"))
