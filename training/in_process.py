"""Fitting and answering in this very process, where nobody serves: in a backtest."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

from profiles.answers import Answers
from profiles.columns import names


def fresh(estimator: Any) -> Any:
    """Return an estimator of the same kind and parameters that nobody has fitted."""
    from sklearn.base import clone

    return clone(estimator)


def seeded(estimator: Any, seed: int) -> Any:
    """Return an unfitted clone in which whatever draws at random begins at `seed`, where nobody said how."""
    made = fresh(estimator)
    open_ones = {name: seed for name, value in made.get_params().items() if _draws(name) and value is None}
    return made.set_params(**open_ones)


def _draws(parameter: str) -> bool:
    return parameter.rpartition("__")[2] == "random_state"


def refitted(estimator: Any, rows: pa.Table, truth: Any) -> Any:
    """Return a clone of the estimator fitted on rows and their outcomes (no null among them)."""
    return fresh(estimator).fit(rows.to_pandas(), np.asarray(truth))


def answers_of(fitted: Any, rows: pa.Table, classes: Mapping[str, str]) -> Answers:
    """Return what a fitted estimator answers; `classes` are those whose probabilities are logged.

    A class that it never met has the probability 0.
    """
    if not rows.num_rows:
        return Answers(pa.nulls(0), {name: pa.array([], pa.float64()) for name in classes})
    asked = rows.to_pandas()
    prediction = pa.array(np.asarray(fitted.predict(asked)))
    if not classes:
        return Answers(prediction)
    chances = fitted.predict_proba(asked)
    known = {str(name): chances[:, place] for place, name in enumerate(names(np.asarray(fitted.classes_)))}
    never = np.zeros(rows.num_rows)
    return Answers(prediction, {name: pa.array(known.get(name, never)) for name in classes})
