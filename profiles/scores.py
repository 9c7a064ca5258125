"""The door to scikit-learn's metrics: how well predictions met their labels."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.layout import Task
from profiles.reading import Score


@dataclass(frozen=True)
class Metric:
    """A score by name: for which task it is, and whether more of it is better."""

    name: str
    task: Task
    higher_is_better: bool


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric("mae", "regression", higher_is_better=False),
        Metric("rmse", "regression", higher_is_better=False),
        Metric("r2", "regression", higher_is_better=True),
        Metric("accuracy", "classification", higher_is_better=True),
        Metric("precision", "classification", higher_is_better=True),
        Metric("recall", "classification", higher_is_better=True),
        Metric("f1", "classification", higher_is_better=True),
    )
}


def score(metric: str, truth: Any, prediction: Any) -> Score | None:
    """Score paired rows (Arrow arrays or numpy arrays of one length) as scikit-learn defines the metric.

    Rows where either side is null or NaN are left out. None where no row is left, or where the metric is
    not defined for those rows: r2 needs two, an infinity has no error. Precision, recall and f1 are those
    of class 1 where all labels are 0 or 1, else averages over the classes weighted by their rows; 0 where
    a class was never predicted. `standard_error` is that of a mean of row losses, s / sqrt(n), for mae
    and accuracy. KeyError for an unknown metric; ValueError for sides of different lengths, or for
    regression on values that are not numbers.
    """
    task = METRICS[metric].task
    truth, prediction = _array(truth), _array(prediction)
    if truth.shape != prediction.shape:
        raise ValueError(f"{metric} needs one prediction per label; found {prediction.size} for {truth.size}")
    known = _known(truth) & _known(prediction)
    truth, prediction = truth[known], prediction[known]
    if not truth.size:
        return None
    if task == "regression":
        return _regression(metric, truth.astype(np.float64), prediction.astype(np.float64))
    return _classification(metric, *_classes(truth, prediction))


def _array(side: Any) -> NDArray[Any]:
    """Return an Arrow array (dictionaries spelled out) or a sequence as numpy."""
    if hasattr(side, "type"):
        import pyarrow as pa

        if pa.types.is_dictionary(side.type):
            side = side.cast(side.type.value_type)
        return np.asarray(side.to_numpy() if isinstance(side, pa.ChunkedArray) else side.to_numpy(False))
    return np.asarray(side)


def _known(side: NDArray[Any]) -> NDArray[np.bool_]:
    import pandas as pd

    return np.asarray(pd.notna(side), dtype=bool)


def _classes(truth: NDArray[Any], prediction: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bring both sides to one type: 1, 1.0 and true are one class, and so is "1" on the other side."""
    sides = [_plain(truth), _plain(prediction)]
    if all(side.dtype.kind in "iuf" for side in sides):
        return sides[0].astype(np.float64), sides[1].astype(np.float64)
    return sides[0].astype(str), sides[1].astype(str)


def _plain(side: NDArray[Any]) -> NDArray[Any]:
    """Undo what nulls did to a column: booleans became objects, whole numbers became floats."""
    if side.dtype.kind == "O":
        side = np.array(side.tolist())
    whole = side.dtype.kind == "b" or (side.dtype.kind == "f" and bool((side == np.floor(side)).all()))
    return side.astype(np.int64) if whole and bool(np.isfinite(side).all()) else side


def _regression(metric: str, truth: NDArray[Any], prediction: NDArray[Any]) -> Score | None:
    from sklearn import metrics

    if not (np.isfinite(truth).all() and np.isfinite(prediction).all()):
        return None
    if metric == "mae":
        losses = np.abs(truth - prediction)
        return Score(
            float(metrics.mean_absolute_error(truth, prediction)), truth.size, _standard_error(losses)
        )
    if metric == "rmse":
        return Score(float(metrics.root_mean_squared_error(truth, prediction)), truth.size)
    if truth.size < 2:  # noqa: PLR2004 - one row has no variance to explain
        return None
    return Score(float(metrics.r2_score(truth, prediction)), truth.size)


def _classification(metric: str, truth: NDArray[Any], prediction: NDArray[Any]) -> Score:
    from sklearn import metrics

    if metric == "accuracy":
        hits = (truth == prediction).astype(np.float64)
        return Score(float(metrics.accuracy_score(truth, prediction)), truth.size, _standard_error(hits))
    names = set(np.unique(truth).tolist()) | set(np.unique(prediction).tolist())
    average = "binary" if names <= {0.0, 1.0} else "weighted"
    of = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}[
        metric
    ]
    return Score(float(of(truth, prediction, average=average, zero_division=0.0)), truth.size)


def _standard_error(losses: NDArray[np.float64]) -> float | None:
    """Return s / sqrt(n) of the row losses; None for a single row."""
    if losses.size <= 1:
        return None
    return float(losses.std(ddof=1)) / math.sqrt(losses.size)
