"""What retraining needs of the world outside, as the settings name it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from flows.retraining import RetrainPorts
from flows.world import World
from profiles.errors import MusterError, RegistryUnavailable, TrainerFailed
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


def run_deployment(name: str, parameters: Mapping[str, Any]) -> None:
    """Run another team's Prefect deployment to its end; TrainerFailed unless it completed."""
    from prefect.deployments import run_deployment as started
    from prefect.exceptions import ObjectNotFound

    try:
        run = started(name, parameters=dict(parameters), as_subflow=False)
    except ObjectNotFound as error:
        raise TrainerFailed(
            f"there is no deployment {name} on the Prefect server; deploy it, or correct "
            "remediation.trainer.deployment"
        ) from error
    except MusterError:
        raise
    except Exception as error:
        raise TrainerFailed(f"the deployment {name} could not be run: {error}") from error
    if run.state is None or not run.state.is_completed():
        said = "has no state" if run.state is None else f"ended as {run.state.name}: {run.state.message}"
        raise TrainerFailed(f"the run {run.name} of the deployment {name} {said}")
