"""Importance of columns for a model that can only be asked: rows with one column shuffled at a time.

As scikit-learn's permutation importance (`training.importance`), but all questions are put at once, in one
table, because the model lies in another process, or in another language.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from profiles.answers import Answers
from profiles.labels import LABEL
from profiles.losses import Loss, row_losses

_MOST_ROWS = 1_000
_MOST_COLUMNS = 60
_REPEATS = 3


@dataclass(frozen=True, eq=False)
class Questions:
    """Rows to ask: `table` holds the held-out rows and then, for each of `columns`, the shuffled ones.

    `sampled` are the held-out rows that were shuffled, by their places.
    """

    table: pa.Table
    held: int
    columns: tuple[str, ...]
    sampled: tuple[int, ...]


def questions(held: pa.Table, features: Sequence[str], seed: int = 0) -> Questions:
    """Put the held-out rows' features and their shuffled copies into one table.

    At most 1,000 rows, three times for each of at most 60 columns, so that asking stays cheap.
    """
    asked = held.select(list(features))
    random = np.random.default_rng(seed)
    count = min(_MOST_ROWS, asked.num_rows)
    sampled = np.sort(random.choice(asked.num_rows, count, replace=False))
    rows = asked.take(pa.array(sampled))
    columns = tuple(features)[:_MOST_COLUMNS]
    parts = [asked]
    for name in columns:
        for _ in range(_REPEATS):
            mixed = rows.column(name).take(pa.array(random.permutation(count)))
            parts.append(rows.set_column(rows.schema.get_field_index(name), name, mixed))
    return Questions(pa.concat_tables(parts), asked.num_rows, columns, tuple(sampled.tolist()))


def of_held(asked: Questions, answers: Answers) -> Answers:
    """Return the answers to the held-out rows themselves."""
    return _part(answers, 0, asked.held)


def importance(asked: Questions, answers: Answers, held: pa.Table, loss: Loss) -> Mapping[str, float]:
    """Return per column by how much shuffling it raises the mean loss, as a share of that loss.

    Permutation importance (Breiman, Machine Learning 45(1), 2001). Negative ones, which are chance, are 0;
    all are 0 where nothing is lost.
    """
    truth = held.column(LABEL).take(pa.array(asked.sampled))
    count = len(asked.sampled)

    def mean(start: int, places: pa.Array | None = None) -> float:
        part = _part(answers, start, count) if places is None else _taken(answers, places)
        return float(np.nanmean(row_losses(loss, truth, part.prediction, part.probabilities)))

    before = mean(0, pa.array(asked.sampled))
    if not before > 0:
        return dict.fromkeys(asked.columns, 0.0)
    found = {}
    for place, name in enumerate(asked.columns):
        starts = [asked.held + (place * _REPEATS + each) * count for each in range(_REPEATS)]
        found[name] = max(0.0, float(np.mean([mean(start) for start in starts])) / before - 1)
    return found


def _part(answers: Answers, start: int, count: int) -> Answers:
    return Answers(
        answers.prediction.slice(start, count),
        {name: each.slice(start, count) for name, each in answers.probabilities.items()},
    )


def _taken(answers: Answers, places: pa.Array) -> Answers:
    return Answers(
        answers.prediction.take(places),
        {name: each.take(places) for name, each in answers.probabilities.items()},
    )
