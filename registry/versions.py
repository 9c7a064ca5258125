"""The door to MLflow as a model registry.

MLflow is imported on first use, because it costs a second and a half that most commands need not pay.
"""

import json
import logging
import os
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

from profiles.effects import effect
from profiles.layout import Task
from registry.canonical import dump, load
from registry.mlflow_entities import folder_of, held_out_of, served_version, unavailable
from registry.model_registry import (
    AliasedVersion,
    AttachedBaseline,
    BaselineFacts,
    Candidate,
    NewVersion,
    ServedVersion,
)
from registry.registering import new_version

_FOLDER = "muster/baselines"
_RECIPE = "muster.recipe"
# What a scikit-learn model pulls in when it is loaded elsewhere; given explicitly because MLflow's own
# inference runs the model in a fresh process for half a minute.
_REQUIREMENTS = ("scikit-learn", "numpy", "pandas", "pyarrow", "scipy", "skops")
# skops, MLflow's safe default format, refuses every tree model unless this type is named.
TRUSTED = ["sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"]

# MLflow by itself reports to its makers, draws bars, and retries a dead server for minutes.
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "3",
}


class MlflowVersions:
    """`Versions` in an MLflow registry (a server's address, or a database that is opened directly)."""

    def __init__(self, uri: str, artifacts: str | None = None) -> None:
        self._uri = uri
        self._artifacts = artifacts

    def served(self, name: str, alias: str) -> ServedVersion | None:
        """Return the version that `alias` names, or None when there is no such model or alias."""
        if self._not_made_yet():
            return None
        from mlflow.exceptions import MlflowException

        with effect("mlflow get alias"), _answering(self._uri):
            try:
                found = self._client.get_model_version_by_alias(name, alias)
            except MlflowException as error:
                # An unknown alias is a bad request, an unknown model does not exist.
                if error.error_code in {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}:
                    return None
                raise
        return served_version(found)

    def point(self, name: str, alias: str, version: str) -> None:
        """Make an alias name a version; RegistryUnavailable when the registry lacks it or does not answer."""
        with effect("mlflow set alias"), _answering(self._uri):
            self._client.set_registered_model_alias(name, alias, version)

    def baselines(self, served: ServedVersion) -> tuple[AttachedBaseline, ...]:
        """Return the baselines attached to a version, by name."""
        if served.run_id is None:
            return ()
        with (
            effect("mlflow fetch baselines"),
            _answering(self._uri),
            tempfile.TemporaryDirectory() as folder,
        ):
            stored = self._artifacts_of(served.run_id)
            if not stored.list_artifacts(_FOLDER):
                return ()
            root = Path(stored.download_artifacts(_FOLDER, folder))
            return tuple(
                AttachedBaseline(
                    load(BaselineFacts, (entry / "baseline.json").read_text()),
                    (entry / "profile.bin").read_bytes(),
                    held_out_of(entry / "held_out.json"),
                )
                for entry in sorted(root.iterdir())
            )

    def fetch(self, name: str, version: str, folder: Path) -> None:
        """Copy the files of a version into a folder, as MLflow lays them out."""
        with effect("mlflow fetch model"), _answering(self._uri):
            if self._not_made_yet():
                raise OSError(f"there is no version {version} of {name}")
            client = self._client
            with tempfile.TemporaryDirectory(dir=folder) as scratch:
                found = _downloaded(client.get_model_version_download_uri(name, version), scratch, self._uri)
                for file in found.iterdir():
                    file.rename(folder / file.name)

    def aliased(self) -> tuple[AliasedVersion, ...]:
        """Return every version that an alias names, by model and alias, with what its signature tells."""
        if self._not_made_yet():
            return ()
        import mlflow

        with effect("mlflow list models"), _answering(self._uri):
            mlflow.set_tracking_uri(self._uri)  # what reads signatures knows no other way to be told
            mlflow.set_registry_uri(self._uri)
            found = []
            for model in self._registered():
                for alias in sorted(model.aliases):
                    version = self._client.get_model_version_by_alias(model.name, alias)
                    found.append(AliasedVersion(alias, served_version(version), *_signature(version.source)))
            return tuple(sorted(found, key=lambda each: (each.served.name, each.alias)))

    def aliases(self) -> Mapping[str, tuple[str, ...]]:
        """Return the aliases of every registered model by its name: a request for a hundred models."""
        if self._not_made_yet():
            return {}
        with effect("mlflow list models"), _answering(self._uri):
            return {model.name: tuple(sorted(model.aliases)) for model in self._registered()}

    def _registered(self) -> Iterator[Any]:
        token = None
        while True:
            page = self._client.search_registered_models(max_results=100, page_token=token)
            yield from page
            token = page.token
            if not token:
                return

    def _not_made_yet(self) -> bool:
        """Say whether the store is a database file that does not exist: asking would make it, in seconds."""
        file = self._uri.removeprefix("sqlite:///")
        return file != self._uri and not Path(file).exists()

    def register(self, candidate: Candidate, *, alias: str | None = None) -> ServedVersion:
        """Register an estimator with its baselines, once per recipe, and point `alias` at it.

        The version appears last, complete, so that a crash leaves a run that nobody refers to. An alias
        that already names a version is left alone: who serves is not a registration's business.
        """
        with _answering(self._uri):
            found = self._by_recipe(candidate.name, candidate.recipe) or self._new_version(candidate)
            if alias is not None and self.served(candidate.name, alias) is None:
                with effect("mlflow set alias"):
                    self._client.set_registered_model_alias(candidate.name, alias, found.version)
        return found

    def made_by(self, name: str, recipe: str) -> ServedVersion | None:
        """Return the version that was registered under a recipe's digest, or None."""
        if self._not_made_yet():
            return None
        with effect("mlflow find version"), _answering(self._uri):
            return self._by_recipe(name, recipe)

    def register_new(self, new: NewVersion) -> ServedVersion:
        """Register a model's folder with its baselines and lineage, once per recipe; no alias moves."""
        import mlflow

        with _answering(self._uri):
            found = self._by_recipe(new.name, new.recipe)
            if found is not None:
                return found
            mlflow.set_tracking_uri(self._uri)  # the store that looks a model up knows no other way
            return served_version(new_version(self._client, self._experiment(), new, self._attach, _RECIPE))

    def _by_recipe(self, name: str, recipe: str) -> ServedVersion | None:
        for found in self._client.search_model_versions(f"name = '{name}'"):
            if found.tags.get(_RECIPE) == recipe:
                return served_version(found)
        return None

    def _new_version(self, candidate: Candidate) -> ServedVersion:
        import mlflow
        import mlflow.sklearn
        from mlflow.models import infer_signature

        mlflow.set_tracking_uri(self._uri)
        mlflow.set_registry_uri(self._uri)
        run = self._client.create_run(self._experiment(), run_name=candidate.name)
        with (
            effect("mlflow log model"),
            mlflow.start_run(run_id=run.info.run_id),
            warnings.catch_warnings(),
        ):
            # Whole numbers are what these columns hold; that a missing value would make them floats is known.
            warnings.filterwarnings("ignore", message="Hint: Inferred schema contains integer")
            logged = mlflow.sklearn.log_model(
                candidate.estimator,
                name="model",
                signature=infer_signature(candidate.example, candidate.estimator.predict(candidate.example)),
                pip_requirements=[f"{name}=={installed_version(name)}" for name in _REQUIREMENTS],
                skops_trusted_types=TRUSTED,
            )
            mlflow.log_metrics(dict(candidate.scores))
            for baseline in candidate.baselines:
                self._attach(run.info.run_id, baseline)
        with effect("mlflow create version"):
            if not self._client.search_registered_models(f"name = '{candidate.name}'"):
                self._client.create_registered_model(candidate.name)
            created = self._client.create_model_version(
                candidate.name,
                logged.model_uri,
                run.info.run_id,
                tags={_RECIPE: candidate.recipe},
                model_id=logged.model_id,  # a server refuses the source without it
            )
        return served_version(created)

    def _attach(self, run_id: str, baseline: AttachedBaseline) -> None:
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "baseline.json").write_text(dump(baseline.facts))
            Path(folder, "profile.bin").write_bytes(baseline.profile)
            if baseline.held_out is not None:
                Path(folder, "held_out.json").write_text(dump(baseline.held_out))
            self._client.log_artifacts(run_id, folder, f"{_FOLDER}/{folder_of(baseline.facts.name)}")

    def _artifacts_of(self, run_id: str) -> Any:
        """Return a run's own files; the client would ask eight times, for those of its models as well."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        return get_artifact_repository(self._client.get_run(run_id).info.artifact_uri, self._uri)

    def _experiment(self) -> str:
        found = self._client.get_experiment_by_name("muster")
        if found is not None:
            return str(found.experiment_id)
        location = None if self._artifacts is None else Path(self._artifacts).absolute().as_uri()
        return str(self._client.create_experiment("muster", artifact_location=location))

    @cached_property
    def _client(self) -> Any:
        for name, value in _QUIET.items():
            os.environ.setdefault(name, value)
        if self._uri.startswith("sqlite:///"):
            Path(self._uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        from mlflow import MlflowClient

        logging.getLogger("alembic").setLevel(logging.WARNING)
        logging.getLogger("mlflow").setLevel(logging.WARNING)
        with _answering(self._uri):
            return MlflowClient(self._uri, self._uri)


def _downloaded(source: str, folder: str, uri: str) -> Path:
    from mlflow.artifacts import download_artifacts

    return Path(download_artifacts(source, dst_path=folder, tracking_uri=uri, registry_uri=uri))


def _signature(source: str) -> tuple[tuple[str, ...] | None, Task | None]:
    """Return the names of a model's inputs and what the type of its output tells, where it says so."""
    from mlflow.exceptions import MlflowException
    from mlflow.models import get_model_info

    try:
        signature = get_model_info(source).signature
    except (MlflowException, OSError, ValueError):  # a model whose files are gone can still be watched
        return None, None
    if signature is None:
        return None, None
    names = signature.inputs.input_names() if signature.inputs is not None else []
    types = [str(kind) for kind in signature.outputs.input_types()] if signature.outputs is not None else []
    fractions = any("float" in kind or "double" in kind for kind in types)
    return tuple(names) or None, ("regression" if fractions else "classification") if types else None


@contextmanager
def _answering(uri: str) -> Iterator[None]:
    """Map what MLflow and its transports raise to RegistryUnavailable, without credentials in the text."""
    from mlflow.exceptions import MlflowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (MlflowException, SQLAlchemyError, ImportError, OSError, json.JSONDecodeError) as error:
        raise unavailable(uri, error) from error
