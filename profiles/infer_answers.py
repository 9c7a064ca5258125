"""Which columns of a sample hold answers and outcomes: label, prediction, probability, and the task."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn, vocabulary
from profiles.layout import Task

LABELS = vocabulary("label labels target truth actual actuals outcome observed")
ANSWERS = vocabulary(
    "prediction predictions predicted predict pred yhat hat forecast forecasted estimate estimated "
    "answer answered decision decided guess inferred output"
)
SCORES = vocabulary("probability probabilities prob proba score scores confidence likelihood certainty")
_TWO = 2
_CLASSES = 20  # different whole numbers up to which they name classes
_PAIRS = 20  # labelled rows from which on values can be compared with labels
_SKILL = 0.05  # better than the best constant by this, for a column to be taken for the prediction
_SHOWN = 0.98  # AUC of a probability against the prediction made from it
_RIGHTER = 0.6  # AUC of a confidence against being right


def infer_label(columns: Sequence[SampleColumn], *, alone: bool) -> Guess[str] | None:
    """Infer the column of outcomes among those without another role.

    `alone` says that the columns come from a stream of labels of its own, where the only one left is it.
    """
    fitting = [c for c in columns if c.nature in {"number", "whole", "text", "flag"} and c.present]
    named = [column for column in fitting if column.named(LABELS) or column.name.lower() == "y"]
    if named:
        return Guess(named[0].name, "named for it")
    if not alone:
        return None
    varying = [column for column in fitting if column.distinct > 1]
    if len(varying) == 1:
        return Guess(varying[0].name, "the only other column of the labels that varies")
    return None


def infer_prediction(columns: Sequence[SampleColumn], truth: SampleColumn | None) -> Guess[str] | None:
    """Infer the model's answer: the column that comes nearest to the outcomes, or is named for it."""
    fitting = [c for c in columns if c.nature in {"number", "whole", "text", "flag"} and c.present]
    skills = {column.name: _skill(column, truth) for column in fitting}
    named = [column for column in fitting if column.named(ANSWERS)]
    if named:
        best = max(named, key=lambda c: (skills[c.name] or 0.0, not c.named(SCORES)))
        return Guess(best.name, f"named for it{_nearness(skills[best.name])}")
    ranked = sorted(((s, name) for name, s in skills.items() if s is not None), reverse=True)
    if not ranked or ranked[0][0] < _SKILL:
        return None
    (skill, name), *others = ranked
    if others and skill - others[0][0] < _SKILL:
        return None
    return Guess(name, f"comes nearest to the labels{_nearness(skill)}")


def infer_task(truth: SampleColumn | None, prediction: SampleColumn | None) -> Guess[Task] | None:
    """Infer what the model does from its labels, or from its answers."""
    told = truth if truth is not None and truth.present else prediction
    if told is None:
        return None
    if told.nature in {"text", "flag"}:
        return Guess("classification", f"{told.name} holds {told.distinct} classes")
    if told.nature == "number" or told.distinct > _CLASSES:
        return Guess("regression", f"{told.name} holds {told.distinct:,} different numbers")
    if prediction is not None and prediction.nature == "number":
        return Guess("regression", f"{prediction.name} holds fractions")
    return Guess("classification", f"{told.name} holds {told.distinct} different whole numbers")


def infer_probability(
    columns: Sequence[SampleColumn], prediction: SampleColumn, truth: SampleColumn | None
) -> Guess[str] | None:
    """Infer the column of the model's own certainty: in 0..1, and named for it or at one with the answer."""
    shares = [c for c in columns if c.nature == "number" and _within_one(c.numbers)]
    for column in shares:
        if column.named(SCORES):
            return Guess(column.name, "named for it, and all values lie in 0 to 1")
    for column in shares:
        if _decides(column, prediction):
            return Guess(column.name, f"decides about {prediction.name}, and all values lie in 0 to 1")
    if truth is None or prediction.distinct <= _TWO:  # of two classes it would decide
        return None
    right = (_coded(prediction) == _coded(truth)).to_numpy(dtype=bool)
    for column in shares:
        least = float(np.nanmin(column.numbers))
        if least >= 1 / prediction.distinct - 1e-6 and _auc(column.numbers, right) >= _RIGHTER:
            return Guess(column.name, "higher where the answer is right, as a confidence is")
    return None


def positive(probability: SampleColumn, prediction: SampleColumn) -> str | None:
    """Return the class of two that is predicted where the probability is high; None with more classes."""
    if prediction.distinct != _TWO:
        return None
    high, low = (str(each) for each in sorted(_coded(prediction).dropna().unique(), reverse=True))
    area = _auc(probability.numbers, (_coded(prediction) == high).to_numpy(dtype=bool))
    return high if area >= 1 / _TWO else low


def _skill(column: SampleColumn, truth: SampleColumn | None) -> float | None:
    """Return how near a column comes to the outcomes: 1 for equal, 0 for no better than one constant.

    For numbers 1 - sum|c - y| / sum|y - median(y)|; for classes Cohen's kappa (1960). None where a column
    cannot be an answer, because it has other values than the labels, or too few rows have one.
    """
    if truth is None:
        return None
    task = infer_task(truth, None)
    if task is not None and task.value == "regression":
        if "text" in {column.nature, truth.nature}:
            return None
        guessed, y = column.numbers, truth.numbers
        known = np.isfinite(guessed) & np.isfinite(y)
        guessed, y = guessed[known], y[known]
        spread = float(np.abs(y - np.median(y)).sum()) if y.size else 0.0
        if y.size < _PAIRS or spread == 0:
            return None
        return 1 - float(np.abs(guessed - y).sum()) / spread
    return _kappa(column, truth)


def _kappa(column: SampleColumn, truth: SampleColumn) -> float | None:
    if column.nature == "number":
        return None
    pairs = pd.DataFrame({"guessed": _coded(column).to_numpy(), "y": _coded(truth).to_numpy()}).dropna()
    if len(pairs) < _PAIRS or not set(pairs.guessed) <= set(pairs.y):
        return None
    agree = float((pairs.guessed == pairs.y).mean())
    shares = [pairs[side].value_counts(normalize=True) for side in ("guessed", "y")]
    chance = float(shares[0].mul(shares[1], fill_value=0.0).sum())
    return (agree - chance) / (1 - chance) if chance < 1 else None


def _coded(column: SampleColumn) -> "pd.Series[str]":
    return column.keys.reset_index(drop=True)


def _decides(column: SampleColumn, prediction: SampleColumn) -> bool:
    """Say whether the column, cut somewhere, gives the prediction of two classes."""
    if prediction.distinct != _TWO:
        return False
    codes = _coded(prediction)
    one = (codes == codes.dropna().max()).to_numpy(dtype=bool)
    area = _auc(column.numbers, one)
    return max(area, 1 - area) >= _SHOWN


def _auc(values: NDArray[np.float64], positive: NDArray[np.bool_]) -> float:
    """Return the probability that a positive row has the higher value (Mann-Whitney U / (n m))."""
    known = np.isfinite(values)
    ranks = pd.Series(values[known]).rank().to_numpy()
    positive = positive[known]
    n, m = int(positive.sum()), int((~positive).sum())
    if not n or not m:
        return 0.5
    return float((ranks[positive].sum() - n * (n + 1) / 2) / (n * m))


def _within_one(numbers: NDArray[np.float64]) -> bool:
    finite = numbers[np.isfinite(numbers)]
    return bool(finite.size) and bool((finite >= 0).all() and (finite <= 1).all())


def _nearness(skill: float | None) -> str:
    return "" if skill is None or skill <= 0 else f" (skill {skill:.2f} of 1)"
