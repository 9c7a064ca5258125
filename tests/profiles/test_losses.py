"""What a row lost is what its score is the mean of."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.metrics import accuracy_score, brier_score_loss, mean_absolute_error, mean_squared_error

from profiles.losses import CONFIDENCE, confidence, loss_of, row_losses

TRUTH, ANSWERS = np.array([1, 0, 1, 1]), np.array([1, 1, 0, 1])
CHANCES = np.array([0.9, 0.6, 0.4, 0.7])


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        ("mae", mean_absolute_error(TRUTH, ANSWERS)),
        ("rmse", mean_squared_error(TRUTH, ANSWERS)),
        ("f1", 1 - accuracy_score(TRUTH, ANSWERS)),
        ("roc_auc", brier_score_loss(TRUTH, CHANCES)),
    ],
)
def test_row_losses_average_to_what_scikit_learn_says(score: str, expected: float) -> None:
    loss = loss_of(score)
    assert loss is not None
    assert row_losses(loss, TRUTH, ANSWERS, {"1": CHANCES}).mean() == pytest.approx(expected)


def test_a_row_without_label_answer_or_probability_has_no_loss() -> None:
    truth, answers = pa.array([1, None, 0]), pa.array([1.0, 2.0, None])
    assert np.isnan(row_losses("absolute error", truth, answers, {})).tolist() == [False, True, True]
    assert np.isnan(row_losses("share wrong", truth, answers, {})).tolist() == [False, True, True]
    some = {"1": pa.array([None, 0.5, 0.5])}
    assert np.isnan(row_losses("squared error of probabilities", truth, answers, some)).tolist() == [
        True,
        True,
        False,
    ]
    assert np.isnan(row_losses("squared error of probabilities", truth, answers, {})).all()


def test_rankings_have_no_row_losses() -> None:
    assert loss_of("ndcg@10") is None


def test_confidence_is_the_highest_probability_of_a_row() -> None:
    assert confidence({}) == {}
    assert confidence({"1": CHANCES})[CONFIDENCE].tolist() == [0.9, 0.6, 0.6, 0.7]
    three = {"a": [0.2, np.nan], "b": [0.7, 0.1], "c": [0.1, 0.9]}
    assert confidence(three)[CONFIDENCE][0] == 0.7
    assert np.isnan(confidence(three)[CONFIDENCE][1])
