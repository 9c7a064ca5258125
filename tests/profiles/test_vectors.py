import numpy as np
import pyarrow as pa
import pytest

from profiles.vectors import Vectors, added, frequencies, is_vectors, vectors
from tests.profiles.embedded import SHAPES, column, of

ROWS = SHAPES["one way"](np.random.default_rng(0), 500)
LISTS = [
    pa.list_(pa.float64()),
    pa.large_list(pa.float64()),
    pa.list_(pa.float64(), ROWS.shape[1]),
]


def same(left: Vectors, right: Vectors) -> bool:
    alike = (left.dimension, left.rows) == (right.dimension, right.rows)
    return alike and bool((left.sums == right.sums).all() and (left.products == right.products).all())


def test_sketches_of_parts_add_up_to_that_of_all_rows_in_any_order_and_survive_their_note() -> None:
    whole = of(ROWS)
    parts = [of(ROWS[:7]), of(ROWS[7:300]), of(ROWS[300:])]
    mixed = of(ROWS[np.random.default_rng(1).permutation(len(ROWS))])
    for other in (added(parts), added(parts[::-1]), mixed, Vectors.of_note(whole.note())):
        assert same(other, whole)


@pytest.mark.parametrize("kind", LISTS, ids=str)
def test_every_type_of_list_gives_the_same_sketch(kind: pa.DataType) -> None:
    found, norms = vectors(column(ROWS, kind))
    assert same(found, of(ROWS))
    assert norms == pytest.approx(np.linalg.norm(ROWS, axis=1))


def test_length_counts_for_the_norm_alone() -> None:
    assert (of(4 * ROWS).sums == of(ROWS).sums).all()
    assert vectors(column(4 * ROWS))[1] == pytest.approx(4 * np.linalg.norm(ROWS, axis=1))


def test_vectors_that_cannot_be_used_are_left_out() -> None:
    odd = [None, [1.0, 2.0], [], [0.0] * 3, [1.0, None, 2.0], [1.0, float("nan"), 2.0], [float("inf")] * 3]
    good = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [3.0, 4.0, 0.0]]
    found, norms = vectors(pa.chunked_array([pa.array(odd), pa.array(good)]))
    assert (found.dimension, found.rows, sorted(norms)) == (3, 3, [1, 1, 5])
    assert same(found, vectors(pa.chunked_array([pa.array(good)]))[0])


@pytest.mark.parametrize("values", [[], [None], [[]], [[0.0]]])
def test_without_a_vector_there_are_no_sums(values: list[object]) -> None:
    found, norms = vectors(pa.chunked_array([pa.array(values, pa.list_(pa.float64()))]))
    assert (found.rows, norms.size, int(np.abs(found.sums).sum())) == (0, 0, 0)


def test_of_two_dimensions_the_one_with_more_rows_stays() -> None:
    few, many = of(np.ones((3, 5)) + np.eye(3, 5)), of(np.ones((4, 6)) + np.eye(4, 6))
    assert same(added([few, many]), many)
    assert same(added([many, few, of(np.ones((2, 5)))]), added([few, of(np.ones((2, 5)))]))


def test_means_are_those_of_the_features_and_the_covariance_is_that_of_their_mixtures() -> None:
    angles = (ROWS / np.linalg.norm(ROWS, axis=1, keepdims=True)) @ frequencies(ROWS.shape[1])
    parts = np.stack([np.cos(angles), np.sin(angles)]).reshape(2, len(ROWS), 3, 160) / np.sqrt(160)
    features = parts.transpose(1, 2, 0, 3).reshape(len(ROWS), 3, 320)
    assert of(ROWS).means == pytest.approx(features.mean(axis=0), abs=1e-6)
    from profiles.vectors import mixing

    mixed = np.einsum("rbf,bfm->rbm", features, mixing()).reshape(len(ROWS), 60)
    assert of(ROWS).covariance.reshape(60, 60) == pytest.approx(np.cov(mixed.T, bias=True), abs=2e-4)


def test_frequencies_are_the_same_for_ever() -> None:
    # Stored profiles are compared with those of later releases.
    assert frequencies(3)[:, [0, 200, 479]].round(6).tolist() == [
        [5.059005, -0.454789, -0.047454],
        [-2.614297, -0.967048, 0.692096],
        [4.701402, 0.576107, 1.13733],
    ]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.list_(pa.float32()), True),
        (pa.list_(pa.int64(), 4), True),
        (pa.list_(pa.string()), False),
        (pa.float64(), False),
        (pa.list_(pa.list_(pa.float64())), False),
    ],
)
def test_lists_of_numbers_are_vectors(kind: pa.DataType, expected: bool) -> None:
    assert is_vectors(kind) is expected


@pytest.mark.parametrize(
    "damage", [{"sums": "x"}, {"products": ""}, {"rows": None}, {"sums": "eJwDAAAAAAE="}]
)
def test_a_damaged_note_is_refused(damage: dict[str, object]) -> None:
    with pytest.raises((ValueError, TypeError)):
        Vectors.of_note({**of(ROWS[:5]).note(), **damage})
