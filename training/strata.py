"""Loss strata: a shallow tree that tells apart the rows on which a version loses much and little."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.columns import dense, known
from profiles.profile import Floats
from profiles.strata import Node, Strata, categories_of, numbers_of

# Finer strata explain no more of a resampled window's loss on real sets, and their means are noisier.
MOST_STRATA = 16
_FEWEST_ROWS = 50
_SMALLEST_SHARE = 0.01
# A column of more categories names rows rather than kinds of rows.
_MOST_CATEGORIES = 50
# Where rows without a value stand apart, scikit-learn's limit is infinite, and JSON has no infinity.
_LARGEST = float(np.finfo(np.float64).max)


def fit_strata(rows: pa.Table, losses: Floats, *, most: int = MOST_STRATA, seed: int = 0) -> Strata:
    """Fit strata on the columns of `rows` to their losses (NaN: left out); one stratum where nothing tells.

    A regression tree for the loss (Breiman and others, Classification and Regression Trees, 1984), grown
    best first; categories stand in the order of their mean loss, by which the best split of two is found
    (section 4.2.2 there). Each stratum has at least 50 rows and 1 % of them.
    """
    from sklearn.tree import DecisionTreeRegressor

    have = np.isfinite(losses)
    orders = {
        name: order
        for name in rows.schema.names
        if (order := _order(rows.column(name), losses, have)) is not None
    }
    fewest = max(_FEWEST_ROWS, int(_SMALLEST_SHARE * have.sum()))
    if not orders or have.sum() < 2 * fewest:
        return Strata((Node(stratum=0),))
    columns = list(orders)
    encoded = encode(rows, orders)[have]
    tree = DecisionTreeRegressor(max_leaf_nodes=most, min_samples_leaf=fewest, random_state=seed)
    return _plain(tree.fit(encoded, losses[have]).tree_, columns, orders)


# How a column is put before the tree: numbers as they are, categories by their place in an order.
Order = tuple[str, ...]


def encode(rows: pa.Table, orders: Mapping[str, Order]) -> Floats:
    """Return the columns as the tree is given them (n x columns, float32 as scikit-learn compares them)."""
    made = []
    for name, order in orders.items():
        if not order:
            made.append(numbers_of(rows.column(name)))
            continue
        places = {category: float(place) for place, category in enumerate(order)}
        made.append(np.array([places.get(each, np.nan) for each in categories_of(rows.column(name))]))
    return np.column_stack(made).astype(np.float32)


def _order(column: Any, losses: Floats, have: NDArray[np.bool_]) -> Order | None:
    """Return a category column's values by their mean loss, () for numbers, None for what tells nothing."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        values = numbers_of(column)[have]
        return () if np.unique(values[~np.isnan(values)]).size > 1 else None
    if not (pa.types.is_boolean(kind) or pa.types.is_dictionary(kind) or _is_text(kind)):
        return None
    there = known(dense(column)) & have
    values, inverse = np.unique(categories_of(column)[there], return_inverse=True)
    if not 1 < values.size <= _MOST_CATEGORIES:
        return None
    means = np.bincount(inverse, losses[there]) / np.bincount(inverse)
    return tuple(str(values[k]) for k in np.lexsort((values, means)))


def _is_text(kind: Any) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))


def _plain(tree: Any, columns: list[str], orders: Mapping[str, Order]) -> Strata:
    """Write scikit-learn's arrays as questions; strata are numbered as their leaves are."""
    nodes, stratum = [], 0
    for place in range(tree.node_count):
        left, right = int(tree.children_left[place]), int(tree.children_right[place])
        if left == right:
            nodes.append(Node(stratum=stratum))
            stratum += 1
            continue
        name, limit = columns[tree.feature[place]], min(float(tree.threshold[place]), _LARGEST)
        missing_left = bool(tree.missing_go_to_left[place])
        order = orders[name]
        if not order:
            nodes.append(Node(None, name, limit, (), (), missing_left, left, right))
            continue
        first = int(min(np.floor(limit) + 1, len(order)))
        nodes.append(Node(None, name, None, order[:first], order[first:], missing_left, left, right))
    return Strata(tuple(nodes))
