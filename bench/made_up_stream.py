"""Rows of columns that are hard to judge without any drift: counts, tails, many zeros, many categories."""

import numpy as np
import pyarrow as pa


def stationary(rows: int, random: np.random.Generator) -> pa.Table:
    """Return rows that are always distributed alike."""
    skewed = 0.6 ** np.arange(12)
    return pa.table(
        {
            "normal": random.normal(10, 2, rows),
            "uniform": random.uniform(0, 1, rows),
            "count": random.poisson(4, rows),
            "rare_count": random.poisson(0.3, rows),
            "tail": random.lognormal(0, 1.5, rows),
            "zeros": np.where(random.random(rows) < 0.05, random.lognormal(3, 1, rows), 0.0),
            "two": _named(random.choice(2, rows)),
            "ten": _named(random.choice(10, rows)),
            "skewed": _named(random.choice(12, rows, p=skewed / skewed.sum())),
            "rare": _named(random.random(rows) < 0.01),
        }
    )


def _named(codes: np.ndarray) -> pa.Array:
    return pa.array([f"c{int(code)}" for code in codes])
