"""Which columns of a sample hold free text, and which embeddings."""

from collections.abc import Iterable

import numpy as np
import pyarrow.compute as pc

from profiles.guess import Guess, SampleColumn
from profiles.vectors import is_vectors

# Texts of fewer words on average are names and titles, which repeat; so do texts of fewer different values.
_WORDS = 3
_DIFFERENT = 50
# Shorter lists are coordinates and baskets.
_NUMBERS = 8


def free_text(columns: Iterable[SampleColumn]) -> tuple[Guess[str], ...]:
    """Return the columns of many different texts of several words."""
    return tuple(
        Guess(column.name, f"free text, {mean:.0f} words on average")
        for column in columns
        if column.spaced and column.distinct > _DIFFERENT and (mean := _mean_words(column)) >= _WORDS
    )


def embeddings(columns: Iterable[SampleColumn]) -> tuple[Guess[str], ...]:
    """Return the columns of lists of as many numbers in every row, not all of them whole."""
    found = []
    for column in columns:
        lists = column.values.drop_null()
        if not len(lists) or not is_vectors(lists.type):
            continue
        sizes = np.unique(pc.list_value_length(lists).to_numpy())
        numbers = pc.list_flatten(lists).drop_null().to_numpy()
        if sizes.size == 1 and sizes[0] >= _NUMBERS and (numbers != np.floor(numbers)).any():
            found.append(Guess(column.name, f"lists of {sizes[0]} numbers"))
    return tuple(found)


def _mean_words(column: SampleColumn) -> float:
    return float(column.series.dropna().str.count(r"\S+").mean())
