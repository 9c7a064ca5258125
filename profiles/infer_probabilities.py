"""Which columns of a sample say how certain the model was of its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn
from profiles.infer_answers import CLASSES, SCORES, coded

_TWO = 2
_SHOWN = 0.98  # AUC of a probability against the prediction made from it
_RIGHTER = 0.6  # AUC of a confidence against being right
_SUM = 0.01  # how far the probabilities of a row may be from 1 in sum, as logs round them
_ROWS = 0.99  # share of the rows that must agree with what is guessed


@dataclass(frozen=True)
class Certainty:
    """The columns of a model's own certainty: one probability and the class it is of, or one per class.

    `ignored` are columns that repeat them.
    """

    probability: Guess[str] | None = None
    positive: str | None = None
    probabilities: Guess[Mapping[str, str]] | None = None
    ignored: tuple[Guess[str], ...] = ()

    @property
    def columns(self) -> frozenset[str]:
        """The names of all of them."""
        one = () if self.probability is None else (self.probability.value,)
        each = () if self.probabilities is None else self.probabilities.value.values()
        return frozenset((*one, *each, *(guess.value for guess in self.ignored)))


def infer_certainty(
    columns: Sequence[SampleColumn], prediction: SampleColumn, truth: SampleColumn | None
) -> Certainty:
    """Infer the columns of the model's own certainty among those without another role."""
    shares = [c for c in columns if c.nature in {"number", "whole"} and _within_one(c.numbers)]
    every = _of_each_class(shares, prediction)
    if every is not None:
        return Certainty(probabilities=every)
    found = _probability(columns, prediction, truth)
    if found is None:
        return Certainty()
    chosen = next(column for column in columns if column.name == found.value)
    others = tuple(
        Guess(other.name, f"repeats {chosen.name}, as 1 minus it")
        for other in shares
        if other is not chosen and _are_ones(chosen.numbers + other.numbers)
    )
    return Certainty(found, _positive(chosen, prediction), ignored=others)


def _of_each_class(
    shares: Sequence[SampleColumn], prediction: SampleColumn
) -> Guess[Mapping[str, str]] | None:
    """Match three classes or more with columns that are highest where the class is predicted and sum to 1."""
    answers = coded(prediction)
    classes = sorted(answers.dropna().unique())
    if not _TWO < len(classes) <= CLASSES or len(shares) < len(classes):
        return None
    of_class = {}
    for name in classes:
        told = [(_auc(column.numbers, _is(prediction, name)), column.name, column) for column in shares]
        of_class[name] = max(told)[2]
    if len({column.name for column in of_class.values()}) < len(classes):
        return None
    table = np.column_stack([column.numbers for column in of_class.values()])
    known = np.isfinite(table).all(axis=1) & answers.notna().to_numpy(dtype=bool)
    if not known.any() or not _are_ones(table[known].sum(axis=1)):
        return None
    highest = np.asarray(list(of_class))[table[known].argmax(axis=1)]
    if float((highest == answers.to_numpy()[known]).mean()) < _ROWS:
        return None
    return Guess(
        {name: column.name for name, column in of_class.items()},
        "sum to 1, and the highest is that of the answer",
    )


def _probability(
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
    known = (coded(prediction).notna() & coded(truth).notna()).to_numpy(dtype=bool)
    right = (coded(prediction)[known] == coded(truth)[known]).to_numpy(dtype=bool)
    for column in shares:
        least = float(np.nanmin(column.numbers))
        if least >= 1 / prediction.distinct - 1e-6 and _auc(column.numbers[known], right) >= _RIGHTER:
            return Guess(column.name, "higher where the answer is right, as a confidence is")
    return None


def _positive(probability: SampleColumn, prediction: SampleColumn) -> str | None:
    """Return the class of two that is predicted where the probability is high; None with more classes."""
    if prediction.distinct != _TWO:
        return None
    high, low = (str(each) for each in sorted(coded(prediction).dropna().unique(), reverse=True))
    area = _auc(probability.numbers, _is(prediction, high))
    return high if area >= 1 / _TWO else low


def _decides(column: SampleColumn, prediction: SampleColumn) -> bool:
    """Say whether the column, cut somewhere, gives the prediction of two classes."""
    if prediction.distinct != _TWO:
        return False
    area = _auc(column.numbers, _is(prediction, str(coded(prediction).dropna().max())))
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


def _is(column: SampleColumn, name: str) -> NDArray[np.bool_]:
    return np.asarray((coded(column) == name).fillna(value=False).to_numpy(dtype=bool))


def _are_ones(sums: NDArray[np.float64]) -> bool:
    finite = sums[np.isfinite(sums)]
    return bool(finite.size) and float((np.abs(finite - 1) <= _SUM).mean()) >= _ROWS
