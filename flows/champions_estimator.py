"""The estimator that a registered model's champion was made with, to be fitted in this process."""

from typing import Any

from policies.policy import Policy
from profiles.errors import MusterError, TrainerFailed
from registry.model_files import ModelStore
from registry.settings import Settings
from registry.versions import TRUSTED, MlflowVersions
from training.as_champion import like_champion


def estimator_of_champion(policy: Policy, settings: Settings) -> Any:
    """Return an unfitted clone of the champion's estimator, as its retraining would clone it.

    The champion is who the alias in MLflow names. MusterError where there is none, or it cannot be cloned.
    """
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    champion = versions.served(policy.registered_as, policy.alias)
    if champion is None:
        raise MusterError(
            f"no version of {policy.registered_as} has the alias {policy.alias} in MLflow, whose estimator a "
            "backtest could fit; name one with --estimator"
        )
    files = ModelStore(settings.models_root, versions.fetch).files(champion.name, champion.version)
    what = f"version {champion.version} of {policy.model}"
    try:
        return like_champion(files.folder, TRUSTED, what)
    except TrainerFailed as error:
        raise MusterError(f"{error}; or name an estimator with --estimator") from error
