"""Versions answer in processes of their own, by what was recorded for them."""

import shutil
import sys
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.linear_model import LinearRegression, LogisticRegression

from policies.remediation import Remediation, Trainer
from profiles.errors import ColumnMissing, RegistryUnavailable, ServiceFailed
from registry.model_files import ModelStore
from registry.model_registry import Candidate
from registry.versions import TRUSTED, MlflowVersions
from serving.environments import key
from serving.model_file import read_model_file
from serving.predictions import Limits, Predictions
from tests.fakes import policy

X = pd.DataFrame({"rooms": np.arange(40) % 7, "size": np.linspace(20, 90, 40)})
LOGGED = pa.table({"rooms": [str(each) for each in X["rooms"]], "size": X["size"], "price": X["size"]})


@pytest.fixture(scope="module")
def versions(mlflow_store: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> MlflowVersions:
    """Version 1 tells prices, version 1 of another model tells classes."""
    folder = tmp_path_factory.mktemp("mlflow")
    made = MlflowVersions(mlflow_store(folder), str(folder / "artifacts"))
    dear = X["size"] > 60
    for name, estimator in {
        "shop.prices": LinearRegression().fit(X, 3 * X["size"] + X["rooms"]),
        "shop.dear": LogisticRegression().fit(X, dear),
    }.items():
        made.register(Candidate(name, "first", estimator, X.head(3), (), {}), alias="champion")
    return made


@pytest.fixture
def store(versions: MlflowVersions, tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models", versions.fetch)


@pytest.fixture
def predictions(store: ModelStore, tmp_path: Path) -> Iterator[Predictions]:
    with Predictions(store, tmp_path / "environments", tmp_path, TRUSTED) as made:
        yield made


def test_a_version_answers_rows_as_they_are_logged(predictions: Predictions) -> None:
    answers = predictions(policy(), "1", LOGGED)
    assert answers.prediction.to_pylist() == pytest.approx((3 * X["size"] + X["rooms"]).to_list())
    assert answers.probabilities == {}
    assert len(predictions(policy(), "1", LOGGED.slice(0, 0)).prediction) == 0


def test_a_classifier_answers_with_the_probability_of_each_class(predictions: Predictions) -> None:
    answers = predictions(policy("shop.dear"), "1", LOGGED)
    assert set(answers.prediction.to_pylist()) == {True, False}
    assert set(answers.probabilities) == {"0", "1"}
    assert np.add(*map(np.asarray, answers.probabilities.values())) == pytest.approx(np.ones(40))


def test_the_next_window_is_answered_by_the_same_process(predictions: Predictions) -> None:
    predictions(policy(), "1", LOGGED)
    (child,) = predictions._children.values()
    predictions(policy(), "1", LOGGED.slice(3, 4))
    assert list(predictions._children.values()) == [child]
    child._process.kill()
    child._process.wait()
    assert len(predictions(policy(), "1", LOGGED).prediction) == 40


def test_rows_that_a_version_fails_on_stay_without_answer(predictions: Predictions) -> None:
    size = [None if k in {3, 30} else float(k) for k in range(40)]
    answers = predictions(policy(), "1", LOGGED.set_column(1, "size", pa.array(size)))
    assert [k for k, each in enumerate(answers.prediction.to_pylist()) if each is None] == [3, 30]
    nothing = LOGGED.set_column(1, "size", pa.nulls(40, pa.float64()))
    with pytest.raises(ServiceFailed, match=r"failed on all 40 rows: ValueError in \S*, line \d+$"):
        predictions(policy(), "1", nothing)


def test_rows_without_a_column_or_with_other_values_are_refused_by_name(predictions: Predictions) -> None:
    with pytest.raises(ColumnMissing, match="takes rooms, which the rows do not have"):
        predictions(policy(), "1", LOGGED.drop_columns("rooms"))
    with pytest.raises(ServiceFailed, match="takes rooms as long, and the rows hold something else") as found:
        predictions(policy(), "1", LOGGED.set_column(0, "rooms", pa.array(["private"] * 40)))
    assert "private" not in str(found.value)


def test_a_version_is_copied_once_and_checked_each_time(store: ModelStore, tmp_path: Path) -> None:
    found = store.files("shop.prices", "1")
    asked: list[Any] = []
    again = ModelStore(tmp_path / "models", lambda *what: asked.append(what))
    assert again.files("shop.prices", "1", found.digest) == found
    assert asked == []
    with pytest.raises(RegistryUnavailable, match="recorded with the digest sha256:0000"):
        again.files("shop.prices", "1", "sha256:0000")
    (found.folder / "model.skops").write_bytes(b"something else")
    with pytest.raises(RegistryUnavailable, match=r"model\.skops is not what was copied"):
        again.files("shop.prices", "1")


def test_a_version_that_cannot_be_copied_leaves_nothing_behind(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(RegistryUnavailable):
        store.files("shop.prices", "7")
    assert not store.has("shop.prices", "7")
    with pytest.raises(RegistryUnavailable, match="has no files"):
        ModelStore(tmp_path / "other", lambda *_: None).files("shop.prices", "1")
    assert list((tmp_path / "other" / "shop.prices").iterdir()) == []


def test_an_environment_of_its_own_is_preferred_and_a_missing_one_is_told(
    predictions: Predictions, store: ModelStore, tmp_path: Path
) -> None:
    folder = store.files("shop.prices", "1").folder
    needs = folder / "requirements.txt"
    shutil.copytree(store.files("shop.prices", "1").folder, tmp_path / "older")
    (tmp_path / "older" / "requirements.txt").write_text("scikit-learn==0.24.1\n")

    def older(_name: str, _version: str, into: Path) -> None:
        shutil.copytree(tmp_path / "older", into, dirs_exist_ok=True)

    aged = ModelStore(tmp_path / "aged", older)
    model = read_model_file(aged.files("shop.prices", "1").folder, "version 1")
    assert model.requirements != read_model_file(needs.parent, "version 1").requirements
    with Predictions(aged, tmp_path / "environments", tmp_path, TRUSTED) as asked:
        with pytest.raises(
            ServiceFailed, match=r"made with another environment.*scikit-learn==0\.24\.1"
        ) as no:
            asked(policy(), "1", LOGGED)
        made = tmp_path / "environments" / key(model)
        assert f"-m venv {made}" in str(no.value)
        (made / "bin").mkdir(parents=True)
        (made / "bin" / "python").symlink_to(_interpreter(tmp_path))
        assert len(asked(policy(), "1", LOGGED).prediction) == 40
        (child,) = asked._children.values()
        assert child._process.args[0] == str(made / "bin" / "python")


def test_the_interpreter_that_a_policy_names_is_taken(predictions: Predictions, tmp_path: Path) -> None:
    named = policy(remediation=Remediation(trainer=Trainer(python=str(_interpreter(tmp_path)))))
    assert len(predictions(named, "1", LOGGED).prediction) == 40
    gone = policy(remediation=Remediation(trainer=Trainer(python="no/such/python")))
    with pytest.raises(ServiceFailed, match=r"no/such/python, which is no file; correct trainer\.python"):
        predictions(gone, "1", LOGGED)


def _interpreter(folder: Path) -> Path:
    """An interpreter of another name that has the packages of this one."""
    script = folder / "their-python"
    script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    script.chmod(0o755)
    return script


TEAMS = """
import os, sys, time, numpy
class Model:
    def predict(self, rows):
        print("a line that is no answer")
        if rows["size"].iloc[0] < 0:
            time.sleep(60)
        if rows["size"].iloc[0] > 1000:
            os._exit(7)
        return numpy.array([len([name for name in os.environ if name.startswith("SECRET")])] * len(rows))
"""


@pytest.fixture
def of_a_team(store: ModelStore, tmp_path: Path) -> ModelStore:
    """A pickled model of a team whose package is called `training`."""
    shutil.copytree(store.files("shop.prices", "1").folder, tmp_path / "teams")
    team = tmp_path / "team" / "training"
    team.mkdir(parents=True)
    (team / "__init__.py").write_text("")
    (team / "model.py").write_text(TEAMS)
    says = tmp_path / "teams" / "MLmodel"
    said = says.read_text().replace("serialization_format: skops", "serialization_format: pickle")
    says.write_text(said.replace("pickled_model: model.skops", "pickled_model: model.pkl"))
    (tmp_path / "teams" / "model.pkl").write_bytes(b"\x80\x03ctraining.model\nModel\n)\x81.")
    return ModelStore(
        tmp_path / "copies",
        lambda _n, _v, into: shutil.copytree(tmp_path / "teams", into, dirs_exist_ok=True),
    )


def test_a_pickle_is_loaded_by_the_child_alone_with_the_teams_path_and_no_secret(
    of_a_team: ModelStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_SLACK", "x")
    theirs = policy(remediation=Remediation(trainer=Trainer(folder="team")))
    with Predictions(of_a_team, tmp_path / "environments", tmp_path, TRUSTED) as asked:
        assert asked(theirs, "1", LOGGED).prediction.to_pylist() == [0] * 40
        with pytest.raises(ServiceFailed, match=r"cannot be loaded .* ModuleNotFoundError"):
            asked(policy(), "1", LOGGED)
    assert "training.model" not in sys.modules


@pytest.mark.parametrize(
    ("size", "said"), [(-1.0, "took longer than 0.5 s"), (2e3, "ended by itself with code 7")]
)
def test_a_child_that_hangs_or_dies_is_told_and_replaced(
    of_a_team: ModelStore, tmp_path: Path, size: float, said: str
) -> None:
    theirs = policy(remediation=Remediation(trainer=Trainer(folder="team")))
    with Predictions(
        of_a_team, tmp_path / "environments", tmp_path, TRUSTED, Limits(answering=timedelta(seconds=0.5))
    ) as asked:
        with pytest.raises(ServiceFailed, match=said):
            asked(theirs, "1", LOGGED.set_column(1, "size", pa.array([size] * 40)))
        asked._limits = Limits()
        assert len(asked(theirs, "1", LOGGED).prediction) == 40


def test_types_that_nobody_trusts_are_refused_by_name(
    versions: MlflowVersions, store: ModelStore, tmp_path: Path
) -> None:
    with Predictions(store, tmp_path / "environments", tmp_path, ()) as asked:
        assert len(asked(policy(), "1", LOGGED).prediction) == 40
    from skops.io import dump

    folder = shutil.copytree(store.files("shop.prices", "1").folder, tmp_path / "odd")
    dump(Odd(), folder / "model.skops")
    odd = ModelStore(
        tmp_path / "copied", lambda _n, _v, into: shutil.copytree(folder, into, dirs_exist_ok=True)
    )
    with (
        Predictions(odd, tmp_path / "environments", tmp_path, TRUSTED) as asked,
        pytest.raises(ServiceFailed, match=r"not on the list of trusted ones: .*Odd"),
    ):
        asked(policy(), "1", LOGGED)


class Odd(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """An estimator that nobody knows."""
