"""Losses of single rows are those whose means scikit-learn knows."""

import math

import numpy as np
import pytest
from sklearn import metrics

from profiles.ranking import ndcg_of_queries
from profiles.row_losses import ROW_LOSSES, clip_bound, loss_of, row_losses

RANDOM = np.random.default_rng(3)
CHANCES = RANDOM.dirichlet([2, 1, 1], 200)
LABELS = np.array(["a", "b", "c"])[RANDOM.integers(0, 3, 200)]
POSITIVE = RANDOM.integers(0, 2, 200)


@pytest.mark.parametrize(
    ("name", "reference"),
    [("absolute_error", metrics.mean_absolute_error), ("squared_error", metrics.mean_squared_error)],
)
def test_errors_average_to_scikit_learns(name: str, reference: object) -> None:
    truth, prediction = RANDOM.normal(size=50), RANDOM.normal(size=50)
    expected = reference(truth, prediction)  # type: ignore[operator]
    assert row_losses(ROW_LOSSES[name], truth, prediction).mean() == pytest.approx(expected)


def test_losses_of_several_classes_average_to_scikit_learns() -> None:
    classes = ("a", "b", "c")
    found = row_losses(ROW_LOSSES["log_loss"], LABELS, CHANCES, classes)
    assert found.mean() == pytest.approx(metrics.log_loss(LABELS, CHANCES, labels=list(classes)))
    brier = row_losses(ROW_LOSSES["brier"], LABELS, CHANCES, classes)
    expected = metrics.brier_score_loss(LABELS, CHANCES, labels=list(classes), scale_by_half=True)
    assert brier.mean() == pytest.approx(expected)
    assert brier.max() <= 1


def test_losses_of_the_positive_class_average_to_scikit_learns() -> None:
    chance = CHANCES[:, 0]
    found = row_losses(ROW_LOSSES["log_loss"], POSITIVE, chance, ("1",))
    assert found.mean() == pytest.approx(metrics.log_loss(POSITIVE, chance))
    brier = row_losses(ROW_LOSSES["brier"], POSITIVE, chance, ("1",))
    assert brier.mean() == pytest.approx(metrics.brier_score_loss(POSITIVE, chance))


def test_one_and_true_and_the_text_1_are_one_class() -> None:
    found = row_losses(ROW_LOSSES["zero_one"], np.array([1, 0, 1]), np.array(["1", "1", "1"]))
    assert found.tolist() == [0, 1, 0]


def test_what_is_missing_has_no_loss() -> None:
    found = row_losses(ROW_LOSSES["absolute_error"], [1.0, None, 3.0], [1.5, 2.0, math.inf])
    assert found[0] == 0.5
    assert np.isnan(found[1:]).all()
    texts = row_losses(ROW_LOSSES["zero_one"], np.array(["a", None], object), np.array(["b", "b"], object))
    assert texts[0] == 1
    assert np.isnan(texts[1])


@pytest.mark.parametrize(
    ("truth", "chances", "classes", "said"),
    [
        (["z"], [[0.5, 0.5]], ("a", "b"), "'z' is none of the classes a, b"),
        (["a"], [[0.5, 0.7]], ("a", "b"), "do not add up to 1"),
        ([1], [1.2], ("1",), "not between 0 and 1"),
    ],
)
def test_what_does_not_fit_is_said(
    truth: list[object], chances: list[object], classes: tuple[str, ...], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        row_losses(ROW_LOSSES["log_loss"], truth, chances, classes)


@pytest.mark.parametrize(
    ("score", "loss"),
    [("mae", "absolute_error"), ("rmse", "squared_error"), ("f1", "zero_one"), ("ndcg@5", "one_minus_ndcg")],
)
def test_every_score_has_a_loss_that_stands_for_it(score: str, loss: str) -> None:
    assert loss_of(score).name == loss


def test_losses_are_clipped_where_they_end_or_at_a_quantile_of_past_ones() -> None:
    assert clip_bound(ROW_LOSSES["brier"], []) == 1
    assert clip_bound(ROW_LOSSES["log_loss"], []) == pytest.approx(math.log(100))
    assert clip_bound(ROW_LOSSES["absolute_error"], np.arange(1001.0), 0.99) == pytest.approx(990)
    with pytest.raises(ValueError, match="none above 0"):
        clip_bound(ROW_LOSSES["absolute_error"], [0.0, 0.0])


def test_each_query_has_scikit_learns_ndcg_and_single_rows_none() -> None:
    group = np.array(["q", "r", "q", "alone", "r", "q"])
    relevance, order = np.array([3.0, 0, 1, 1, 2, 0]), np.array([0.1, 0.2, 0.9, 0.5, 0.1, np.nan])
    found, first = ndcg_of_queries(relevance, order, group, 2)
    assert first.tolist() == [0, 1]
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(metrics.ndcg_score([[0, 2]], [[0.2, 0.1]], k=2))
