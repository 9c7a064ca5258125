import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import chi2, ks_2samp, kstwobign, norm, wasserstein_distance

from profiles import distances, kll
from profiles.profile import Column, Distribution, Floats

FAST = settings(derandomize=True, max_examples=50, deadline=None)
SAMPLES = st.lists(st.integers(-20, 20).map(float), min_size=2, max_size=50).map(np.array)


def raw(rows: Floats) -> Distribution:
    rows = np.sort(rows)
    return Distribution(rows, np.ones(rows.size), float(rows.mean()), float(rows.std(ddof=1)), 0.0)


def sketched(rows: Floats) -> Distribution:
    points = kll.points(kll.image(kll.compress(*kll.grouped(rows, np.ones(rows.size, np.int64)))))
    error = kll.compress(*kll.grouped(rows, np.ones(rows.size, np.int64))).rank_error
    return Distribution(
        points.values, points.weights.astype(float), float(rows.mean()), float(rows.std(ddof=1)), error
    )


def category(counts: dict[str, int], rows: int | None = None) -> Column:
    return Column("c", "category", rows or sum(counts.values()), 0, 0, len(counts), None, counts)


@FAST
@given(SAMPLES, SAMPLES)
def test_on_raw_rows_the_gaps_are_scipys_and_symmetric(left: Floats, right: Floats) -> None:
    found = distances.gap(raw(left), raw(right))
    assert found.ks == pytest.approx(ks_2samp(left, right, method="asymp").statistic, abs=1e-12)
    assert found.wasserstein == pytest.approx(wasserstein_distance(left, right), abs=1e-9)
    back = distances.gap(raw(right), raw(left))
    assert back.ks == pytest.approx(found.ks, abs=1e-12)
    assert back.wasserstein == pytest.approx(found.wasserstein, abs=1e-9)


@FAST
@given(SAMPLES, SAMPLES)
def test_cells_hold_every_row_and_their_js_is_scipys(left: Floats, right: Floats) -> None:
    cells = distances.number_cells(raw(left), raw(right))
    assert cells.window.sum() == pytest.approx(1)
    assert cells.baseline.sum() == pytest.approx(1)
    expected = jensenshannon(cells.window, cells.baseline, base=2)
    assert distances.jensen_shannon(cells) == pytest.approx(np.nan_to_num(expected), abs=1e-7)
    assert distances.psi(cells) >= 0


@pytest.mark.parametrize("shift", [0.0, 0.05, 0.5])
@pytest.mark.parametrize("n", [900, 30_000])
def test_from_sketches_the_gaps_lie_within_the_stated_error(shift: float, n: int) -> None:
    rng = np.random.default_rng(n)
    left, right = rng.normal(shift, 1, n), rng.normal(0, 1, 50_000)
    one, two = sketched(left), sketched(right)
    found, error = distances.gap(one, two), one.rank_error + two.rank_error
    assert abs(found.ks - ks_2samp(left, right, method="asymp").statistic) <= error + 1e-12
    span = max(np.ptp(left), np.ptp(right))
    assert abs(found.wasserstein - wasserstein_distance(left, right)) <= error * span
    exact = distances.number_cells(raw(left), raw(right))
    cells = distances.number_cells(one, two)
    assert distances.psi(cells) == pytest.approx(distances.psi(exact), abs=0.01, rel=0.1)


def test_a_zero_inflated_column_shows_that_its_zeros_went() -> None:
    rng = np.random.default_rng(0)
    before = np.where(rng.random(50_000) < 0.002, rng.exponential(size=50_000), 0.0)
    after = np.where(rng.random(5_000) < 0.1, rng.exponential(size=5_000), 0.0)
    cells = distances.number_cells(sketched(after), sketched(before))
    assert cells.baseline.tolist() == pytest.approx([0, 0.998, 0.002], abs=2e-4)
    assert distances.psi(cells) > 0.3 > 10 * distances.psi_by_chance(cells, 0.001)


def test_deciles_and_atoms_lay_the_cells() -> None:
    even = distances.number_cells(raw(np.arange(1000.0)), raw(np.arange(1000.0)))
    assert even.baseline.tolist() == pytest.approx([0.1] * 10)
    constant = distances.number_cells(raw(np.array([4.0, 5, 5, 6])), raw(np.full(100, 5.0)))
    assert constant.window.tolist() == [0.25, 0.5, 0.25]
    few = distances.number_cells(raw(np.arange(16.0)), raw(np.arange(1000.0)))
    assert few.baseline.size == 3


def test_psi_is_the_textbook_sum_and_floors_empty_cells() -> None:
    cells = distances.Cells(np.array([0.5, 0.5]), np.array([0.2, 0.8]), 10**6, 10**6)
    assert distances.psi(cells) == pytest.approx(0.3 * math.log(2.5) - 0.3 * math.log(0.625))
    empty = distances.Cells(np.array([1.0, 0.0]), np.array([0.9, 0.1]), 10**6, 10**6)
    assert distances.psi(empty) == pytest.approx(0.1 * math.log(1 / 0.9) + 0.0999 * math.log(1000))
    small = distances.Cells(np.array([1.0, 0.0]), np.array([0.9, 0.1]), 20, 10**6)
    assert distances.psi(small) == pytest.approx(0.1 * math.log(1 / 0.9) + 0.075 * math.log(4))


def test_chance_values_are_the_quantiles_of_their_sources() -> None:
    cells = distances.Cells(np.full(10, 0.1), np.full(10, 0.1), 500, 2000)
    spread = 1 / 500 + 1 / 2000
    excess = math.sqrt((chi2.isf(0.01, 9) - 9) * spread / 0.1)
    psi = chi2.isf(0.01, 9) * spread * (1 + excess / 4)
    assert distances.psi_by_chance(cells, 0.01) == pytest.approx(psi)
    js = math.sqrt(psi / 8 / math.log(2))
    assert distances.jensen_shannon_by_chance(cells, 0.01) == pytest.approx(js)
    one, two = raw(np.arange(500.0)), raw(np.arange(2000.0) / 4)
    assert distances.ks_by_chance(one, two, 0.01) == pytest.approx(kstwobign.isf(0.01) * spread**0.5)
    wide = raw(np.arange(0, 1000.0, 2))
    ratio = wide.deviation / two.deviation
    expected = norm.isf(0.005) * math.sqrt(ratio**2 / 500 + 1 / 2000)
    assert distances.mean_shift_by_chance(wide, two, 0.01) == pytest.approx(expected)
    power = norm.isf(0.005) + norm.isf(0.2)
    assert distances.smallest_mean_shift(500, 2000, 0.01) == pytest.approx(power * spread**0.5)


@pytest.mark.parametrize(
    ("cells", "n"), [(3, 50), (5, 50), (5, 80), (10, 80), (10, 200), (14, 200), (10, 1000)]
)
def test_psi_in_small_cells_exceeds_its_chance_as_rarely_as_said(cells: int, n: int) -> None:
    random, m = np.random.default_rng(cells * n), 4000
    shares = np.full(cells, 1 / cells)
    pairs = zip(random.multinomial(n, shares, 20_000), random.multinomial(m, shares, 20_000), strict=True)
    made = [distances.Cells(one / n, two / m, n, m) for one, two in pairs]
    exceeded = sum(distances.psi(each) > distances.psi_by_chance(each, 0.001) for each in made)
    # 20 are expected by alpha alone; three standard errors more are chance.
    assert exceeded <= 20 + 3 * math.sqrt(20)


def test_the_sketches_own_error_widens_every_chance_value() -> None:
    rows = np.random.default_rng(1).normal(size=100_000)
    one, two = sketched(rows), raw(rows)
    rough, exact = distances.number_cells(one, one), distances.number_cells(two, two)
    assert one.rank_error > 0
    assert distances.psi_by_chance(rough, 0.01) > distances.psi_by_chance(exact, 0.01)
    for by_chance in (distances.ks_by_chance, distances.wasserstein_by_chance):
        assert by_chance(one, one, 0.01) > by_chance(two, two, 0.01)


SHAPES: dict[str, Callable[[np.random.Generator, int], Floats]] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "counts": lambda rng, n: rng.poisson(2, n).astype(np.float64),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.95, 0.0, rng.exponential(size=n)),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_without_a_change_distances_exceed_chance_as_rarely_as_stated(shape: str) -> None:
    rng = np.random.default_rng(7)
    runs, alpha, alarms = 300, 0.05, dict.fromkeys(("psi", "js", "ks", "wasserstein", "mean"), 0)
    for _ in range(runs):
        one, two = raw(SHAPES[shape](rng, 300)), raw(SHAPES[shape](rng, 2000))
        cells, gap = distances.number_cells(one, two), distances.gap(one, two)
        alarms["psi"] += distances.psi(cells) > distances.psi_by_chance(cells, alpha)
        alarms["js"] += distances.jensen_shannon(cells) > distances.jensen_shannon_by_chance(cells, alpha)
        alarms["ks"] += gap.ks > distances.ks_by_chance(one, two, alpha)
        alarms["wasserstein"] += gap.wasserstein > distances.wasserstein_by_chance(one, two, alpha)
        shift = abs(one.mean - two.mean) / two.deviation
        alarms["mean"] += shift > distances.mean_shift_by_chance(one, two, alpha)
    # Three standard errors of a share of 0.05 in 300 runs are 0.038.
    assert max(alarms.values()) / runs < alpha + 0.038


@pytest.mark.parametrize(("n", "m"), [(200, 200), (300, 3000), (3000, 3000)])
def test_many_rare_categories_do_not_raise_alarms(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    shares = 1 / np.arange(1, 101)
    shares /= shares.sum()
    draws = [
        [
            category({str(c): int(k) for c, k in enumerate(rng.multinomial(size, shares)) if k})
            for size in (n, m)
        ]
        for _ in range(300)
    ]
    alarms = np.zeros(3)
    for one, two in draws:
        cells = distances.category_cells(one, two)
        alarms += [
            distances.psi(cells) > distances.psi_by_chance(cells, 0.05),
            distances.jensen_shannon(cells) > distances.jensen_shannon_by_chance(cells, 0.05),
            distances.moves(one, two).linf > distances.linf_by_chance(one, two, 0.05),
        ]
    # Three standard errors of a share of 0.05 in 300 runs are 0.038.
    assert (alarms / 300 < [0.12, 0.12, 0.05 + 0.038]).all()


def test_a_rare_category_hardly_widens_what_a_frequent_one_is_held_to() -> None:
    two = {"a": 500, "b": 500}
    many = {"a": 480, "b": 490, **{f"rare {i}": 1 for i in range(30)}}
    alone, among = (
        distances.linf_by_chance(category(counts), category(counts), 0.002) for counts in (two, many)
    )
    s = 0.5 * math.sqrt(2 / 1000)
    z = norm.isf(0.001)
    assert alone == pytest.approx(z * s + ((z * z - 1) / 6 + 0.5) / 1000, rel=1e-3)
    # Bonferroni over 32 categories would ask for a third more.
    assert alone < among < 1.1 * alone


@FAST
@given(st.lists(st.integers(1, 1000), min_size=2, max_size=40), st.floats(1e-6, 0.05))
def test_the_tails_of_all_categories_together_are_alpha(counts: list[int], alpha: float) -> None:
    column = category({str(i): count for i, count in enumerate(counts)})
    rows = 2 * sum(counts)
    shares = np.array([min(max(2 * c, 1), rows - 2 * c) for c in counts]) / rows
    errors = np.sqrt(shares * (1 - shares) * 4 / rows)
    power = distances.smallest_share_move(column, column, alpha)
    if power < 1:
        largest = power - norm.isf(0.2) * errors.max()
        tails = (2 * norm.sf(largest / errors)).sum() / (2 if len(counts) == 2 else 1)
        assert tails == pytest.approx(alpha, rel=0.01)


def test_moves_name_the_largest_change_and_the_share_of_new_categories() -> None:
    before = category({"a": 80, "b": 20})
    found = distances.moves(category({"a": 50, "b": 20, "c": 30}), before)
    assert [found.linf, found.new] == pytest.approx([0.3, 0.3])
    gone = distances.moves(category({"a": 100}), before)
    assert [gone.linf, gone.new] == pytest.approx([0.2, 0])


def test_a_category_hidden_by_a_cut_list_is_not_called_new() -> None:
    cut = category({"a": 80, "b": 10}, rows=100)
    found = distances.moves(category({"a": 85, "z": 15}), cut)
    assert found.new == 0
    assert found.linf == pytest.approx(0.1)


def test_a_share_move_of_the_stated_size_is_seen_in_most_windows() -> None:
    before, alpha = category({"a": 5000, "b": 5000}), 0.01
    window = category({"a": 200, "b": 200})
    move = distances.smallest_share_move(window, before, alpha)
    rng, seen = np.random.default_rng(0), 0
    for hits in rng.binomial(400, 0.5 + move, 500):
        moved = category({"a": int(hits), "b": 400 - int(hits)})
        seen += distances.moves(moved, before).linf > distances.linf_by_chance(moved, before, alpha)
    assert 0.7 < seen / 500 < 0.9
