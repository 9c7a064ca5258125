"""The door to scikit-learn's metrics: how well predictions met their labels."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles import standard_errors
from profiles.columns import dense, known, names, numbers, plain
from profiles.metrics import METRICS, Metric
from profiles.profile import Floats
from profiles.ranking import mean_ndcg
from profiles.reading import Score

# How far the probabilities of a row may be from 1 in sum, as logs round them.
_ROUNDING = 1e-3
_BINARY = 2


@dataclass(frozen=True, eq=False)
class Answers:
    """What was predicted and what came true, columns of one length (Arrow or numpy), nulls allowed.

    `probabilities` maps a class to the column of its probability; a single one is that of the positive
    class. `group` holds the query of each row of a ranking, `weight` its sampling weight.
    """

    truth: Any
    prediction: Any
    probabilities: Mapping[str, Any] = field(default_factory=dict)
    group: Any = None
    weight: Any = None


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows that can be scored: nothing is missing in what the metric needs."""

    truth: NDArray[Any]
    prediction: NDArray[Any]
    weight: Floats | None
    group: NDArray[Any] | None
    probabilities: Floats
    classes: tuple[str, ...]


class _UndefinedError(Exception):
    """The metric is not defined for these rows; the message says why."""


def score(metric: str, truth: Any, prediction: Any) -> Score | None:
    """Score paired rows without weights; None where `scored` says why there is no score."""
    found = scored(metric, Answers(truth, prediction))
    return found if isinstance(found, Score) else None


def scored(metric: str, answers: Answers) -> Score | str:
    """Score rows as scikit-learn defines the metric, or say in a sentence why there is no score.

    Rows where label, prediction (or probability), query or weight is null or NaN are left out. `ndcg@k`
    is the mean over queries of two rows or more. Precision, recall and f1 are those of the positive class
    where all labels are 0 or 1 or one class is named, else averages over the classes weighted by their
    rows; 0 where a class was never predicted. Areas of several classes are means of one against the rest.
    `standard_error`: see `profiles.standard_errors`; None for f1, r2, average_precision and ndcg.
    KeyError for an unknown metric; ValueError for columns of different lengths.
    """
    name, _, k = metric.partition("@")
    chosen = METRICS[name]
    try:
        rows = _complete(chosen, answers)
        if chosen.task == "regression":
            return _regression(name, rows)
        if chosen.task == "ranking":
            return _ranking(rows, int(k) if k else None)
        return _of_probabilities(name, rows) if chosen.by_probability else _classification(name, rows)
    except _UndefinedError as undefined:
        return str(undefined)


def _complete(metric: Metric, answers: Answers) -> _Rows:
    truth, prediction = dense(answers.truth), dense(answers.prediction)
    if truth.shape != prediction.shape:
        raise ValueError(
            f"{metric.name} needs one prediction per label; found {prediction.size} for {truth.size}"
        )
    classes = tuple(sorted(answers.probabilities))
    weight = None if answers.weight is None else _numbers(answers.weight, "the weight")
    group = dense(answers.group) if metric.task == "ranking" and answers.group is not None else None
    chances = np.zeros((truth.size, 0))
    keep = known(truth)
    if metric.by_probability and classes:
        columns = [_numbers(answers.probabilities[each], f"the probability of {each}") for each in classes]
        chances = np.column_stack(columns)
        keep &= np.isfinite(chances).all(axis=1)
    else:
        keep &= known(prediction)
    if weight is not None:
        keep &= np.isfinite(weight) & (weight >= 0)
    if group is not None:
        keep &= known(group)
    if not keep.any():
        raise _UndefinedError("no row has both a label and a prediction")
    if weight is not None and not weight[keep].any():
        raise _UndefinedError("the weights of all rows are 0")
    return _Rows(
        truth[keep],
        prediction[keep],
        None if weight is None else weight[keep],
        None if group is None else group[keep],
        chances[keep],
        classes,
    )


def _numbers(column: Any, what: str) -> Floats:
    try:
        return numbers(column)
    except ValueError as error:
        raise _UndefinedError(f"{what} {error}") from error


def _regression(metric: str, rows: _Rows) -> Score:
    from sklearn import metrics

    truth, prediction = _numbers(rows.truth, "the label"), _numbers(rows.prediction, "the prediction")
    if not (np.isfinite(truth).all() and np.isfinite(prediction).all()):
        raise _UndefinedError("a label or a prediction is infinite")
    weight, errors = rows.weight, truth - prediction
    if metric == "r2":
        if truth.size < 2:  # noqa: PLR2004 - one row has no variance to explain
            raise _UndefinedError("a single row has no variance to explain")
        return Score(float(metrics.r2_score(truth, prediction, sample_weight=weight)), truth.size)
    if metric == "mae":
        value = metrics.mean_absolute_error(truth, prediction, sample_weight=weight)
        return Score(float(value), truth.size, standard_errors.of_mean(np.abs(errors), weight))
    value = metrics.root_mean_squared_error(truth, prediction, sample_weight=weight)
    return Score(float(value), truth.size, standard_errors.of_root_mean_square(errors, weight))


def _classes(truth: NDArray[Any], prediction: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Bring both sides to one type: 1, 1.0 and true are one class, and so is "1" on the other side."""
    sides = [plain(truth), plain(prediction)]
    if all(side.dtype.kind in "iuf" for side in sides):
        return sides[0].astype(np.float64), sides[1].astype(np.float64)
    return sides[0].astype(str), sides[1].astype(str)


def _classification(metric: str, rows: _Rows) -> Score:
    from sklearn import metrics

    truth, prediction = _classes(rows.truth, rows.prediction)
    weight = rows.weight
    if metric == "accuracy":
        hits = (truth == prediction).astype(np.float64)
        value = metrics.accuracy_score(truth, prediction, sample_weight=weight)
        return Score(float(value), truth.size, standard_errors.of_mean(hits, weight))
    binary = set(np.unique(truth).tolist()) | set(np.unique(prediction).tolist()) <= {0.0, 1.0}
    if not binary and len(rows.classes) == 1:
        named = rows.classes[0]
        truth, prediction = (names(rows.truth) == named) * 1.0, (names(rows.prediction) == named) * 1.0
        binary = True
    of = {"precision": metrics.precision_score, "recall": metrics.recall_score, "f1": metrics.f1_score}[
        metric
    ]
    value = of(
        truth,
        prediction,
        average="binary" if binary else "weighted",
        zero_division=0.0,
        sample_weight=weight,
    )
    error = None
    if binary and metric != "f1":
        # precision is the share of hits among the rows predicted positive, recall among those that are
        among = (prediction if metric == "precision" else truth) == 1.0
        hits = (truth == prediction)[among]
        error = standard_errors.of_share(hits, None if weight is None else weight[among])
    return Score(float(value), truth.size, error)


def _of_probabilities(metric: str, rows: _Rows) -> Score:
    if not rows.classes:
        raise _UndefinedError("the policy names no column of probabilities")
    truth = names(rows.truth)
    present = sorted(set(truth.tolist()))
    if len(rows.classes) <= _BINARY:
        return _of_two_classes(metric, rows, truth, present)
    if strange := sorted(set(present) - set(rows.classes)):
        raise _UndefinedError(f"no column holds the probability of the label {strange[0]!r}")
    return _of_several_classes(metric, rows, truth, present)


def _of_two_classes(metric: str, rows: _Rows, truth: NDArray[Any], present: list[str]) -> Score:
    """Score the probability of the positive class; of two classes that is the one that sorts last."""
    from sklearn import metrics

    positive, chance, weight = rows.classes[-1], rows.probabilities[:, -1], rows.weight
    expected = {"0", "1"} if rows.classes == ("1",) else set(rows.classes)
    strange = sorted(set(present) - expected)
    # Where one class alone is named, all others are the negative one.
    if strange and (len(rows.classes) == _BINARY or rows.classes == ("1",)):
        raise _UndefinedError(
            f"the label {strange[0]!r} is none of the classes {', '.join(sorted(expected))}; "
            "write probabilities: {class: column}"
        )
    is_positive = (truth == positive).astype(np.int64)
    if metric == "log_loss":
        _refuse_no_chances(rows.probabilities)
        value = metrics.log_loss(is_positive, chance, labels=[0, 1], sample_weight=weight)
        likely = np.clip(np.where(is_positive == 1, chance, 1 - chance), np.finfo(np.float64).eps, 1.0)
        return Score(float(value), truth.size, standard_errors.of_mean(-np.log(likely), weight))
    if is_positive.all() or not is_positive.any():
        raise _UndefinedError(
            f"all labels are {present[0]!r}; rows of two classes are needed"
            if len(present) == 1
            else f"no label is {positive!r}"
        )
    if metric == "average_precision":
        value = metrics.average_precision_score(is_positive, chance, sample_weight=weight)
        return Score(float(value), truth.size)
    value = metrics.roc_auc_score(is_positive, chance, sample_weight=weight)
    error = None
    if weight is None:
        error = standard_errors.of_auc(chance[is_positive == 1], chance[is_positive == 0])
    return Score(float(value), truth.size, error)


def _of_several_classes(metric: str, rows: _Rows, truth: NDArray[Any], present: list[str]) -> Score:
    from sklearn import metrics
    from sklearn.preprocessing import label_binarize

    _refuse_no_chances(rows.probabilities)
    sums = rows.probabilities.sum(axis=1, keepdims=True)
    if (np.abs(sums - 1) > _ROUNDING).any():
        raise _UndefinedError("the probabilities of a row do not add up to 1")
    chances, classes, weight = rows.probabilities / sums, list(rows.classes), rows.weight
    if metric == "log_loss":
        value = metrics.log_loss(truth, chances, labels=classes, sample_weight=weight)
        likely = chances[np.arange(truth.size), np.searchsorted(classes, truth)]
        losses = -np.log(np.clip(likely, np.finfo(np.float64).eps, 1.0))
        return Score(float(value), truth.size, standard_errors.of_mean(losses, weight))
    if absent := sorted(set(classes) - set(present)):
        raise _UndefinedError(f"no row has the label {absent[0]!r}; rows of every class are needed")
    one_hot = label_binarize(truth, classes=classes)
    of = metrics.roc_auc_score if metric == "roc_auc" else metrics.average_precision_score
    return Score(float(of(one_hot, chances, average="macro", sample_weight=weight)), truth.size)


def _refuse_no_chances(probabilities: Floats) -> None:
    if ((probabilities < 0) | (probabilities > 1)).any():
        raise _UndefinedError("a probability is not between 0 and 1")


def _ranking(rows: _Rows, k: int | None) -> Score:
    if rows.group is None:
        raise _UndefinedError("the policy names no column of queries (group)")
    relevance, order = _numbers(rows.truth, "the label"), _numbers(rows.prediction, "the prediction")
    if not (np.isfinite(relevance).all() and np.isfinite(order).all() and (relevance >= 0).all()):
        raise _UndefinedError("a label is negative, or a label or a prediction is infinite")
    mean, counted = mean_ndcg(relevance, order, names(rows.group), rows.weight, k)
    if mean is None:
        raise _UndefinedError("no query has two rows with labels")
    return Score(mean, counted)
