"""The exported tree is scikit-learn's, and tells dear rows from cheap ones."""

import numpy as np
import pyarrow as pa
import pytest
from sklearn.tree import DecisionTreeRegressor

from profiles.strata import stratum_losses
from training.strata import MOST_STRATA, _order, encode, fit_strata


def made(seed: int, rows: int = 3_000) -> tuple[pa.Table, np.ndarray]:
    random = np.random.default_rng(seed)
    x, y = random.normal(size=rows), random.integers(0, 30, rows)
    kind = random.choice(["a", "b", "c", "d"], rows)
    losses = (
        np.abs(random.normal(size=rows)) * np.where(x > 0.5, 4, 1) + 2 * np.isin(kind, ["b", "d"]) + y / 20
    )
    losses[::17] = np.nan
    text = [None if i % 13 == 0 else value for i, value in enumerate(kind.tolist())]
    holes = pa.array(x, mask=np.arange(rows) % 11 == 0)
    return pa.table(
        {"x": holes, "y": y, "kind": text, "flag": x > 1, "id": [f"r{i}" for i in range(rows)]}
    ), losses


@pytest.mark.parametrize("seed", range(3))
def test_strata_are_the_leaves_that_scikit_learn_finds(seed: int) -> None:
    table, losses = made(seed)
    strata = fit_strata(table, losses)
    have = np.isfinite(losses)
    orders = {name: _order(table.column(name), losses, have) for name in ("x", "y", "kind", "flag")}
    known = {name: order for name, order in orders.items() if order is not None}
    encoded = encode(table, known)
    tree = DecisionTreeRegressor(max_leaf_nodes=MOST_STRATA, min_samples_leaf=50, random_state=0)
    leaves = tree.fit(encoded[have], losses[have]).apply(encoded)
    found = strata.of({name: table.column(name) for name in table.schema.names}, table.num_rows)
    assert strata.count == MOST_STRATA
    # the same rows are together, in the order of the leaves
    assert np.array_equal(np.unique(leaves, return_inverse=True)[1], found)


def test_strata_tell_dear_rows_from_cheap_ones_and_each_has_rows_enough() -> None:
    table, losses = made(0)
    strata = fit_strata(table, losses, most=4)
    found = stratum_losses(strata.of({n: table.column(n) for n in strata.columns}, table.num_rows), 4, losses)
    assert min(each.labelled for each in found) >= 50
    assert max(each.mean for each in found) > 2 * min(each.mean for each in found)
    assert "id" not in strata.columns


def test_where_nothing_can_tell_there_is_one_stratum() -> None:
    table, losses = made(0)
    assert fit_strata(table.select(["id"]), losses).count == 1
    assert fit_strata(table.slice(0, 60), losses[:60]).count == 1
    assert fit_strata(table, np.full(table.num_rows, np.nan)).count == 1
