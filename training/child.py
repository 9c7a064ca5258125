"""Fits one model, alone: this file imports nothing of Muster and runs under any Python from 3.9 on.

    python child.py ORDER.json

reads the order (see docs/retraining.md), fits, and writes `model/`, `answers.parquet` and, last of all,
`done.json` into the order's folder. What goes wrong is said in `error.txt`, and the exit code is 1.
"""

from __future__ import annotations

import importlib
import json
import os
import platform
import sys
import threading
import time
import traceback
import warnings
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

# Flavours of which a champion is refitted; each can be read without running what lies in it.
_FLAVOURS = ("sklearn", "lightgbm", "xgboost", "catboost")
# What an estimator of LightGBM holds beside its trees: MLflow's own list, not the one that lies in the files.
_OF_LIGHTGBM = (
    "collections.OrderedDict",
    "lightgbm.basic.Booster",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
)
# Where an estimator's own parameters lie, in the metadata of MLflow's format.
_PARAMETERS = "parameters"
_INSTEAD = "name a trainer in the policy (function, command or deployment)"


class Refused(Exception):
    """What a person has to know."""


def main(order_file: str) -> int:
    """Carry out an order and return the exit code."""
    order = json.loads(Path(order_file).read_text(encoding="utf-8"))
    # The folder of this file holds modules of Muster, which a team's own modules may be named like.
    sys.path[0:1] = [order["trainer_folder"]] if order["trainer_folder"] else []
    folder = Path(order["folder"])
    try:
        _carry_out(order, folder)
    except Refused as refused:
        said = str(refused)
    except MemoryError:
        said = "the rows did not fit into memory"
    except BaseException as error:  # noqa: BLE001 - whatever a trainer raises is to be told
        traceback.print_exc()
        said = f"{type(error).__name__}: {error}"
    else:
        return 0
    (folder / "error.txt").write_text(said, encoding="utf-8")
    return 1


def _carry_out(order: Mapping[str, Any], folder: Path) -> None:
    import pandas as pd

    rows = pd.read_parquet(folder / order["rows"])
    asked = pd.read_parquet(folder / order["asked"])
    if order["trainer"] == "function":
        fitted, inputs, saved = _by_function(order, rows), order["features"], None
    else:
        fitted, inputs, saved = _refitted(order, rows)
    if not hasattr(fitted, "predict"):
        raise Refused(f"the trainer returned {type(fitted).__name__}, which has no method predict")
    questions = typed(asked[inputs], saved)
    _write_answers(fitted, questions, folder / "answers.parquet")
    packages = _save(fitted, questions, order, folder / "model", saved)
    done = {"estimator": type(fitted).__name__, "environment": packages}
    unfinished = folder / "done.part"
    unfinished.write_text(json.dumps(done), encoding="utf-8")
    unfinished.replace(folder / "done.json")


def _by_function(order: Mapping[str, Any], rows: Any) -> Any:
    module, _, name = order["entry"].partition(":")
    try:
        function = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        traceback.print_exc()
        where = order["trainer_folder"] or "the working directory"
        raise Refused(f"the trainer {order['entry']} cannot be imported from {where}: {error}") from error
    return function(rows, order)


def _refitted(order: Mapping[str, Any], rows: Any) -> tuple[Any, list[str], Any]:
    """Clone the champion's estimator and fit it; returns it, its inputs and its saved form."""
    from sklearn.base import clone

    champion, saved = read_champion(order["champion"], order["trusted"])
    inputs = inputs_of(seen_by(champion), saved, order["features"])
    truth = rows[order["label"]]
    classes: Any = getattr(champion, "classes_", ())  # CatBoost's regressors have none of them too
    if len(classes) and truth.dtype != classes.dtype:
        truth = _as_classes(truth, classes)
    weights = {} if order["weight"] is None else {"sample_weight": rows[order["weight"]].to_numpy()}
    return clone(champion).fit(typed(rows[inputs], saved), truth, **weights), inputs, saved


def inputs_of(known: list[str], saved: Any, features: list[str]) -> list[str]:
    """Return the columns that a champion takes: those of its signature, else those `known` to have been seen.

    Refused where `features` lack one of the signature.
    """
    named = [each["name"] for each in _signature(saved, "inputs")]
    if lacking := sorted(set(named) - set(features)):
        raise Refused(f"the champion's signature asks for {lacking[0]}, which the prediction log lacks")
    return named or (known if known and set(known) <= set(features) else features)


def seen_by(champion: Any) -> list[str]:
    """Return the names of the columns that an estimator was fitted on, as far as it knows them."""
    return [str(each) for each in getattr(champion, "feature_names_in_", ())]


def _as_classes(truth: Any, classes: Any) -> Any:
    """Give labels the spelling that the champion knows: a log may hold texts where it learned numbers."""
    known = {str(each): each for each in classes.tolist()}
    spelled = truth.map(lambda value: known.get(str(value), known.get(_whole(value) or "")))
    if spelled.isna().any():
        strange = truth[spelled.isna()].iloc[0]
        said = ", ".join(sorted(known))
        raise Refused(f"the label {strange!r} is none of the champion's classes {said}")
    return spelled.astype(classes.dtype)


def _whole(value: Any) -> str | None:
    try:
        return str(int(float(value)))
    except (TypeError, ValueError, OverflowError):
        return None


def read_champion(folder: str | None, trusted: list[str]) -> tuple[Any, Any]:
    """Return a champion that can be cloned, and what MLflow says of it; Refused tells why it is not read."""
    champion, saved = _read(folder, trusted)
    if not hasattr(champion, "fit") or not hasattr(champion, "get_params"):
        made = type(champion).__name__
        raise Refused(
            f"the champion is a {made} without fit and get_params, and cannot be cloned: {_INSTEAD}"
        )
    return champion, saved


def _read(folder: str | None, trusted: list[str]) -> tuple[Any, Any]:
    import yaml

    if folder is None:
        raise Refused("no model registry holds the champion's files: name a trainer in the policy")
    saved = yaml.safe_load(Path(folder, "MLmodel").read_text(encoding="utf-8"))
    flavors = saved.get("flavors", {})
    found = next((name for name in _FLAVOURS if name in flavors), None)
    if found == "sklearn":
        return _from_skops(folder, flavors[found], "pickled_model", trusted), saved
    if found == "lightgbm":
        return _from_skops(folder, flavors[found], "data", [*trusted, *_OF_LIGHTGBM]), saved
    if found == "xgboost":
        return _from_xgboost(folder, flavors[found], saved), saved
    if found == "catboost":
        return importlib.import_module("mlflow.catboost").load_model(folder), saved
    names = ", ".join(sorted(set(flavors) - {"python_function"})) or "python_function"
    raise Refused(f"a champion of the flavour {names} cannot be refitted: {_INSTEAD}")


def _from_xgboost(folder: str, flavor: Mapping[str, Any], saved: Any) -> Any:
    """Load an estimator with what it was made with: XGBoost's file keeps the trees and forgets the rest."""
    if not (made_by := str(flavor.get("model_class"))).startswith("xgboost.sklearn.XGB"):
        raise Refused(
            f"the champion is a {made_by}, which does not know how it was fitted: log an estimator of "
            f"xgboost.sklearn, or {_INSTEAD}"
        )
    kept = (saved.get("metadata") or {}).get(_PARAMETERS)
    if not isinstance(kept, dict):
        raise Refused(
            "the file of an XGBoost model keeps its trees but not the parameters that it was fitted with: "
            f'log it with metadata={{"{_PARAMETERS}": model.get_params()}}, or {_INSTEAD}'
        )
    return importlib.import_module("mlflow.xgboost").load_model(folder).set_params(**kept)


def _from_skops(folder: str, flavor: Mapping[str, Any], where: str, trusted: list[str]) -> Any:
    kept = flavor.get("serialization_format")
    if kept != "skops":
        raise Refused(
            f"the champion's files are {kept}, which runs whatever lies in them when it is read: log it with "
            f"skops, or {_INSTEAD}"
        )
    import skops.io

    path = Path(folder, flavor[where])
    strange = sorted(set(skops.io.get_untrusted_types(file=path)) - set(trusted))
    if strange:
        said = f"hold {strange[0]}, which is not among the types that are safe to read"
        raise Refused(f"the champion's files {said}: {_INSTEAD}")
    return skops.io.load(path, trusted=list(trusted))


def _signature(saved: Any, side: str) -> list[dict[str, Any]]:
    signature = (saved or {}).get("signature") or {}
    found = json.loads(signature.get(side) or "[]")
    return [each for each in found if each.get("name")]


# MLflow's names of types, and those of pandas; a log may hold numbers as texts, because they are names.
_TYPES = {"long": "int64", "integer": "int32", "double": "float64", "float": "float32", "boolean": "bool"}


def typed(rows: Any, saved: Any) -> Any:
    """Give the columns the types that the signature tells, where their values allow it."""
    rows = rows.copy()
    for each in _signature(saved, "inputs"):
        name, kind = each["name"], each["type"]
        if name not in rows or (kind != "string" and kind not in _TYPES):
            continue
        if kind == "string":
            there = rows[name].notna()
            rows[name] = rows[name].astype(object).where(~there, rows[name].astype(str))
            continue
        wanted = _TYPES[kind]
        if rows[name].isna().any() and wanted[0] in "ib":
            wanted = "float64"
        rows[name] = rows[name].astype(wanted)
    return rows


def _write_answers(fitted: Any, asked: Any, path: Path) -> None:
    import numpy as np
    import pandas as pd

    columns = {"prediction": np.asarray(fitted.predict(asked)).ravel()}
    if hasattr(fitted, "predict_proba") and hasattr(fitted, "classes_"):
        chances = np.asarray(fitted.predict_proba(asked))
        for place, name in enumerate(np.asarray(fitted.classes_).tolist()):
            columns[f"probability {json.dumps(name)}"] = chances[:, place]
    pd.DataFrame(columns).to_parquet(path, index=False)


def _save(fitted: Any, asked: Any, order: Mapping[str, Any], path: Path, saved: Any) -> dict[str, str]:
    """Save in MLflow's format, and return what it was made with."""
    try:
        import mlflow
    except ImportError as error:
        raise Refused(f"the trainer's environment has no mlflow, which saves the model: {error}") from error
    from mlflow.models import infer_signature

    flavor = next((each for each in _FLAVOURS if each in (saved or {}).get("flavors", {})), "sklearn")
    if flavor == "sklearn" and not hasattr(fitted, "get_params"):
        raise Refused(
            f"{type(fitted).__name__} is no estimator of scikit-learn's kind, and cannot be saved as one: "
            "use a command, which saves its model itself"
        )
    packages = _installed(order["packages"])
    extra: dict[str, Any] = {}
    if flavor == "sklearn":
        extra["skops_trusted_types"] = order["trusted"]
    elif flavor == "xgboost":
        extra["metadata"] = {_PARAMETERS: fitted.get_params()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        example = asked.head(100)
        importlib.import_module(f"mlflow.{flavor}").save_model(
            fitted,
            str(path),
            signature=infer_signature(example, fitted.predict(example)),
            pip_requirements=[f"{name}=={version}" for name, version in packages.items()],
            **extra,
        )
    return {"python": platform.python_version(), **packages, "mlflow": mlflow.__version__}


def _installed(names: list[str]) -> dict[str, str]:
    found = {}
    for name in names:
        with suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def _end_with(parent: int) -> None:
    """End as soon as whoever ordered this is gone: nobody would take the model."""
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    sys.exit(main(sys.argv[1]))
