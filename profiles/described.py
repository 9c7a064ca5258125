"""Columns of text and of embeddings: profiled by what can be said of their values, never by the values.

Beside the column itself, whose words or features are summed up, stand number columns derived from it,
named as in `description · length`: they are profiled and compared like any numbers. They have a row for
each value that is there, so that what is missing is missing once, in the column itself.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from profiles.profile import Floats, Kind
from profiles.texts import descriptors
from profiles.vectors import Vectors, is_vectors, vectors
from profiles.vectors import added as added_vectors
from profiles.words import Words, words
from profiles.words import added as added_words

_MARK = " · "


@dataclass(frozen=True)
class Described:
    """Which columns hold text and which embeddings; `salt`, the model's name, goes into every word's hash."""

    text: tuple[str, ...] = ()
    embeddings: tuple[str, ...] = ()
    salt: str = ""


@dataclass(frozen=True, eq=False)
class Description:
    """What is kept of one column: its rows, those without a usable value, and the sums over the others.

    Without either sums they were lost: stock whylogs merged the profile, or a part was not described.
    """

    kind: Kind
    rows: int
    missing: int
    words: Words | None = None
    vectors: Vectors | None = None

    def note(self) -> dict[str, Any]:
        """Return what `of_note` reads back."""
        note: dict[str, Any] = {"kind": self.kind, "n": self.rows}
        if self.words is not None:
            note["words"] = self.words.note()
        if self.vectors is not None:
            note["vectors"] = self.vectors.note()
        return note

    @classmethod
    def of_note(cls, note: Mapping[str, Any], rows: int, missing: int) -> "Description | None":
        """Read the note of a column of so many rows; None where it has none, errors where it is damaged."""
        if "kind" not in note:
            return None
        if note["n"] != rows:
            # Stock whylogs merges notes by keeping one of them.
            return cls(note["kind"], rows, missing)
        words = Words.of_note(note["words"]) if "words" in note else None
        vectors = Vectors.of_note(note["vectors"]) if "vectors" in note else None
        return cls(note["kind"], rows, missing if vectors is None else rows - vectors.rows, words, vectors)


def described(
    name: str, column: pa.ChunkedArray, roles: Described
) -> tuple[Description, Mapping[str, Floats]] | None:
    """Describe a column of text or embeddings; None for another role, or where it holds something else.

    Returned with it are the derived columns by name, a number for each usable value.
    """
    if name in roles.text and (texts := _texts(column)) is not None:
        kept = Description("text", len(texts), texts.null_count, words=words(texts, roles.salt))
        return kept, {f"{name}{_MARK}{each}": numbers for each, numbers in descriptors(texts).items()}
    if name in roles.embeddings and is_vectors(column.type):
        found, norms = vectors(column)
        rows = len(column)
        return Description("embedding", rows, rows - found.rows, vectors=found), {f"{name}{_MARK}norm": norms}
    return None


def joined(parts: Sequence[Description | None], rows: int, missing: int) -> Description | None:
    """Join the descriptions of one column's parts, None for a part that has none.

    `rows` and `missing` are those of all parts together.
    """
    first = next((part for part in parts if part is not None), None)
    if first is None:
        return None
    all_words = [None if part is None else part.words for part in parts]
    all_vectors = [None if part is None else part.vectors for part in parts]
    words = added_words(known) if len(known := [each for each in all_words if each]) == len(parts) else None
    if len(sums := [each for each in all_vectors if each]) < len(parts):
        return Description(first.kind, rows, missing, words)
    vectors = added_vectors(sums)
    return Description(first.kind, rows, rows - vectors.rows, words, vectors)


def is_derived(name: str, columns: Collection[str]) -> bool:
    """Say whether a column was derived from one of `columns`."""
    return any(name[:at] in columns for at in range(len(name)) if name.startswith(_MARK, at))


def _texts(column: pa.ChunkedArray) -> pa.ChunkedArray | None:
    """Return a column of text; None where it holds something else, or bytes that are not UTF-8."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    if not (pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind)):
        return None
    texts = column.cast(pa.large_string())
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid:
        return None
    return texts


def as_arrow(numbers: Floats) -> pa.ChunkedArray:
    """Return derived numbers as a column."""
    return pa.chunked_array([pa.array(np.asarray(numbers, np.float64))])
