"""How well predictions will turn out to be, before any label: estimates, never scores."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from profiles.columns import dense, known, names
from profiles.losses import Loss, loss_of
from profiles.profile import Floats
from profiles.reading import Estimate
from profiles.strata import StratumLoss, numbers_of

_BINARY = 2
_MEANS = frozenset({"mae", "rmse", "accuracy"})


@dataclass(frozen=True)
class Calibration:
    """What a logged probability is worth: straight lines between knots, flat outside them."""

    logged: tuple[float, ...]
    true: tuple[float, ...]

    def of(self, probabilities: Floats) -> Floats:
        """Return calibrated probabilities."""
        return np.interp(probabilities, self.logged, self.true)


def estimated_by_confidence(
    metric: str, prediction: Any, probabilities: Mapping[str, Any], calibrations: Mapping[str, Calibration]
) -> Estimate | None:
    """Estimate a classifier's score from its calibrated probabilities; None where it cannot be.

    Confidence-based performance estimation: a calibrated probability is the expectation of the label, so
    that sums over rows of p, 1 - p are the expected cells of the confusion matrix, or the expected curve
    of the area (J. Bialek, N. Nuyttens and others, "CBPE", 2022, as nannyml has it). Two classes: accuracy,
    precision, recall, f1, roc_auc of the positive class; several: accuracy. It sees what the inputs change
    and is blind to a change of what they mean.
    """
    classes = sorted(probabilities)
    if not classes or any(
        each not in calibrations for each in (classes if len(classes) > _BINARY else classes[-1:])
    ):
        return None
    if len(classes) > _BINARY:
        return _of_several_classes(metric, prediction, probabilities, calibrations)
    positive = classes[-1]
    logged = numbers_of(probabilities[positive])
    answered = dense(prediction)
    keep = np.isfinite(logged) & known(answered)
    if not keep.any():
        return None
    chance = calibrations[positive].of(logged[keep])
    if metric == "roc_auc":
        return _area(chance, logged[keep])
    if metric not in _OF_CELLS:
        return None
    predicted = names(answered[keep]) == positive
    expected = (
        float(chance[predicted].sum()),
        float((1 - chance[predicted]).sum()),
        float(chance[~predicted].sum()),
    )
    right = np.where(predicted, chance, 1 - chance)
    value = _OF_CELLS[metric](*expected, float(right.mean()))
    error = float(np.sqrt((right * (1 - right)).sum())) / right.size if metric == "accuracy" else None
    return Estimate(value, int(keep.sum()), "confidence", error)


def _share(part: float, of: float) -> float:
    return part / of if of else 0.0


# By expected true positives, false positives, false negatives and the expected share of right answers.
_OF_CELLS: Mapping[str, Callable[[float, float, float, float], float]] = {
    "accuracy": lambda _tp, _fp, _fn, right: right,
    "precision": lambda tp, fp, _fn, _right: _share(tp, tp + fp),
    "recall": lambda tp, _fp, fn, _right: _share(tp, tp + fn),
    "f1": lambda tp, fp, fn, _right: _share(2 * tp, 2 * tp + fp + fn),
}


def _area(chance: Floats, logged: Floats) -> Estimate | None:
    """Return the area under the expected curve: rows of one logged probability are one step of it."""
    order = np.argsort(-logged, kind="stable")
    chance, logged = chance[order], logged[order]
    ends = np.flatnonzero(np.r_[logged[1:] != logged[:-1], True])
    hits = np.r_[0.0, np.cumsum(chance)[ends]]
    misses = np.r_[0.0, np.cumsum(1 - chance)[ends]]
    if not (hits[-1] > 0 and misses[-1] > 0):
        return None
    area = float(np.trapezoid(hits / hits[-1], misses / misses[-1]))
    return Estimate(area, int(chance.size), "confidence")


def _of_several_classes(
    metric: str, prediction: Any, probabilities: Mapping[str, Any], calibrations: Mapping[str, Calibration]
) -> Estimate | None:
    if metric != "accuracy":
        return None
    classes = sorted(probabilities)
    logged = np.column_stack([numbers_of(probabilities[each]) for each in classes])
    answered = dense(prediction)
    keep = np.isfinite(logged).all(axis=1) & known(answered)
    if not keep.any():
        return None
    chances = np.column_stack([calibrations[each].of(logged[keep, k]) for k, each in enumerate(classes)])
    sums = chances.sum(axis=1, keepdims=True)
    # calibrated apart, the classes of a row need not add up to 1
    chances = np.where(sums > 0, chances / np.where(sums > 0, sums, 1.0), 1 / len(classes))
    right = (chances * (names(answered[keep])[:, None] == np.array(classes))).sum(axis=1)
    error = float(np.sqrt((right * (1 - right)).sum())) / right.size
    return Estimate(float(right.mean()), int(keep.sum()), "confidence", error)


def estimated_by_strata(
    metric: str, loss: Loss, window: Sequence[StratumLoss], held_out: Sequence[StratumLoss]
) -> Estimate | None:
    """Estimate a score by what the strata lost on held-out rows, in the mix of the window's rows.

    A direct loss estimate: sum p_k l_k over strata with p_k the share of all of the window's rows. Of
    `mae`, `rmse` (the root) and `accuracy` (1 - share wrong); None for scores that are no mean of losses, or
    not of this `loss`.
    """
    rows = sum(each.rows for each in window)
    if not rows or len(window) != len(held_out) or metric not in _MEANS or loss_of(metric) != loss:
        return None
    shares = np.array([each.rows for each in window]) / rows
    means, spread = np.array([each.mean for each in held_out]), np.array([each.variance for each in held_out])
    value = float(shares @ means)
    # of the rows to come: within strata, and by how the strata are mixed
    error = float(np.sqrt((shares @ (spread + (means - value) ** 2)) / rows))
    if loss == "share wrong":
        value = 1 - value
    elif metric == "rmse":
        root = float(np.sqrt(value))
        value, error = root, error / (2 * root) if root else 0.0
    return Estimate(value, rows, "strata", error)
