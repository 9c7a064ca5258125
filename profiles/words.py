"""Which words a column of text uses, without any word: how many rows use a word of each hashed bucket.

A word's bucket is a keyed hash of it, so that a profile tells neither words nor their order, and buckets
of equal keys add up over parts without loss. A word is *new* when no row of the baseline uses its bucket.

How many new words are to be expected where nothing has changed: those that the baseline would lack without
one of its rows, which are the words that one row alone uses (Good, "The population frequencies of species
and the estimation of population parameters", Biometrika 40, 1953). Buckets instead of words leave this
as it is: they are an alphabet of their own. They hide a new word that shares its bucket with a known one,
which `openness` makes up for.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.kll import Counts
from profiles.packed import packed, unpacked

BUCKETS = 2**17
# Words of a text that are looked at at once, so that memory does not grow with the rows.
_ROWS = 50_000


@dataclass(frozen=True, eq=False)
class Words:
    """The words of a column's texts.

    `rows` counts texts, `uses` the different words of each text added up, and `squares` the squares of
    those numbers. `buckets` (BUCKETS, int64) counts the uses of each bucket. `key` tells by which salt
    words were hashed: only buckets of one key can be compared or added.
    """

    key: str
    rows: int
    uses: int
    squares: int
    buckets: Counts

    @property
    def openness(self) -> float:
        """The share of buckets without a word: the probability that a new word is seen as one."""
        return float((self.buckets == 0).mean())

    def note(self) -> dict[str, Any]:
        """Return what `of_note` reads back."""
        used = np.flatnonzero(self.buckets)
        return {
            "key": self.key,
            "rows": self.rows,
            "uses": self.uses,
            "squares": self.squares,
            # Most buckets are empty: the used ones are written by the steps between them.
            "places": packed(np.diff(used, prepend=0)),
            "counts": packed(self.buckets[used]),
            "used": used.size,
        }

    @classmethod
    def of_note(cls, note: Any) -> Self:
        """Read a note; ValueError, KeyError, TypeError or IndexError where it is damaged."""
        rows, uses, squares, used = (int(note[name]) for name in ("rows", "uses", "squares", "used"))
        if not 0 <= used <= BUCKETS:
            raise ValueError(f"{used} of {BUCKETS} buckets used")
        buckets = np.zeros(BUCKETS, np.int64)
        buckets[np.cumsum(unpacked(note["places"], used))] = unpacked(note["counts"], used)
        return cls(str(note["key"]), rows, uses, squares, buckets)


def words(texts: pa.ChunkedArray, salt: str) -> Words:
    """Count the words of texts; nulls are no texts.

    Words are what stands between blanks, without the punctuation around it, in lower case, every digit
    read as 0, so that a new number is no new word.
    """
    key = blake2b(salt.encode(), digest_size=8).hexdigest()
    known = texts.drop_null()
    buckets = np.zeros(BUCKETS, np.int64)
    uses = squares = 0
    for start in range(0, len(known), _ROWS):
        rows, found = _used(known.slice(start, _ROWS), key)
        buckets += np.bincount(found, minlength=BUCKETS)
        uses += found.size
        squares += int((np.bincount(rows).astype(np.int64) ** 2).sum())
    return Words(key, len(known), uses, squares, buckets)


def _used(texts: pa.ChunkedArray, key: str) -> tuple[Counts, Counts]:
    """Return row and bucket of each different word of each text."""
    import pandas as pd

    split = pc.utf8_split_whitespace(texts.combine_chunks())
    rows = pc.list_parent_indices(split).to_numpy()
    coded = split.flatten().dictionary_encode()
    spelled = _spelled(coded.dictionary)
    hashes = pd.util.hash_array(spelled, hash_key=key, categorize=False)
    # What was only punctuation is no word.
    at = np.where(spelled == "", -1, (hashes % np.uint64(BUCKETS)).astype(np.int64))
    at = at[coded.indices.to_numpy()] if at.size else np.empty(0, np.int64)
    pairs = np.sort((rows.astype(np.int64) * BUCKETS + at)[at >= 0])
    # Sorting and looking at neighbours is forty times as fast here as np.unique.
    pairs = pairs[np.r_[True, pairs[1:] != pairs[:-1]]] if pairs.size else pairs
    return pairs // BUCKETS, pairs % BUCKETS


def _spelled(tokens: pa.Array) -> Any:
    """Return how tokens are compared; only different ones come here, which are few."""
    bare = pc.utf8_lower(pc.replace_substring_regex(tokens, r"^[\pP\pS]+|[\pP\pS]+$", ""))
    return pc.replace_substring_regex(bare, r"\pN", "0").to_numpy(zero_copy_only=False)


def added(parts: Sequence[Words]) -> Words | None:
    """Add up the words of disjoint rows; None where they were hashed by different salts."""
    if len({part.key for part in parts}) != 1:
        return None
    return Words(
        parts[0].key,
        sum(part.rows for part in parts),
        sum(part.uses for part in parts),
        sum(part.squares for part in parts),
        np.sum([part.buckets for part in parts], axis=0),
    )
