import struct
from collections.abc import Callable

import numpy as np
import pytest
import whylogs_sketching as stock
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles import kll
from profiles.profile import Floats

FAST = settings(derandomize=True, max_examples=40, deadline=None)


def sketched(rows: Floats) -> bytes:
    return kll.image(kll.compress(*kll.grouped(rows, np.ones(rows.size, np.int64))))


def worst_rank(points: kll.Points, rows: Floats) -> float:
    """The largest gap between the points' and the rows' distribution functions."""
    grid = np.union1d(points.values, rows)
    exact = np.searchsorted(np.sort(rows), grid, side="right") / rows.size
    below = np.concatenate([[0], np.cumsum(points.weights)]) / rows.size
    return float(np.abs(below[np.searchsorted(points.values, grid, side="right")] - exact).max())


SHAPES: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "heavy tail": lambda rng, n: rng.lognormal(0, 2, n),
    "hundred values": lambda rng, n: rng.integers(0, 100, n).astype(float),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.9, 0.0, rng.exponential(size=n)),
    "constant": lambda rng, n: np.full(n, 7.0),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 7, 1024, 1025, 2049, 3000, 65_537])
def test_the_stock_library_reads_queries_and_merges_our_image(shape: str, n: int) -> None:
    rows = SHAPES[shape](np.random.default_rng(n), n)
    image = sketched(rows)
    sketch = stock.kll_doubles_sketch.deserialize(image)
    assert sketch.get_n() == n
    assert (sketch.get_min_value(), sketch.get_max_value()) == (rows.min(), rows.max())
    assert bytes(sketch.serialize()) == image
    exact = np.searchsorted(np.sort(rows), np.median(rows)) / n
    assert sketch.get_rank(float(np.median(rows))) == pytest.approx(exact, abs=2 / kll.K)
    other = stock.kll_doubles_sketch(kll.K)
    other.update(np.arange(5000.0))
    other.merge(sketch)
    sketch.update(np.arange(3000.0))
    assert (other.get_n(), sketch.get_n()) == (n + 5000, n + 3000)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 7, 1024, 1025, 3000, 65_537])
def test_no_rank_is_off_by_more_than_the_sketch_says(shape: str, n: int) -> None:
    rows = SHAPES[shape](np.random.default_rng(n), n)
    sketch = kll.compress(*kll.grouped(rows, np.ones(n, np.int64)))
    stored = kll.points(kll.image(sketch))
    assert sketch.values.size <= kll.K
    assert worst_rank(stored, rows) <= sketch.rank_error + 1e-12 <= 1 / kll.K + 1e-12
    assert (stored.values[0], stored.values[-1]) == (rows.min(), rows.max())


def test_discrete_columns_and_large_atoms_are_exact() -> None:
    rng = np.random.default_rng(3)
    assert kll.compress(*np.unique(rng.integers(0, 50, 10**6) * 1.0, return_counts=True)).rank_error == 0
    rows = np.where(rng.random(200_000) < 0.002, rng.exponential(size=200_000), 0.0)
    stored = kll.points(sketched(rows))
    assert stored.weights[stored.values == 0].sum() == (rows == 0).sum()


@FAST
@given(st.lists(st.integers(-50, 50), max_size=60), st.lists(st.integers(-50, 50), max_size=60))
def test_small_columns_are_kept_whole_and_in_no_order(left: list[int], right: list[int]) -> None:
    rows = np.array(left + right, float)
    image = sketched(rows)
    assert image == sketched(rows[::-1])
    stored = kll.points(image)
    assert np.repeat(stored.values, stored.weights).tolist() == sorted(rows.tolist())


@pytest.mark.parametrize("n", [0, 1, 2, 1024, 5000, 100_000])
def test_stock_images_are_read_with_their_own_error(n: int) -> None:
    rows = np.random.default_rng(n).normal(size=n)
    sketch = stock.kll_doubles_sketch(kll.K)
    sketch.update(rows)
    stored = kll.points(bytes(sketch.serialize()))
    assert stored.rows == n
    assert stored.rank_error == pytest.approx(sketch.normalized_rank_error(False) if n > kll.K else 0)
    if n:
        assert stored.span == (rows.min(), rows.max()) == (stored.values[0], stored.values[-1])
        assert worst_rank(stored, rows) <= stored.rank_error + 1e-12


def test_infinities_in_a_stock_sketch_are_left_out() -> None:
    sketch = stock.kll_doubles_sketch(kll.K)
    sketch.update(np.array([1.0, np.inf, 2.0, -np.inf]))
    assert kll.points(bytes(sketch.serialize())).values.tolist() == [1, 2]


def test_the_format_is_as_written_down() -> None:
    image = sketched(np.array([1.0, 2.0, 2.0, 3.0]))
    assert struct.unpack_from("<BBBBHBB", image) == (6, 1, 15, 2, 1024, 8, 0)
    assert struct.unpack_from("<QHBB4x", image, 8) == (4, 1024, 2, 0)
    # Room for 1024 + 683 items; two of level 0 and one of level 1 lie at its end.
    assert struct.unpack_from("<II", image, 24) == (1704, 1706)
    assert struct.unpack_from("<dd3d", image, 32) == (1, 3, 1, 3, 2)
    assert sketched(np.empty(0)) == bytes(stock.kll_doubles_sketch(1024).serialize())


@pytest.mark.parametrize("cut", [0, 5, 12, 30, 50, -8, -1])
def test_cut_bytes_are_refused(cut: int) -> None:
    with pytest.raises((ValueError, struct.error)):
        kll.points(sketched(np.arange(100.0))[:cut])


def test_bytes_that_contradict_themselves_are_refused() -> None:
    image = bytearray(sketched(np.arange(100.0)))
    image[8] = 99
    with pytest.raises(ValueError, match="count and range"):
        kll.points(bytes(image))
    image[8], image[2] = 100, 7
    with pytest.raises(ValueError, match="family"):
        kll.points(bytes(image))


@pytest.mark.parametrize("n", [1, 2, 1000, 1025, 5000, 40_000])
def test_what_was_read_back_can_be_written_and_read_again(n: int) -> None:
    rows = np.sort(np.random.default_rng(n).exponential(size=n))
    once = kll.points(kll.image(kll.compress(rows, np.ones(n, np.int64))))
    again = kll.points(kll.image(once))
    assert (again.rows, again.span) == (n, once.span)
    assert np.array_equal(np.repeat(once.values, once.weights), np.repeat(again.values, again.weights))
