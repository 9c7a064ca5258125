"""What each row's prediction costs, for losses that a challenger and a champion can be compared by."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.columns import dense, known, names, numbers, plain
from profiles.layout import Task
from profiles.profile import Floats

# How far the probabilities of a row may be from 1 in sum, as logs round them.
_ROUNDING = 1e-3
_SMALLEST_CHANCE = 0.01


@dataclass(frozen=True)
class RowLoss:
    """A loss that every row has by itself.

    `largest` is the most that a row can lose, None where only a clip bounds it; `by_probability` tells that
    it judges probabilities instead of the predicted class.
    """

    name: str
    task: Task
    largest: float | None
    by_probability: bool = False


ROW_LOSSES: Mapping[str, RowLoss] = {
    loss.name: loss
    for loss in (
        RowLoss("absolute_error", "regression", None),
        RowLoss("squared_error", "regression", None),
        RowLoss("log_loss", "classification", None, by_probability=True),
        RowLoss("brier", "classification", 1.0, by_probability=True),
        RowLoss("zero_one", "classification", 1.0),
        RowLoss("one_minus_ndcg", "ranking", 1.0),
    )
}
# A score of all rows together has no losses of single rows; the nearest one that has stands in.
_OF_METRIC = {
    "mae": "absolute_error",
    "rmse": "squared_error",
    "r2": "squared_error",
    "accuracy": "zero_one",
    "precision": "zero_one",
    "recall": "zero_one",
    "f1": "zero_one",
    "log_loss": "log_loss",
    "roc_auc": "log_loss",
    "average_precision": "log_loss",
    "ndcg": "one_minus_ndcg",
}


def loss_of(score: str) -> RowLoss:
    """Return the loss that stands for a score's name such as `mae` or `ndcg@10`; KeyError for another."""
    return ROW_LOSSES[_OF_METRIC[score.partition("@")[0]]]


def clip_bound(loss: RowLoss, losses: Any, quantile: float = 0.995) -> float:
    """Return where to clip: the loss's own largest, -log 0.01 of log loss, or a quantile of past losses.

    It has to be fixed before the rows that are tested are seen, as from the champion's losses on the rows
    that it was evaluated on. ValueError where there are none, or where all are 0.
    """
    if loss.largest is not None:
        return loss.largest
    if loss.name == "log_loss":
        return -float(np.log(_SMALLEST_CHANCE))
    found = numbers(losses)
    found = found[np.isfinite(found)]
    bound = float(np.quantile(found, quantile)) if found.size else 0.0
    if bound <= 0:
        raise ValueError(f"{loss.name} cannot be bounded by past losses: there are none above 0")
    return bound


def row_losses(loss: RowLoss, truth: Any, prediction: Any, classes: tuple[str, ...] = ()) -> Floats:
    """Return the loss of each of n rows, NaN where the prediction or the label is missing.

    For probabilities `prediction` is an array (n, k) with a column for each of the k sorted `classes`, or
    (n,), that of the last class, which is then the positive one. Squared and absolute errors, 0 or 1; the
    negative logarithm of the true class's probability; half the squared distance of the probabilities from
    the truth (Brier, Monthly Weather Review 78(1), 1950, halved so that it ends at 1, and is (p - y)^2 for
    two classes). ValueError for what does not fit the loss: text among numbers, an unknown label,
    probabilities out of range. Losses of a ranking belong to queries: `profiles.ranking.ndcg_of_queries`.
    """
    if loss.by_probability:
        return _of_probabilities(loss, truth, prediction, classes)
    if loss.name == "zero_one":
        return _zero_one(dense(truth), dense(prediction))
    if loss.task != "regression":
        raise ValueError(f"{loss.name} is no loss of single rows")
    errors = numbers(prediction) - numbers(truth)
    errors[np.isinf(errors)] = np.nan
    return np.asarray(np.abs(errors) if loss.name == "absolute_error" else errors**2)


def _zero_one(truth: NDArray[Any], prediction: NDArray[Any]) -> Floats:
    both = known(truth) & known(prediction)
    found = np.full(truth.shape, np.nan)
    if both.any():
        found[both] = names(truth[both]) != names(prediction[both])
    return found


def _of_probabilities(loss: RowLoss, truth: Any, prediction: Any, classes: tuple[str, ...]) -> Floats:
    chances, labels = np.asarray(prediction, dtype=np.float64), dense(truth)
    rows = known(labels) & np.isfinite(chances).reshape(labels.size, -1).all(axis=1)
    found = np.full(labels.shape, np.nan)
    if rows.any():
        found[rows] = _known_probabilities(loss, names(plain(labels[rows])), chances[rows], classes)
    return found


def _known_probabilities(
    loss: RowLoss, labels: NDArray[Any], chances: Floats, classes: tuple[str, ...]
) -> Floats:
    if chances.ndim == 1:
        is_true = (labels == classes[-1])[:, None] == np.array([False, True])
        chances = np.column_stack([1 - chances, chances])
    else:
        is_true = labels[:, None] == np.array(classes)
        if not is_true.any(axis=1).all():
            strange = labels[~is_true.any(axis=1)][0]
            raise ValueError(f"the label {str(strange)!r} is none of the classes {', '.join(classes)}")
    if (chances < 0).any() or (chances > 1).any() or (np.abs(chances.sum(axis=1) - 1) > _ROUNDING).any():
        raise ValueError("the probabilities of a row are not between 0 and 1 or do not add up to 1")
    if loss.name == "brier":
        return np.asarray(((chances - is_true) ** 2).sum(axis=1) / 2)
    likely = chances[is_true]
    return np.asarray(-np.log(np.maximum(likely, np.finfo(np.float64).tiny)))
