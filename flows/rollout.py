"""Opening what carries out and verifies, as the settings say."""

import os

from flows.carrying_out import Rollout
from registry.settings import Settings
from registry.versions import MlflowVersions
from serving.targets import targets


def open_rollout(settings: Settings) -> Rollout:
    """Return the targets over the model registry of the settings, and probes over HTTP."""
    return Rollout(
        targets(MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts), os.environ), _probe
    )


def _probe(url: str) -> str | None:
    from serving.probe import probed

    return probed(url)
