"""The fast form of what `make bench` measures: few alarms without drift, and a shift that is seen."""

import numpy as np
import pytest

from bench.judging import alarmed, found, half_deviations, judged, profiled, ten_points
from bench.stationary import SETS, Halves, halves


def cut(name: str) -> Halves:
    return halves(name, np.random.default_rng(5))


@pytest.mark.parametrize("name", SETS)
def test_the_halves_are_disjoint_and_of_one_size(name: str) -> None:
    both = cut(name)
    assert abs(both.baseline.num_rows - both.pool.num_rows) <= 1
    assert both.baseline.num_rows > 500


@pytest.mark.parametrize("name", SETS)
def test_few_windows_without_drift_raise_a_finding(name: str) -> None:
    random, both = np.random.default_rng(5), cut(name)
    baseline = profiled(both.baseline)
    alarms = sum(
        alarmed(judged(both.window(rows, random), baseline))
        for rows in (50, 200, 1000, 5000)
        for _ in range(20)
    )
    # With 2 % of all windows, 80 windows raise more than five in one of 200 runs.
    assert alarms <= 5


@pytest.mark.parametrize("name", SETS)
def test_half_a_deviation_is_seen_in_any_number(name: str) -> None:
    random, both = np.random.default_rng(5), cut(name)
    baseline = profiled(both.baseline)
    seen = {
        (shift.column, shift.name): found(
            judged(both.window(1000, random, shift.weights), baseline), shift.column
        )
        for shift in half_deviations(both, baseline)
    }
    assert len(seen) >= 5
    assert sum(seen.values()) >= 0.95 * len(seen)


@pytest.mark.parametrize("name", SETS)
def test_ten_points_are_seen_in_nearly_any_category(name: str) -> None:
    random, both = np.random.default_rng(5), cut(name)
    baseline = profiled(both.baseline)
    seen = [
        found(judged(both.window(1000, random, shift.weights), baseline), shift.column)
        for shift in ten_points(both, baseline)
    ]
    # Of a set's 16 to 60 categories; a finding on 95 % of all is what the bench measures.
    assert sum(seen) >= 0.8 * len(seen)


def test_shifted_rows_have_the_mean_that_was_asked_for_and_stay_within_the_support() -> None:
    both = cut("bike")
    for shift in half_deviations(both, profiled(both.baseline)):
        values = both.pool.column(shift.column).to_numpy().astype(float)
        moved = ((shift.weights * values).sum() - values.mean()) / values.std()
        assert moved == pytest.approx(0.5 if shift.name == "up" else -0.5, abs=1e-6)


def test_a_rise_of_the_share_that_is_not_zero_is_seen() -> None:
    import pyarrow as pa

    random = np.random.default_rng(2)

    def refunds(rows: int, share: float) -> pa.Table:
        return pa.table({"refund": np.where(random.random(rows) < share, random.lognormal(3, 1, rows), 0.0)})

    baseline = profiled(refunds(5000, 0.002))
    assert all(found(judged(refunds(1000, 0.1), baseline), "refund") for _ in range(20))
    assert sum(alarmed(judged(refunds(1000, 0.002), baseline)) for _ in range(50)) <= 1
