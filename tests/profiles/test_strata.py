"""Strata put rows where their questions say, and their losses add up."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.strata import Node, Strata, added, stratum_losses

TREE = Strata(
    (
        Node(column="x", at=1.0, missing_left=True, left=1, right=2),
        Node(stratum=0),
        Node(column="kind", left_of=("a",), right_of=("b",), missing_left=False, left=3, right=4),
        Node(stratum=1),
        Node(stratum=2),
    )
)


def places(x: object, kind: object) -> list[int]:
    return list(TREE.of({"x": x, "kind": kind}, 6))


def test_rows_go_where_the_questions_send_them() -> None:
    x = pa.chunked_array([[0.0, 1.0, 2.0], [2.0, 2.0, None]])
    kind = pa.array(["a", "a", "a", "b", "unheard of", "b"])
    assert places(x, kind) == [0, 0, 1, 2, 2, 0]
    assert places(x, kind.dictionary_encode()) == [0, 0, 1, 2, 2, 0]
    assert (TREE.count, TREE.columns) == (3, ("x", "kind"))


def test_numbers_that_became_text_and_columns_that_are_gone_count_as_missing() -> None:
    text = pa.array(["one", "two", "3", "4", "5", None])
    assert places(text, text) == [0] * 6
    assert TREE.of({"kind": text}, 6).tolist() == [0] * 6
    assert TREE.of({}, 0).tolist() == []


def test_infinite_numbers_and_nan_are_no_numbers() -> None:
    assert places(np.array([np.inf, -np.inf, np.nan, 2.0, 2.0, 2.0]), np.array(["a"] * 6)) == [
        0,
        0,
        0,
        1,
        1,
        1,
    ]


def test_rows_without_a_loss_are_counted_and_lose_nothing() -> None:
    losses = stratum_losses(np.array([0, 0, 1]), 2, np.array([2.0, np.nan, 4.0]))
    assert [(each.rows, each.labelled, each.mean) for each in losses] == [(2, 1, 2.0), (1, 1, 4.0)]
    weighted = stratum_losses(np.zeros(3, np.int64), 1, np.array([1.0, 3.0, 9.0]), np.array([1.0, 3.0, -1.0]))
    assert weighted[0].mean == pytest.approx(2.5)
    assert weighted[0].effective == pytest.approx(16 / 10)


LOSSES = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1e3), st.floats(0.1, 9)), min_size=1, max_size=40)


@given(LOSSES, st.integers(0, 40))
def test_losses_of_parts_add_up_to_those_of_the_whole(rows: list[tuple[int, float, float]], cut: int) -> None:
    stratum, loss, weight = (np.array(column) for column in zip(*rows, strict=True))

    def of(part: slice) -> object:
        return stratum_losses(stratum[part], 4, loss[part], weight[part])

    whole, parts = of(slice(None)), added([of(slice(cut)), of(slice(cut, None))])  # type: ignore[list-item]
    for one, other in zip(whole, parts, strict=True):  # type: ignore[call-overload]
        assert (one.rows, one.labelled) == (other.rows, other.labelled)
        assert one.loss == pytest.approx(other.loss)
        assert one.squares == pytest.approx(other.squares)


@given(LOSSES)
def test_the_variance_is_that_of_the_losses(rows: list[tuple[int, float, float]]) -> None:
    losses = np.array([loss for _, loss, _ in rows])
    found = stratum_losses(np.zeros(losses.size, np.int64), 1, losses)[0]
    expected = losses.var(ddof=1) if losses.size > 1 else 0.0
    assert found.variance == pytest.approx(expected, abs=1e-6 * max(1.0, float((losses**2).max())))


def test_other_strata_do_not_add_up() -> None:
    one = stratum_losses(np.zeros(1, np.int64), 1, np.ones(1))
    two = stratum_losses(np.zeros(1, np.int64), 2, np.ones(1))
    with pytest.raises(ValueError, match="zip"):
        added([one, two])
