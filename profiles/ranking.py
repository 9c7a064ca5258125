"""Scores of rankings: scikit-learn's NDCG, query by query."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.profile import Floats


def mean_ndcg(
    relevance: Floats, order: Floats, group: NDArray[Any], weight: Floats | None, k: int | None
) -> tuple[float | None, int]:
    """Return the mean NDCG@k over queries, and how many rows they have; None without a query of two rows.

    Each query weighs as much as its rows do on average.
    """
    from sklearn import metrics

    total = weights = 0.0
    counted = 0
    for places in _queries(group):
        each = np.ones(len(places)) if weight is None else weight[places].mean(axis=1)
        if each.any():
            mean = metrics.ndcg_score(relevance[places], order[places], k=k, sample_weight=each)
            total += float(mean) * float(each.sum())
            weights += float(each.sum())
        counted += places.size
    return (total / weights if math.isfinite(total) and weights else None), counted


def ndcg_of_queries(
    relevance: Floats, order: Floats, group: NDArray[Any], k: int | None
) -> tuple[Floats, NDArray[np.int64]]:
    """Return NDCG@k of each query of two rows or more, and the place of its first row, by that place.

    A query with a row without relevance or order has NaN. ValueError where a relevance is negative.
    """
    from sklearn import metrics

    if (relevance < 0).any():
        raise ValueError("a label of a ranking is negative")
    found, first = [np.zeros(0)], [np.zeros(0, dtype=np.int64)]
    for places in _queries(group):
        whole = np.isfinite(np.stack([relevance[places], order[places]])).all(axis=(0, 2))
        each = (
            metrics.ndcg_score(relevance[query][None], order[query][None], k=k) if complete else np.nan
            for query, complete in zip(places, np.atleast_1d(whole), strict=True)
        )
        found.append(np.fromiter(each, dtype=np.float64, count=len(places)))
        first.append(places.min(axis=1))
    by_place = np.argsort(np.concatenate(first))
    return np.concatenate(found)[by_place], np.concatenate(first)[by_place]


def _queries(group: NDArray[Any]) -> list[NDArray[np.int64]]:
    """Return the rows of the queries, a table (query by row) for each number of rows from two on."""
    _, query, sizes = np.unique(group, return_inverse=True, return_counts=True)
    rows = np.argsort(query, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    return [rows[starts[sizes == size][:, None] + np.arange(size)] for size in np.unique(sizes) if size > 1]
