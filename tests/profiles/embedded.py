"""Made-up embeddings of several characters, for tests."""

from collections.abc import Callable, Mapping

import numpy as np
import pyarrow as pa

from profiles.profile import Floats
from profiles.vectors import Vectors, vectors

DIMENSION = 48
_SHARES = (0.3, 0.2, 0.15, 0.15, 0.1, 0.1)


def _everywhere(random: np.random.Generator, n: int) -> Floats:
    return np.asarray(random.normal(size=(n, DIMENSION)))


def _one_way(random: np.random.Generator, n: int) -> Floats:
    """All point one way, and differ in few directions: texts seen through a large language model."""
    deviations = 1 / np.sqrt(np.arange(1, DIMENSION + 1))
    return np.asarray(2 * np.eye(DIMENSION)[0] + random.normal(size=(n, DIMENSION)) * deviations)


def _clusters(random: np.random.Generator, n: int) -> Floats:
    centres = np.random.default_rng(0).normal(size=(len(_SHARES), DIMENSION))
    middles = centres[random.choice(len(_SHARES), n, p=_SHARES)]
    return np.asarray(middles + 0.7 * random.normal(size=(n, DIMENSION)))


def _plane(random: np.random.Generator, n: int) -> Floats:
    return np.asarray(random.normal(size=(n, 2)) + np.array([3.0, 0.0]))


SHAPES: Mapping[str, Callable[[np.random.Generator, int], Floats]] = {
    "everywhere": _everywhere,
    "one way": _one_way,
    "clusters": _clusters,
    "plane": _plane,
}


def column(rows: Floats, kind: pa.DataType | None = None) -> pa.ChunkedArray:
    """The rows as a column of lists."""
    if kind is None:
        kind = pa.list_(pa.float64(), rows.shape[1])
        return pa.chunked_array([pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), type=kind)])
    return pa.chunked_array([pa.array(rows.tolist(), kind)])


def of(rows: Floats) -> Vectors:
    """The rows' sketch."""
    return vectors(column(rows))[0]
