"""What retraining needs of the world outside, as the settings name it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from flows.orchestrator import orchestrator
from flows.retraining import RetrainPorts
from flows.world import World
from profiles.errors import MusterError, RegistryUnavailable, TrainerFailed
from profiles.window import spelled
from registry.model_files import ModelStore
from registry.settings import Settings
from registry.versions import TRUSTED, MlflowVersions
from serving.environments import interpreter
from serving.model_file import read_model_file
from serving.predictions import Predictions
from training.child_fits import ChildFits
from training.orders import FitOrder


@contextmanager
def retrain_ports(settings: Settings, world: World) -> Iterator[RetrainPorts]:
    """Fit and ask in child processes, register in MLflow; leaving it ends the children.

    Versions are fitted and asked with the interpreter that the policy or the settings have for them.
    """
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    store = ModelStore(settings.models_root, versions.fetch)
    environments = settings.environments

    def files(name: str, version: str) -> Path:
        return store.files(name, version).folder

    def python(order: FitOrder, champion: Path | None) -> Path:
        return _python(order, champion, world.root, environments, store)

    with Predictions(store, environments, world.root, TRUSTED) as predict:
        yield RetrainPorts(
            fit=ChildFits(files, python, world.root, TRUSTED, run_deployment),
            predict=predict,
            register=versions.register_new,
            made_by=versions.made_by,
        )


def _python(
    order: FitOrder, champion: Path | None, root: Path, environments: Path, store: ModelStore
) -> Path:
    """Return the interpreter of the policy, else one with what was recorded for the champion.

    A trainer of a team's own needs no champion: where its files cannot be had, ours will do.
    """
    policy, what = order.policy, f"version {order.champion} of {order.policy.model}"
    named = policy.remediation.trainer.python
    if named is not None and champion is None:
        chosen = root / Path(named).expanduser()
        if not chosen.is_file():
            raise TrainerFailed(f"the trainer of {policy.model} is to run with {chosen}, which is no file")
        return chosen
    if champion is None:
        try:
            champion = store.files(policy.registered_as, order.champion).folder
        except RegistryUnavailable:
            return Path(sys.executable)
    return interpreter(read_model_file(champion, what), named, root, environments, what)


def run_deployment(name: str, parameters: Mapping[str, Any], at_most: timedelta) -> None:
    """Run another team's Prefect deployment to its end; TrainerFailed unless it completed in time.

    A run that takes longer is cancelled: what it leaves later must not be taken for an answer.
    """
    from prefect.deployments import run_deployment as started
    from prefect.exceptions import ObjectNotFound

    try:
        run = started(name, parameters=dict(parameters), as_subflow=False, timeout=at_most.total_seconds())
        state = run.state
        if state is not None and not state.is_final():
            _cancel(run.id)
    except ObjectNotFound as error:
        raise TrainerFailed(
            f"there is no deployment {name} on the Prefect server; deploy it, or correct "
            "remediation.trainer.deployment"
        ) from error
    except MusterError:
        raise
    except Exception as error:
        raise TrainerFailed(f"the deployment {name} could not be run: {error}") from error
    what = f"the run {run.name} of the deployment {name}"
    if state is None:
        raise TrainerFailed(f"{what} has no state")
    if not state.is_final():
        raise TrainerFailed(
            f"{what} took longer than {spelled(at_most)} and was cancelled, {state.name.lower()} as it was; "
            "see that a worker takes its runs, or give it more time (remediation.trainer.at_most)"
        )
    if not state.is_completed():
        raise TrainerFailed(f"{what} ended as {state.name}: {state.message}")


def _cancel(run_id: UUID) -> None:
    from prefect.states import Cancelling

    with orchestrator() as client:
        client.set_flow_run_state(run_id, Cancelling())
