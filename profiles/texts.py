"""What can be measured of a text without its language: how long it is and what kinds of characters it has."""

import string
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from profiles.kll import Counts
from profiles.profile import Floats

Bytes: TypeAlias = NDArray[np.uint8]
# ASCII by kind; whatever is none of these is a letter of some script.
_KINDS: Mapping[str, str] = {
    "digits": string.digits,
    "punctuation": string.punctuation,
    "capitals": string.ascii_uppercase,
    "blanks": string.whitespace,
}
# In UTF-8 a byte from 0xC0 on begins a character outside ASCII; those of 0x80 to 0xBF continue it.
_OUTSIDE = range(0xC0, 0x100)
# Rows that are counted at once, so that memory does not grow with the rows.
_ROWS = 50_000


def descriptors(texts: pa.ChunkedArray) -> dict[str, Floats]:
    """Measure every text that is not null, in order.

    `length` is in characters, `words` counts what stands between blanks. `digits`, `punctuation`,
    `capitals` and `blanks` are the shares of ASCII characters of that kind, `non-ASCII` that of all others
    together (0..1 of the characters; 0 for an empty text).
    """
    known = texts.drop_null()
    parts = [_measured(known.slice(start, _ROWS)) for start in range(0, len(known), _ROWS)] or [
        _measured(known)
    ]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _measured(texts: pa.ChunkedArray) -> dict[str, Floats]:
    array = pa.concat_arrays(texts.chunks) if texts.num_chunks else pa.array([], texts.type)
    array = array.cast(pa.large_string())
    length = pc.utf8_length(array).to_numpy().astype(np.float64)
    words = pc.list_value_length(pc.utf8_split_whitespace(pc.utf8_trim_whitespace(array))).to_numpy()
    found = {"length": length, "words": np.where(_blank(array), 0, words).astype(np.float64)}
    offsets, data = _utf8(array)
    for name, kind in {
        **{name: kind.encode() for name, kind in _KINDS.items()},
        "non-ASCII": _OUTSIDE,
    }.items():
        of_kind = np.zeros(256, np.uint8)
        of_kind[list(kind)] = 1
        found[name] = _sums(of_kind[data], offsets) / np.maximum(length, 1)
    return found


def _blank(array: pa.Array) -> NDArray[np.bool_]:
    blank: NDArray[np.bool_] = pc.equal(pc.utf8_length(pc.utf8_trim_whitespace(array)), 0).to_numpy(
        zero_copy_only=False
    )
    return blank


def _utf8(array: pa.Array) -> tuple[Counts, Bytes]:
    """Return where each text begins (n + 1) and the bytes of all."""
    _, ends, data = array.buffers()
    offsets = np.frombuffer(ends, np.int64)[array.offset : array.offset + len(array) + 1]
    if not len(array):
        return np.zeros(1, np.int64), np.empty(0, np.uint8)
    held = np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)
    return offsets - offsets[0], held[offsets[0] : offsets[-1]]


def _sums(marks: Bytes, offsets: Counts) -> Counts:
    """Add up the marks of each text; the one more keeps the beginning of empty last texts within bounds."""
    sums = np.add.reduceat(np.append(marks, 0), offsets[:-1], dtype=np.int64)
    return np.asarray(np.where(np.diff(offsets) > 0, sums, 0), np.int64)
