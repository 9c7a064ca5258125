"""A backtest of a registered model fits the champion's own estimator, as its retraining clones it."""

from collections.abc import Callable
from pathlib import Path

import mlflow.sklearn
import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from flows.backtest import Order, prepared
from flows.champions_estimator import estimator_of_champion
from profiles.errors import MusterError, TrainerFailed
from tests.fakes import DAY, START, loaded
from tests.flows.retrained import register_champion, settings_of, shop, write_rows
from training.as_champion import like_champion

X = pd.DataFrame({"x": np.linspace(-3, 3, 200)})
OTHERS = pd.DataFrame({"noise": ["a", "b"], "x": ["1", "2"]})


def test_the_first_version_of_a_backtest_is_the_champions_estimator_fitted_on_the_past(
    tmp_path: Path, mlflow_store: Callable[[Path], str]
) -> None:
    uri = mlflow_store(tmp_path)
    register_champion(uri, tmp_path, Ridge(alpha=0.5).fit(X, 10 * X["x"]))
    write_rows(tmp_path)
    estimator = estimator_of_champion(shop(), settings_of(tmp_path, uri))
    state, until = tmp_path / "state" / "backtest", START + 15 * DAY
    replay = prepared(Order(loaded(shop()), tmp_path, estimator, state, until))
    with replay.world.ledger:
        fitted = replay.first[-1]
        assert (type(fitted), fitted.alpha, list(fitted.feature_names_in_)) == (Ridge, 0.5, ["x"])
        assert fitted.coef_[0] == pytest.approx(20, abs=0.5)  # what came true, not what the champion learned
        assert replay.windows[0].start == until


def test_a_model_without_a_champion_is_told_what_to_do(
    tmp_path: Path, mlflow_store: Callable[[Path], str]
) -> None:
    with pytest.raises(MusterError, match=r"no version of shop\.prices has the alias .* with --estimator"):
        estimator_of_champion(shop(), settings_of(tmp_path, mlflow_store(tmp_path)))


def champion(root: Path, fitted: LinearRegression, kept: str = "skops") -> Path:
    signature = mlflow.models.infer_signature(X, fitted.predict(X))
    mlflow.sklearn.save_model(
        fitted, str(root / "m"), signature=signature, serialization_format=kept, pip_requirements=["skops"]
    )
    return root / "m"


def test_only_the_columns_of_the_signature_are_used_in_their_types(tmp_path: Path) -> None:
    made = like_champion(champion(tmp_path, LinearRegression().fit(X, X["x"])), (), "version 1")
    assert made.fit(OTHERS, [1.0, 2.0]).predict(OTHERS) == pytest.approx([1, 2])
    with pytest.raises(TrainerFailed, match="asks for x, which the prediction log lacks"):
        made.fit(OTHERS[["noise"]], [1.0, 2.0])


def test_a_champion_that_would_run_what_lies_in_it_is_not_read(tmp_path: Path) -> None:
    folder = champion(tmp_path, LinearRegression().fit(X, X["x"]))
    said = (folder / "MLmodel").read_text().replace("skops", "cloudpickle")
    (folder / "MLmodel").write_text(said)
    with pytest.raises(
        TrainerFailed, match=r"version 1 cannot be fitted again here: .*runs whatever lies in"
    ):
        like_champion(folder, (), "version 1")
