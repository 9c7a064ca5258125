"""What MLflow says of a model in its folder: how it is loaded, what it takes, what it needs."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import yaml

from profiles.errors import RegistryUnavailable

Loader: TypeAlias = Literal["skops", "pickle", "pyfunc"]


@dataclass(frozen=True)
class ModelFile:
    """How a version is loaded (`file` is relative to its folder) and what it takes.

    `inputs` maps each column to its type in MLflow's words, empty where the model has no signature.
    `requirements` are lines of pip's, `python` is a version such as `3.11.7`; None where nobody recorded it.
    """

    loader: Loader
    file: str | None
    inputs: Mapping[str, str]
    requirements: tuple[str, ...]
    python: str | None


def read_model_file(folder: Path, what: str) -> ModelFile:
    """Read the folder of a version; `what` names it in RegistryUnavailable, for a folder that is no model."""
    try:
        said = yaml.safe_load((folder / "MLmodel").read_text(encoding="utf-8"))
        flavors: Mapping[str, Any] = said["flavors"]
        loader, file = _loader(flavors, what)
        return ModelFile(loader, file, _inputs(said, what), _requirements(folder), _python(folder))
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError) as error:
        raise RegistryUnavailable(
            f"{what} is no model that MLflow saved ({type(error).__name__} in its file MLmodel); "
            "register it with mlflow's log_model"
        ) from error


def _loader(flavors: Mapping[str, Any], what: str) -> tuple[Loader, str | None]:
    native = flavors.get("sklearn")
    if native is not None:
        skops = native.get("serialization_format") == "skops"
        return ("skops" if skops else "pickle"), native["pickled_model"]
    if "python_function" in flavors:
        return "pyfunc", None
    raise RegistryUnavailable(
        f"{what} can only be loaded as {' or '.join(sorted(flavors))}, which has no predict in Python; "
        "log it with a python_function flavor"
    )


def _inputs(said: Mapping[str, Any], what: str) -> dict[str, str]:
    signature = said.get("signature") or {}
    columns = json.loads(signature.get("inputs") or "[]")
    if any("name" not in column for column in columns):
        raise RegistryUnavailable(
            f"{what} has a signature without names of columns; log it with infer_signature of a data frame"
        )
    return {column["name"]: str(column["type"]) for column in columns}


def _requirements(folder: Path) -> tuple[str, ...]:
    file = folder / "requirements.txt"
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _python(folder: Path) -> str | None:
    file = folder / "python_env.yaml"
    said = yaml.safe_load(file.read_text(encoding="utf-8")) if file.exists() else None
    return str(said["python"]) if said and said.get("python") else None
