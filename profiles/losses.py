"""What each row lost by its prediction: the loss behind a score, so that it can be split by rows."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

import numpy as np

from profiles.columns import dense, known, names
from profiles.metrics import metric_of
from profiles.profile import Floats
from profiles.strata import numbers_of

# No column of a log is called so: it is made of the columns of probabilities.
CONFIDENCE = "(highest probability)"

Loss: TypeAlias = Literal["absolute error", "squared error", "share wrong", "squared error of probabilities"]


def loss_of(score: str) -> Loss | None:
    """Return the loss that a score is explained by; None where rows have none (rankings).

    Scores of probabilities are explained by the squared error (Brier, Monthly Weather Review 78(1), 1950),
    which is bounded: a single row's logarithm cannot outweigh a window.
    """
    metric = metric_of(score)
    if metric.task == "ranking":
        return None
    if metric.task == "regression":
        return "absolute error" if metric.name == "mae" else "squared error"
    return "squared error of probabilities" if metric.by_probability else "share wrong"


def row_losses(loss: Loss, truth: Any, prediction: Any, probabilities: Mapping[str, Any]) -> Floats:
    """Return each row's loss, NaN where label, prediction or a probability is missing or unfit.

    For probabilities the loss is (p - y)^2 where one class is named, else the sum over classes.
    """
    if loss == "squared error of probabilities":
        return _of_probabilities(truth, probabilities)
    if loss == "share wrong":
        return _wrong(truth, prediction)
    errors = np.abs(numbers_of(truth) - numbers_of(prediction))
    return errors if loss == "absolute error" else errors**2


def _wrong(truth: Any, prediction: Any) -> Floats:
    sides = [dense(truth), dense(prediction)]
    keep = known(sides[0]) & known(sides[1])
    found = np.full(keep.size, np.nan)
    if keep.any():
        found[keep] = names(sides[0][keep]) != names(sides[1][keep])
    return found


def _of_probabilities(truth: Any, probabilities: Mapping[str, Any]) -> Floats:
    labels = dense(truth)
    keep = known(labels)
    spelled = np.full(keep.size, "", dtype=object)
    if keep.any():
        spelled[keep] = names(labels[keep])
    found = np.zeros(keep.size) if probabilities else np.full(keep.size, np.nan)
    for name, column in probabilities.items():
        found = found + (numbers_of(column) - (spelled == name)) ** 2
    return np.where(keep, found, np.nan)


def confidence(probabilities: Mapping[str, Any]) -> dict[str, Floats]:
    """Return what strata may ask for besides the columns: each row's highest probability, NaN where unknown.

    Empty where no probabilities are logged. A class that stands alone has 1 - p against it.
    """
    if not probabilities:
        return {}
    columns = [numbers_of(column) for column in probabilities.values()]
    return {CONFIDENCE: np.max([*columns, 1 - columns[0]] if len(columns) == 1 else columns, axis=0)}
