import subprocess
import sys

import numpy as np
import pyarrow as pa
import pytest

from profiles.metrics import METRICS
from profiles.scores import score

TRUTH = [3.0, -0.5, 2.0, 7.0]
PREDICTION = [2.5, 0.0, 2.0, 8.0]


@pytest.mark.parametrize(
    ("metric", "value"), [("mae", 0.5), ("rmse", 0.6123724356957945), ("r2", 0.9486081370449679)]
)
def test_regression_scores_are_scikit_learns(metric: str, value: float) -> None:
    found = score(metric, pa.array(TRUTH), np.array(PREDICTION))
    assert found is not None
    assert found.value == pytest.approx(value)
    assert found.rows == 4


@pytest.mark.parametrize(
    ("metric", "truth", "prediction", "value"),
    [
        ("accuracy", [0, 1, 1, 1], [0, 1, 0, 1], 0.75),
        ("precision", [0, 1, 1, 0], [1, 1, 0, 0], 0.5),
        ("recall", [0, 1, 1, 1], [0, 1, 0, 1], 2 / 3),
        ("f1", [1, 0, 1], [1, 1, 1], 0.8),
        # Three classes: 2/4 rows of a at precision 1, 1/4 of b at 1/2, 1/4 of c never predicted.
        ("precision", ["a", "a", "b", "c"], ["a", "a", "b", "b"], 0.625),
        ("recall", ["a", "a", "b", "c"], ["a", "a", "b", "b"], 0.75),
    ],
)
def test_classification_is_binary_for_zero_and_one_and_weighted_otherwise(
    metric: str, truth: list[object], prediction: list[object], value: float
) -> None:
    found = score(metric, pa.array(truth), pa.array(prediction))
    assert found is not None
    assert found.value == pytest.approx(value)


def test_rows_without_label_or_prediction_are_left_out() -> None:
    found = score("mae", pa.array([1.0, None, float("nan"), 4.0]), pa.chunked_array([[2, 2], [2, None]]))
    assert found is not None
    assert (found.value, found.rows, found.standard_error) == (1.0, 1, None)


@pytest.mark.parametrize(
    ("metric", "truth", "prediction"),
    [("mae", [], []), ("accuracy", [None], [None]), ("r2", [1.0], [1.0]), ("rmse", [1.0], [float("inf")])],
)
def test_what_cannot_be_scored_has_no_score(metric: str, truth: list[float], prediction: list[float]) -> None:
    assert score(metric, pa.array(truth, pa.float64()), pa.array(prediction, pa.float64())) is None


@pytest.mark.parametrize(
    ("truth", "prediction"),
    [
        (pa.array([True, False, None]), pa.array([1, 0, 1])),
        (pa.array([1, 0, None]), pa.array(["1", "0", "1"])),
        (pa.array(["a", None, "b"]), pa.array(["a", "a", "b"]).dictionary_encode()),
    ],
)
def test_classes_are_compared_by_value_whatever_nulls_did_to_their_type(
    truth: pa.Array, prediction: pa.Array
) -> None:
    found = score("accuracy", truth, prediction)
    assert found is not None
    assert (found.value, found.rows) == (1.0, 2)


def test_the_standard_error_is_that_of_the_mean_loss() -> None:
    rng = np.random.default_rng(0)
    truth, prediction = rng.normal(size=400), rng.normal(size=400)
    mae, accuracy = score("mae", truth, prediction), score("accuracy", truth > 0, prediction > 0)
    assert mae is not None
    assert accuracy is not None
    assert mae.standard_error == pytest.approx(np.abs(truth - prediction).std(ddof=1) / 20)
    # A share's standard error, with n - 1.
    assert accuracy.standard_error == pytest.approx((accuracy.value * (1 - accuracy.value) / 399) ** 0.5)


def test_sides_of_different_length_and_unknown_metrics_are_errors() -> None:
    with pytest.raises(ValueError, match="one prediction per label"):
        score("mae", [1.0, 2.0], [1.0])
    with pytest.raises(KeyError):
        score("auc", [1.0], [1.0])


def test_the_names_of_metrics_cost_no_import_of_scikit_learn() -> None:
    code = "import sys, profiles.scores, profiles.metrics; assert 'sklearn' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert [name for name, metric in METRICS.items() if not metric.higher_is_better] == [
        "mae",
        "rmse",
        "log_loss",
    ]
