"""Fits in child processes, by every kind of trainer; what they may not see, and how they fail."""

import json
import runpy
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow.lightgbm
import mlflow.sklearn
import mlflow.xgboost
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from lightgbm import LGBMRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.tree import DecisionTreeRegressor
from xgboost import XGBClassifier, XGBRegressor

from policies.policy import Policy
from policies.remediation import Remediation, Trainer
from profiles.errors import TrainerFailed
from profiles.labels import LABEL
from profiles.layout import TrafficLayout
from tests.fakes import policy
from training.child_fits import ChildFits
from training.orders import FitOrder

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "trainer.py"
ROWS = pa.table({"x": np.arange(200.0), "kind": ["a", "b"] * 100})
TEAM = """
import os
import training
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline


def fit(rows, order):
    assert training.OURS, training.__file__
    assert not any("SECRET" in name or "MUSTER" in name for name in os.environ), sorted(os.environ)
    assert os.path.basename(os.getcwd()) == "team"
    pipeline = make_pipeline(make_column_transformer(("passthrough", ["x"])), LinearRegression())
    return pipeline.fit(rows[order["features"]], rows[order["label"]])


def nothing(rows, order):
    return None


def broken(rows, order):
    raise ValueError("there is no gold")
"""


def by(trainer: Trainer, made: Policy | None = None) -> Policy:
    return replace(made or policy(), remediation=Remediation(trainer=trainer))


def order(root: Path, trainer: Trainer, truth: Any = None, made: Policy | None = None) -> FitOrder:
    labels = pa.array(3.0 * np.arange(200.0)) if truth is None else pa.array(truth)
    return FitOrder(
        policy=by(trainer, made),
        champion="1",
        recipe="all history",
        rows=ROWS.append_column(LABEL, labels),
        asked=ROWS.slice(0, 10),
        features=("x", "kind"),
        label=LABEL,
        folder=root / "order",
    )


def fits(root: Path, champion: Path | None = None, **changes: Any) -> ChildFits:
    def files(name: str, version: str) -> Path:
        assert champion is not None
        return champion

    made = ChildFits(files, lambda _order, _champion: Path(sys.executable), root, ())
    return replace(made, **changes)


@pytest.fixture
def team(tmp_path: Path) -> Path:
    package = tmp_path / "team" / "training"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("OURS = True\n")
    (package / "prices.py").write_text(TEAM)
    return tmp_path


def saved(root: Path, estimator: Any, x: Any, kept: str = "skops") -> Path:
    folder = root / "champion"
    signature = mlflow.models.infer_signature(x, estimator.predict(x))
    mlflow.sklearn.save_model(
        estimator,
        str(folder),
        signature=signature,
        serialization_format=kept,
        pip_requirements=["scikit-learn", "skops"],
        skops_trusted_types=["sklearn.tree._tree.Tree"],
    )
    return folder


def test_a_teams_own_function_is_found_in_a_package_called_training(
    team: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    monkeypatch.setenv("MUSTER_DATABASE_URL", "postgresql://muster:hush@db/ledger")
    trainer = Trainer("function", "training.prices:fit", folder="team")
    fitted = fits(team)(order(team, trainer))
    assert fitted.answers.prediction.to_numpy() == pytest.approx(3 * np.arange(10.0))
    assert fitted.environment["scikit-learn"]
    assert mlflow.sklearn.load_model(str(fitted.model)).predict(ROWS.to_pandas())[-1] == pytest.approx(597)


def test_the_champion_is_cloned_with_its_parameters_and_its_inputs(tmp_path: Path) -> None:
    x = pd.DataFrame({"x": np.arange(20.0)})
    champion = saved(tmp_path, LinearRegression(fit_intercept=False).fit(x, x["x"]), x)
    fitted = fits(tmp_path, champion)(order(tmp_path, Trainer()))
    model = mlflow.sklearn.load_model(str(fitted.model))
    assert (model.fit_intercept, list(model.feature_names_in_)) == (False, ["x"])
    assert model.coef_[0] == pytest.approx(3.0)


def test_classes_keep_the_spelling_that_the_champion_knows(tmp_path: Path) -> None:
    x = pd.DataFrame({"x": np.arange(20.0)})
    champion = saved(tmp_path, LogisticRegression().fit(x, (x["x"] > 9).astype(int)), x)
    layout = TrafficLayout("log", "parquet", "ts", "price", "id", probability="p")
    made = policy(task="classification", traffic=layout)
    truth = np.where(np.arange(200) > 99, "1.0", "0.0")
    fitted = fits(tmp_path, champion)(order(tmp_path, Trainer(), truth, made))
    assert set(fitted.answers.probabilities) == {"1"}
    assert fitted.answers.probabilities["1"].to_numpy().max() < 0.5
    assert mlflow.sklearn.load_model(str(fitted.model)).classes_.tolist() == [0, 1]


def test_an_estimator_with_an_empty_list_of_classes_learns_numbers(tmp_path: Path) -> None:
    made = LinearRegression().fit(X, X["x"])
    made.classes_ = np.array([], dtype=np.int64)  # as CatBoost's regressors have
    fitted = fits(tmp_path, saved(tmp_path, made, X))(order(tmp_path, Trainer()))
    assert fitted.answers.prediction.to_numpy() == pytest.approx(3 * np.arange(10.0))


def test_a_pickled_champion_is_not_read(tmp_path: Path) -> None:
    x = pd.DataFrame({"x": np.arange(20.0)})
    champion = saved(tmp_path, LinearRegression().fit(x, x["x"]), x)
    said = (champion / "MLmodel").read_text().replace("skops", "cloudpickle")
    (champion / "MLmodel").write_text(said)
    with pytest.raises(TrainerFailed, match="runs whatever lies in them"):
        fits(tmp_path, champion)(order(tmp_path, Trainer()))


X = pd.DataFrame({"x": np.arange(60.0)})
OF_TREES: dict[str, Any] = {"n_estimators": 7, "max_depth": 2, "learning_rate": 0.5}


def of_trees(root: Path, flavour: str, estimator: Any, **kept: Any) -> Path:
    """Log a champion as its team does, with MLflow's own function for the flavour."""
    folder = root / "champion"
    save = import_module(f"mlflow.{flavour}").save_model
    requirements = ["scikit-learn", "skops", "xgboost-cpu", "lightgbm"]
    signature = mlflow.models.infer_signature(X, estimator.predict(X))
    save(estimator, str(folder), signature=signature, pip_requirements=requirements, **kept)
    return folder


def test_an_estimator_of_lightgbm_is_cloned_with_its_parameters(tmp_path: Path) -> None:
    made = LGBMRegressor(**OF_TREES, min_child_samples=2, verbose=-1, n_jobs=1).fit(X, X["x"])
    fitted = fits(tmp_path, of_trees(tmp_path, "lightgbm", made))(order(tmp_path, Trainer()))
    model = mlflow.lightgbm.load_model(str(fitted.model))
    assert {name: model.get_params()[name] for name in OF_TREES} == OF_TREES
    assert model.predict(ROWS.to_pandas()[["x"]])[:10] == pytest.approx(fitted.answers.prediction.to_numpy())
    assert model.predict(ROWS.to_pandas()[["x"]])[-1] > 500  # it has learned from the new rows
    assert fitted.environment["lightgbm"]


def test_an_estimator_of_xgboost_is_cloned_with_the_parameters_beside_its_trees(tmp_path: Path) -> None:
    made = XGBClassifier(**OF_TREES, n_jobs=1).fit(X, (X["x"] > 29).astype(int))
    parameters = {"parameters": made.get_params()}
    champion = of_trees(tmp_path, "xgboost", made, metadata=parameters)
    layout = TrafficLayout("log", "parquet", "ts", "price", "id", probability="p")
    policies = policy(task="classification", traffic=layout)
    truth = np.where(np.arange(200) > 99, "1", "0")
    fitted = fits(tmp_path, champion)(order(tmp_path, Trainer(), truth, policies))
    assert fitted.answers.probabilities["1"].to_numpy().max() < 0.5
    model = mlflow.xgboost.load_model(str(fitted.model))
    assert model.get_booster().num_boosted_rounds() == OF_TREES["n_estimators"]
    assert fitted.environment["xgboost-cpu"]
    # The challenger can be refitted in its turn.
    again = order(tmp_path / "again", Trainer(), truth, policies)
    assert fits(tmp_path, fitted.model)(again).answers.prediction.to_numpy() == pytest.approx(0)


def test_an_estimator_of_xgboost_that_forgot_its_parameters_is_refused(tmp_path: Path) -> None:
    made = XGBRegressor(**OF_TREES, n_jobs=1).fit(X, X["x"])
    champion = of_trees(tmp_path, "xgboost", made)
    with pytest.raises(TrainerFailed, match="keeps its trees but not the parameters"):
        fits(tmp_path, champion)(order(tmp_path, Trainer()))
    said = (champion / "MLmodel").read_text().replace("xgboost.sklearn.XGBRegressor", "os.abort")
    (champion / "MLmodel").write_text(said)
    with pytest.raises(TrainerFailed, match=r"a os\.abort, which does not know how it was fitted"):
        fits(tmp_path, champion)(order(tmp_path / "again", Trainer()))


def test_a_list_of_trusted_types_in_the_files_is_not_trusted(tmp_path: Path) -> None:
    made = LGBMRegressor(**OF_TREES, verbose=-1, n_jobs=1).fit(X, X["x"])
    champion = of_trees(tmp_path, "lightgbm", made, skops_trusted_types=["os.system"])
    other = saved(tmp_path / "other", DecisionTreeRegressor().fit(X, X["x"]), X)
    shutil.copy(other / "model.skops", champion / "model.skops")
    with pytest.raises(TrainerFailed, match=r"hold sklearn\.tree\._tree\.Tree, which is not among"):
        fits(tmp_path, champion)(order(tmp_path, Trainer()))


@pytest.mark.parametrize(
    ("mlmodel", "said"),
    [
        (
            "flavors: {pytorch: {}, python_function: {}}",
            "a champion of the flavour pytorch cannot be refitted",
        ),
        ("flavors: {python_function: {}}", "flavour python_function cannot be refitted"),
    ],
)
def test_a_flavour_without_fit_is_refused_by_its_name(tmp_path: Path, mlmodel: str, said: str) -> None:
    (tmp_path / "champion").mkdir()
    (tmp_path / "champion" / "MLmodel").write_text(mlmodel)
    with pytest.raises(TrainerFailed, match=said):
        fits(tmp_path, tmp_path / "champion")(order(tmp_path, Trainer()))


def test_the_command_in_the_documentation_is_a_trainer(tmp_path: Path) -> None:
    (tmp_path / "team").mkdir()
    shutil.copy(EXAMPLE, tmp_path / "team")
    trainer = Trainer("command", f"{sys.executable} trainer.py", folder="team")
    fitted = fits(tmp_path)(order(tmp_path, trainer))
    assert fitted.answers.prediction.to_numpy() == pytest.approx(3 * np.arange(10.0), abs=0.5)


def test_a_deployment_of_somebody_elses_is_run_and_its_files_are_taken(tmp_path: Path) -> None:
    asked = []

    def run(name: str, parameters: Mapping[str, Any], at_most: timedelta) -> None:
        asked.append((name, at_most))
        runpy.run_path(str(EXAMPLE))["main"](parameters["order"])

    fitted = fits(tmp_path, run_deployment=run)(order(tmp_path, Trainer("deployment", "team/fit")))
    assert asked == [("team/fit", timedelta(hours=1))]
    assert len(fitted.answers.prediction) == 10


@pytest.mark.parametrize(
    ("trainer", "said"),
    [
        (Trainer("function", "nowhere:fit"), "nowhere:fit cannot be imported from the working directory"),
        (
            Trainer("function", "training.prices:nothing", folder="team"),
            "NoneType, which has no method predict",
        ),
        (Trainer("function", "training.prices:broken", folder="team"), "ValueError: there is no gold"),
        (Trainer("function", "os:getcwd", folder="gone"), "which is no folder"),
        (Trainer("command", "false"), "ended with exit code 1"),
        (Trainer("command", "no-such-program"), "cannot be started"),
        (Trainer("command", "true"), "has left no model/MLmodel"),
        (Trainer("command", "sh -c 'kill -9 $$'"), "for want of memory"),
        (Trainer("command", "sh -c 'kill -15 $$'"), "ended by signal 15"),
        (Trainer("command", "tail -f", at_most=timedelta(seconds=1)), "took longer than 1s and was ended"),
        (Trainer("deployment", "a/b"), "needs a Prefect server"),
    ],
)
def test_what_a_trainer_does_wrong_is_told(team: Path, trainer: Trainer, said: str) -> None:
    with pytest.raises(TrainerFailed, match=said):
        fits(team)(order(team, trainer))


@pytest.mark.parametrize(
    ("answers", "said"),
    [
        (
            pd.DataFrame({"prediction": np.zeros(3)}),
            "3 answers in the columns prediction; one for each of 10",
        ),
        (pd.DataFrame({"price": np.zeros(10)}), "in the column prediction"),
        (pd.DataFrame({"prediction": np.zeros(10), "probability 2": 0.5}), "no probability of the class 1"),
    ],
)
def test_answers_that_do_not_fit_the_order_are_refused(
    tmp_path: Path, answers: pd.DataFrame, said: str
) -> None:
    def run(_name: str, parameters: Mapping[str, Any], _at_most: timedelta) -> None:
        folder = Path(json.loads(Path(parameters["order"]).read_text())["folder"])
        (folder / "model").mkdir()
        (folder / "model" / "MLmodel").write_text("flavors: {}")
        answers.to_parquet(folder / "answers.parquet")

    traffic = TrafficLayout("log", "parquet", "ts", "price", "id", probability="p")
    made = policy(traffic=traffic) if "probability" in said else None
    with pytest.raises(TrainerFailed, match=said):
        fits(tmp_path, run_deployment=run)(order(tmp_path, Trainer("deployment", "a/b"), made=made))
