"""Which columns of a sample hold answers and outcomes: label, prediction, and the task."""

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd

from profiles.guess import Guess, SampleColumn, vocabulary
from profiles.layout import Task

LABELS = vocabulary("label labels target truth actual actuals outcome observed")
ANSWERS = vocabulary(
    "prediction predictions predicted predict pred yhat hat forecast forecasted estimate estimated "
    "answer answered decision decided guess inferred output"
)
SCORES = vocabulary("probability probabilities prob proba score scores confidence likelihood certainty")
CLASSES = 20  # different whole numbers up to which they name classes
_TWO = 2
_PAIRS = 20  # labelled rows from which on values can be compared with labels
_SKILL = 0.05  # better than the best constant by this, for a column to be taken for the prediction


def infer_label(
    columns: Sequence[SampleColumn],
    traffic: Sequence[SampleColumn],
    aligned: Callable[[SampleColumn], SampleColumn | None],
    *,
    alone: bool,
) -> Guess[str] | None:
    """Infer the column of outcomes among those without another role.

    `alone` says that the columns come from a stream of labels of its own. Of several that may be it, the
    one counts that a column of the `traffic` comes nearest to; `aligned` puts a column beside its rows.
    """
    fitting = [c for c in columns if c.nature in {"number", "whole", "text", "flag"} and c.present]
    named = [column for column in fitting if column.named(LABELS) or column.name.lower() == "y"]
    if named and (len(named) == 1 or not alone):
        return Guess(named[0].name, "named for it")
    if not alone:
        return None
    varying = named or [column for column in fitting if column.distinct > 1]
    if len(varying) == 1:
        return Guess(varying[0].name, "the only other column of the labels that varies")
    return _foretold(varying, traffic, aligned) or (Guess(named[0].name, "named for it") if named else None)


def _foretold(
    outcomes: Sequence[SampleColumn],
    traffic: Sequence[SampleColumn],
    aligned: Callable[[SampleColumn], SampleColumn | None],
) -> Guess[str] | None:
    """Return the one of several outcomes that the traffic foretells best by far, but does not repeat."""
    ranked = []
    for outcome in outcomes:
        truth = aligned(outcome)
        skills = (
            [] if truth is None else [(skill_of(column, truth) or 0.0, column.name) for column in traffic]
        )
        ranked.append((*max(skills, default=(0.0, "")), outcome.name))
    ranked.sort(reverse=True)
    told = [each for each in ranked if each[0] >= _SKILL]
    if len(told) > 1:  # an answer that lies in the labels once more is no outcome
        told = [each for each in told if each[0] < 1] or told
    if not told or (len(told) > 1 and told[0][0] - told[1][0] < _SKILL):
        return None
    skill, by, name = told[0]
    return Guess(name, f"of {len(outcomes)} outcomes the one that {by} comes nearest to{_nearness(skill)}")


def infer_prediction(columns: Sequence[SampleColumn], truth: SampleColumn | None) -> Guess[str] | None:
    """Infer the model's answer: the column that comes nearest to the outcomes, or is named for it."""
    fitting = [c for c in columns if c.nature in {"number", "whole", "text", "flag"} and c.present]
    skills = {column.name: skill_of(column, truth) for column in fitting}
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
    if told.nature == "number" or told.distinct > CLASSES:
        return Guess("regression", f"{told.name} holds {told.distinct:,} different numbers")
    if prediction is not None and prediction.nature == "number":
        return Guess("regression", f"{prediction.name} holds fractions")
    return Guess("classification", f"{told.name} holds {told.distinct} different whole numbers")


def skill_of(column: SampleColumn, truth: SampleColumn | None) -> float | None:
    """Return how near a column comes to the outcomes: 1 for equal, 0 for no better than one constant.

    For numbers 1 - sum|c - y| / sum|y - median(y)|; for classes Cohen's kappa (1960). None where a column
    cannot be an answer, because it has other values than the labels, or too few rows have one.
    """
    if truth is None:
        return None
    task = infer_task(truth, None)
    counted = truth.nature == "whole" and truth.distinct > _TWO  # few whole numbers, foretold as a fraction
    if (task is not None and task.value == "regression") or (counted and column.nature == "number"):
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
    pairs = pd.DataFrame({"guessed": coded(column).to_numpy(), "y": coded(truth).to_numpy()}).dropna()
    if len(pairs) < _PAIRS or not set(pairs.guessed) <= set(pairs.y):
        return None
    agree = float((pairs.guessed == pairs.y).mean())
    shares = [pairs[side].value_counts(normalize=True) for side in ("guessed", "y")]
    chance = float(shares[0].mul(shares[1], fill_value=0.0).sum())
    return (agree - chance) / (1 - chance) if chance < 1 else None


def coded(column: SampleColumn) -> "pd.Series[str]":
    """Return classes as texts, numbered from 0."""
    return column.keys.reset_index(drop=True)


def _nearness(skill: float | None) -> str:
    return "" if skill is None or skill <= 0 else f" (skill {skill:.2f} of 1)"
