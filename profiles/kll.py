"""Repeatable KLL quantile sketches: weighted points to and from DataSketches' binary format.

The stock sketch drops items at random and offers no seed, so that the same rows give other bytes each
time. Here the points are chosen by rank and the image is written as the stock library writes it
(doubles, serial version 1), so that the stock library reads, queries and merges it.

Format (little endian): preamble ints, version, family 15, flags, k, m, unused; n (uint64); smallest k
merged in, number of levels, two bytes and four of padding; the offset of each level within the
sketch's full capacity (uint32); minimum, maximum; the items, level 0 first. An item of level h stands
for 2**h values. An empty sketch is the first 8 bytes, a single item 8 bytes and the item.
Source: Karnin, Lang and Liberty, "Optimal quantile approximation in streams", FOCS 2016;
`kll_sketch_impl.hpp` and `kll_helper.hpp` of DataSketches C++ 3.4.
"""

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from profiles.profile import Floats

Counts = NDArray[np.int64]

K = 1024
_M = 8
_FAMILY = 15
_EMPTY, _SORTED, _SINGLE = 1, 2, 4
_HEAD = struct.Struct("<BBBBHBB")
_BODY = struct.Struct("<QHBB4x")
_RANGE = struct.Struct("<dd")
_MOST_LEVELS = 60
# A value that holds more than this share of the rows keeps its exact weight.
_ATOM = 1 / 32


@dataclass(frozen=True, eq=False)
class Points:
    """Ascending values, each standing for `weights` rows.

    `rank_error` bounds the error of any rank (0..1), `span` is the exact minimum and maximum.
    """

    values: Floats
    weights: Counts
    rank_error: float = 0.0
    span: tuple[float, float] = (0.0, 0.0)

    @property
    def rows(self) -> int:
        """The number of rows that the points stand for."""
        return int(self.weights.sum())


def grouped(values: Floats, weights: Counts) -> tuple[Floats, Counts]:
    """Sort the values and add up the weights of equal ones."""
    distinct, at = np.unique(values, return_inverse=True)
    summed = np.zeros(distinct.size, np.int64)
    np.add.at(summed, at, weights)
    return distinct, summed


def compress(values: Floats, weights: Counts) -> Points:
    """Choose at most K points whose weights are powers of two to stand for the distinct, ascending `values`.

    Where the binary digits of all weights fit, the result is exact. Otherwise values that hold more than
    1/32 of the rows stay exact and the others are cut, by rank, into blocks that their middle value
    stands for; no rank is then off by more than half a block: 0.5/K to 1/K of the rows for data
    without ties.
    """
    if not values.size:
        return Points(values, weights)
    span = (float(values[0]), float(values[-1]))
    if int(np.bitwise_count(weights).sum()) <= K:
        return Points(*_digits(values, weights), 0.0, span)
    total = int(weights.sum())
    atom = weights > total * _ATOM
    atoms = _digits(values[atom], weights[atom])
    blocks = _blocks(values[~atom], weights[~atom], K - atoms[0].size)
    points, sizes = np.concatenate([atoms[0], blocks[0]]), np.concatenate([atoms[1], blocks[1]])
    order = np.lexsort((sizes, points))
    return Points(points[order], sizes[order], int(blocks[1].max()) / 2 / total, span)


def _digits(values: Floats, weights: Counts) -> tuple[Floats, Counts]:
    """Repeat each value once per binary digit of its weight."""
    powers = np.left_shift(1, np.arange(int(weights.max(initial=1)).bit_length(), dtype=np.int64))
    row, digit = np.nonzero(weights[:, None] & powers)
    return values[row], powers[digit]


def _blocks(values: Floats, weights: Counts, room: int) -> tuple[Floats, Counts]:
    """Cut the rows into blocks of 2**h, h as small as `room` allows, and take the middle of each.

    The rows left over form smaller blocks, by their number's binary digits, spread among the large ones.
    """
    total = int(weights.sum())
    height = 0
    while (total >> height) + (total & ((1 << height) - 1)).bit_count() > room:
        height += 1
    rest = total & ((1 << height) - 1)
    small = np.array([1 << h for h in range(height) if rest >> h & 1], np.int64)
    large = np.full(total >> height, 1 << height, np.int64)
    places = (np.arange(small.size) * 2 + 1) * large.size // max(1, 2 * small.size)
    sizes = np.insert(large, places, small)
    middles = np.cumsum(sizes) - sizes + sizes // 2
    return values[np.searchsorted(np.cumsum(weights), middles, side="right")], sizes


def image(points: Points) -> bytes:
    """Write points as a DataSketches KLL sketch of doubles with k = 1024.

    Weights that are no powers of two, which reading back the extremes makes, are spelled out in their digits.
    """
    if not points.values.size:
        return _HEAD.pack(2, 1, _FAMILY, _EMPTY, K, _M, 0)
    if points.rows == 1:
        return _HEAD.pack(2, 2, _FAMILY, _SINGLE, K, _M, 0) + struct.pack("<d", points.values[0])
    values, weights = _digits(points.values, points.weights)
    level = np.bitwise_count(weights - 1).astype(np.int64)
    levels = int(level.max()) + 1
    sizes = np.bincount(level, minlength=levels)
    first = _capacity(levels) - values.size
    offsets = first + np.cumsum(sizes) - sizes
    return b"".join((
        _HEAD.pack(6, 1, _FAMILY, _SORTED, K, _M, 0),
        _BODY.pack(points.rows, K, levels, 0),
        offsets.astype("<u4").tobytes(),
        _RANGE.pack(*points.span),
        values[np.lexsort((values, level))].astype("<f8").tobytes(),
    ))  # fmt: skip


def _capacity(levels: int) -> int:
    """The items that a sketch of so many levels has room for: K in the top one, 2/3 of that in each below."""
    return sum(max(_M, ((2 * K << depth) // 3**depth + 1) >> 1) for depth in range(levels))


def points(data: bytes) -> Points:
    """Read a KLL sketch of doubles, ours or the stock library's; ValueError where it is damaged.

    Infinities are left out. The extremes are exact: where a sketch dropped the smallest or largest
    value, one row of the outermost point is given back to it. `rank_error` of a sketch that dropped
    values is the stock library's (99 % confidence): 2.296 / k**0.9723.
    """
    if len(data) < _HEAD.size:
        raise ValueError(f"a KLL sketch has at least {_HEAD.size} bytes, found {len(data)}")
    _, _, family, flags, _, _, _ = _HEAD.unpack_from(data)
    if family != _FAMILY:
        raise ValueError(f"a KLL sketch is of family {_FAMILY}, found {family}")
    if flags & _EMPTY:
        return Points(np.empty(0), np.empty(0, np.int64))
    if flags & _SINGLE:
        return _finite(np.frombuffer(data, "<f8", 1, _HEAD.size), np.ones(1, np.int64), 0.0)
    rows, k, levels, _ = _checked(_BODY.unpack_from(data, _HEAD.size))
    at = _HEAD.size + _BODY.size
    offsets = np.frombuffer(data, "<u4", levels, at).astype(np.int64)
    low, high = _RANGE.unpack_from(data, at + offsets.nbytes // 2)
    values = np.frombuffer(data, "<f8", offset=at + offsets.nbytes // 2 + _RANGE.size)
    sizes = np.diff(offsets, append=offsets[0] + values.size)
    if (sizes < 0).any():
        raise ValueError("the levels of a KLL sketch do not fit its items")
    weights = np.repeat(np.left_shift(1, np.arange(levels, dtype=np.int64)), sizes)
    if (
        int(weights.sum()) != rows
        or np.isnan(values).any()
        or not low <= values.min() <= values.max() <= high
    ):
        raise ValueError("the items of a KLL sketch do not fit its count and range")
    order = np.lexsort((weights, values))
    values, weights = _with_extremes(values[order], weights[order], low, high)
    return _finite(values, weights, 0.0 if levels == 1 else 2.296 / k**0.9723)


def _checked(body: tuple[int, int, int, int]) -> tuple[int, int, int, int]:
    rows, k, levels, _ = body
    if rows < 1 or k < _M or not 1 <= levels <= _MOST_LEVELS:
        raise ValueError(f"a KLL sketch of {rows} rows, k {k} and {levels} levels is not possible")
    return body


def _with_extremes(values: Floats, weights: Counts, low: float, high: float) -> tuple[Floats, Counts]:
    """Make the exact minimum and maximum the outermost points without changing the sum of the weights."""
    values, weights = values.copy(), weights.copy()
    for end, extreme in ((0, low), (-1, high)):
        if values[end] == extreme:
            continue
        if weights[end] == 1:
            values[end] = extreme
            continue
        weights[end] -= 1
        place = 0 if end == 0 else values.size
        values, weights = np.insert(values, place, extreme), np.insert(weights, place, 1)
    return values, weights


def _finite(values: Floats, weights: Counts, rank_error: float) -> Points:
    keep = np.isfinite(values)
    values, weights = values[keep].astype(np.float64), weights[keep]
    return Points(
        values, weights, rank_error, (float(values[0]), float(values[-1])) if keep.any() else (0.0, 0.0)
    )
