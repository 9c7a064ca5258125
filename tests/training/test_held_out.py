"""What is learned of held-out rows: strata, importance, calibration; without values of sensitive columns."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LinearRegression, LogisticRegression

from profiles.held_out import HeldOut
from profiles.layout import TrafficLayout
from profiles.strata import Node, Strata
from registry.canonical import dump, load
from training.calibration import calibrated
from training.held_out import learned
from training.importance import column_importance

LAYOUT = TrafficLayout("log", "parquet", "ts", "prediction", "id", probability="p")


def answered(rows: int = 2_000) -> pa.Table:
    random = np.random.default_rng(0)
    x = random.normal(size=rows)
    p = 1 / (1 + np.exp(-3 * x))
    return pa.table({
        "ts": pa.array(np.zeros(rows, "datetime64[us]")), "id": np.arange(rows), "x": x,
        "born": random.normal(size=rows),
        "prediction": (p > 0.5).astype(int), "p": np.clip(p * 1.2, 0, 1),
        "came": (random.random(rows) < p).astype(int),
    })  # fmt: skip


def test_held_out_rows_are_kept_as_plain_numbers_that_read_back_the_same() -> None:
    found = learned(answered(), "came", LAYOUT, "accuracy", {"x": 0.5})
    assert found is not None
    assert found.loss == "share wrong"
    assert sum(each.labelled for each in found.losses) == found.rows == 2_000
    assert "came" not in found.strata.columns
    assert found.importance == {"x": 0.5}
    assert load(HeldOut, dump(found)) == found


def test_a_ranking_has_no_losses_of_rows() -> None:
    assert learned(answered(), "came", LAYOUT, "ndcg@10") is None


def test_strata_ask_for_no_sensitive_column() -> None:
    hidden = TrafficLayout(
        "log", "parquet", "ts", "prediction", "id", probability="p", sensitive=("x", "p", "born")
    )
    found = learned(answered(), "came", hidden, "mae")
    assert found is not None
    assert not set(found.strata.columns) & {"x", "p", "born"}


def test_losses_belong_to_strata() -> None:
    with pytest.raises(ValueError, match="1 strata have losses of their own, found 0"):
        HeldOut(1, "share wrong", Strata((Node(stratum=0),)), ())


def test_calibration_is_isotonic_regression_between_its_knots() -> None:
    rows = answered()
    found = calibrated(rows.column("came"), {"1": rows.column("p")})["1"]
    p, came = rows.column("p").to_numpy(), rows.column("came").to_numpy()
    reference = IsotonicRegression(out_of_bounds="clip", y_min=0, y_max=1).fit(p, came)
    asked = np.linspace(-0.5, 1.5, 101)
    assert found.of(asked) == pytest.approx(reference.predict(asked))


def test_the_column_that_a_model_goes_by_is_important_and_the_other_is_not() -> None:
    random = np.random.default_rng(1)
    rows = pd.DataFrame({"x": random.normal(size=500), "noise": random.normal(size=500)})
    truth = 3 * rows["x"] + random.normal(size=500)
    found = column_importance(LinearRegression().fit(rows, truth), rows, truth, "absolute error")
    assert found["x"] > 1
    assert 0 <= found["noise"] < 0.05
    classes = np.where(truth > 0, "yes", "no")
    chosen = LogisticRegression().fit(rows, classes)
    of_chances = column_importance(chosen, rows, classes, "squared error of probabilities")
    assert of_chances["x"] > 0.5 > of_chances["noise"]


def test_of_a_model_that_is_never_wrong_nothing_is_important() -> None:
    rows = pd.DataFrame({"x": np.arange(50.0)})
    fitted = LinearRegression().fit(rows, rows["x"])
    fitted.intercept_, fitted.coef_ = 0.0, np.ones(1)
    assert column_importance(fitted, rows, rows["x"], "absolute error") == {"x": 0.0}
