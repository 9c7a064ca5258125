"""Sketches of embeddings: sums of random Fourier features, which add up over parts without loss.

A vector x of unit length becomes cos(w'x) and sin(w'x) for fixed random frequencies w ~ N(0, I/s). The
means of these features stand for the mean of a Gaussian kernel exp(-|x - y|**2 / 2s) (Rahimi and Recht,
"Random features for large-scale kernel machines", NeurIPS 2007). There is one band of frequencies for
each of three widths s, so that vectors which all point one way and vectors which point everywhere are
both told apart. Each band's features are also mixed at random, and the products of the mixtures summed:
from these follows how far the means vary by chance.

Features are rounded to multiples of 2**-20 (mixtures of 2**-14) and summed as whole numbers, so that no
sum depends on the order of its rows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.kll import Counts
from profiles.packed import packed, unpacked
from profiles.profile import Floats

# Squared distances of unit vectors lie between 0 and 4, of unrelated ones about 2.
WIDTHS = (0.125, 0.5, 2.0)
FREQUENCIES = 160
# Mixtures of each band whose products are kept.
MIXED = 20
_FINE, _COARSE = 2.0**20, 2.0**14
_LONGEST = 65_536
_CELLS = 2_000_000

_FEATURES = 2 * len(WIDTHS) * FREQUENCIES
_MIXTURES = len(WIDTHS) * MIXED
_PRODUCTS = _MIXTURES * (_MIXTURES + 1) // 2


@dataclass(frozen=True, eq=False)
class Vectors:
    """The sums over `rows` vectors of `dimension` numbers.

    `sums` holds those of the features: of each band the cosines, then the sines. `products` holds those of
    the products of any two mixtures, the upper triangle row by row.
    """

    dimension: int
    rows: int
    sums: Counts
    products: Counts

    @property
    def means(self) -> Floats:
        """The mean features (bands, 2 * FREQUENCIES), scaled so that those of one vector have length 1."""
        scale = _FINE * math.sqrt(FREQUENCIES) * max(1, self.rows)
        return np.asarray(self.sums.reshape(len(WIDTHS), 2 * FREQUENCIES) / scale)

    @property
    def covariance(self) -> Floats:
        """The covariance of the mixtures, those of a band together (bands, MIXED, bands, MIXED)."""
        full = np.zeros((_MIXTURES, _MIXTURES))
        full[np.triu_indices(_MIXTURES)] = self.products / _COARSE**2 / max(1, self.rows)
        mean = np.einsum("bf,bfm->bm", self.means, mixing()).ravel()
        full = full + np.triu(full, 1).T - np.outer(mean, mean)
        return full.reshape(len(WIDTHS), MIXED, len(WIDTHS), MIXED)

    def note(self) -> dict[str, Any]:
        """Return what `of_note` reads back."""
        return {
            "dimension": self.dimension,
            "rows": self.rows,
            "sums": packed(self.sums),
            "products": packed(self.products),
        }

    @classmethod
    def of_note(cls, note: Any) -> Self:
        """Read a note; ValueError, KeyError or TypeError where it is damaged."""
        sums, products = unpacked(note["sums"], _FEATURES), unpacked(note["products"], _PRODUCTS)
        return cls(int(note["dimension"]), int(note["rows"]), sums, products)


def vectors(column: pa.ChunkedArray) -> tuple[Vectors, Floats]:
    """Sketch a column of lists of numbers; return it and the length (2-norm) of each vector in it.

    The dimension is that of most vectors, the smaller one of two. Vectors of another one, and those with
    a null, a NaN, an infinity or nothing but zeros, are left out.
    """
    known = column.drop_null()
    sizes = _sizes(known)
    counts = np.bincount(sizes) if sizes.size else np.zeros(1, np.int64)
    counts[0] = 0
    dimension = int(counts.argmax())
    sums, products = np.zeros(_FEATURES), np.zeros(_PRODUCTS)
    norms = [np.empty(0)]
    for block in _blocks(known, sizes, dimension) if counts.any() else ():
        unit, norm = _unit(block)
        norms.append(norm)
        features = _features(unit)
        sums += np.rint(features * _FINE).sum(axis=0).ravel()
        products += _products(features)
    rows = sum(each.size for each in norms)
    return Vectors(dimension, rows, sums.astype(np.int64), products.astype(np.int64)), np.concatenate(norms)


def added(parts: Sequence[Vectors]) -> Vectors:
    """Add up the sums of disjoint rows; of different dimensions the one with most rows stays."""
    rows: dict[int, int] = {}
    for part in parts:
        rows[part.dimension] = rows.get(part.dimension, 0) + part.rows
    dimension = max(sorted(rows), key=lambda each: rows[each])
    alike = [part for part in parts if part.dimension == dimension]
    return Vectors(
        dimension,
        rows[dimension],
        np.sum([part.sums for part in alike], axis=0),
        np.sum([part.products for part in alike], axis=0),
    )


def is_vectors(kind: pa.DataType) -> bool:
    """Say whether a column's type is a list of numbers."""
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return bool(lists) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type))


@lru_cache(maxsize=8)
def frequencies(dimension: int) -> Floats:
    """Return the frequencies of a dimension (dimension, bands * FREQUENCIES), the same ones for ever."""
    # The legacy generator's normal stream is frozen (NEP 19); that of newer ones may change with numpy.
    random = np.random.RandomState(dimension)
    normal = random.standard_normal((dimension, len(WIDTHS) * FREQUENCIES))
    return np.asarray(normal / np.repeat(np.sqrt(WIDTHS), FREQUENCIES))


@lru_cache(maxsize=1)
def mixing() -> Floats:
    """Return each mixture's weights (bands, 2 * FREQUENCIES, MIXED), normal with variance 1/MIXED."""
    random = np.random.RandomState(0)
    return np.asarray(random.standard_normal((len(WIDTHS), 2 * FREQUENCIES, MIXED)) / math.sqrt(MIXED))


def _sizes(known: pa.ChunkedArray) -> Counts:
    if pa.types.is_fixed_size_list(known.type):
        return np.full(len(known), known.type.list_size, np.int64)
    sizes: Counts = np.minimum(pc.list_value_length(known).to_numpy(), _LONGEST).astype(np.int64)
    return sizes


def _blocks(known: pa.ChunkedArray, sizes: Counts, dimension: int) -> Any:
    """Yield the vectors of one dimension as arrays of some rows each."""
    step = max(1, _CELLS // max(dimension, _FEATURES))
    for start in range(0, len(known), step):
        part = known.slice(start, step).filter(pa.array(sizes[start : start + step] == dimension))
        flat = pc.list_flatten(part).cast(pa.float64())
        yield flat.to_numpy().reshape(-1, dimension)


def _unit(block: Floats) -> tuple[Floats, Floats]:
    """Return the usable vectors at unit length, and their lengths."""
    with np.errstate(over="ignore", invalid="ignore"):
        norm = np.linalg.norm(block, axis=1)
        usable = np.isfinite(norm) & (norm > 0)
    return block[usable] / norm[usable, None], norm[usable]


def _features(unit: Floats) -> Floats:
    """Return the features of some vectors (rows, bands, 2 * FREQUENCIES)."""
    angles = (unit @ frequencies(unit.shape[1])).reshape(-1, len(WIDTHS), FREQUENCIES)
    return np.concatenate([np.cos(angles), np.sin(angles)], axis=2)


def _products(features: Floats) -> Floats:
    """Add up the products of the mixtures; whole numbers this small are exact as floats."""
    scaled = np.einsum("rbf,bfm->rbm", features, mixing() / math.sqrt(FREQUENCIES), optimize=True)
    whole = np.rint(scaled.reshape(len(features), _MIXTURES) * _COARSE)
    return np.asarray((whole.T @ whole)[np.triu_indices(_MIXTURES)])
