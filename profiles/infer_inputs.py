"""Which columns of a sample say nothing about how a model's inputs are distributed."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn, vocabulary
from profiles.infer_answers import ANSWERS, LABELS, SCORES
from profiles.infer_joins import IDS, JOINS

_PEOPLE = vocabulary("customer user client account session device email mail phone iban card")
_MANY = 50  # different values from which on a column may name single things
_CODES = 0.99  # share of the values that must be written alike, for them to be codes
_COUNTING = 5  # different values from which on a column that only grows is a counter or a clock


def ignored(
    columns: Iterable[SampleColumn], order: NDArray[np.int64] | None, label: Guess[str] | None
) -> Iterable[Guess[str]]:
    """Yield the columns that say nothing about how inputs are distributed, each with its reason."""
    for column in columns:
        reason = _useless(column, order)
        if reason is None and label is not None and column.name == label.value and column.named(LABELS):
            reason = "the outcome is no input"
        if reason is None and column.nature == "other" and column.named(SCORES | ANSWERS):
            reason = "part of the answer, not an input"
        if reason is not None:
            yield Guess(column.name, reason)


def _useless(column: SampleColumn, order: NDArray[np.int64] | None) -> str | None:
    """Return why a column's distribution says nothing, or None where it says something."""
    if column.nature == "other":
        return None
    if column.nature in {"time", "day"}:
        return "a time, which always moves"
    if column.distinct <= 1:
        return "constant" if column.distinct else "empty"
    if order is not None and _only_grows(column, order):
        return "only grows, as counters and clocks do"
    return _identifying(column) if column.distinct > _MANY else None


def _identifying(column: SampleColumn) -> str | None:
    if column.nature == "text" and not column.spaced and column.uniqueness >= JOINS:
        return "an id, different in most rows"
    if column.nature == "text" and not column.spaced and column.named(IDS | _PEOPLE):
        return "names single things or persons"
    if column.nature == "text" and not column.spaced and _are_codes(column):
        return "codes that differ in their digits alone, which name single things"
    return "an id" if column.nature == "whole" and column.named(IDS) else None


def _are_codes(column: SampleColumn) -> bool:
    """Say whether nearly all texts are one pattern of letters and digits, such as PLT-0172.

    Digits alone may be postal codes or amounts, and are left to be compared.
    """
    shapes = column.series.dropna().str.replace(r"\d+", "0", regex=True).value_counts(normalize=True)
    first = str(shapes.index[0])
    return float(shapes.iloc[0]) >= _CODES and "0" in first and any(each.isalpha() for each in first)


def _only_grows(column: SampleColumn, order: NDArray[np.int64]) -> bool:
    if column.nature == "flag" or column.distinct < _COUNTING or column.present < len(column.values):
        return False
    return bool(column.series.iloc[order].is_monotonic_increasing)
