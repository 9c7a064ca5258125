from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.compare import compare
from profiles.profile import Profile
from profiles.reading import ColumnComparison, Distances
from profiles.sketch import read, sketch

AT = datetime(2026, 1, 1, tzinfo=UTC)
FAST = settings(derandomize=True, max_examples=30, deadline=None)
COLUMNS = st.fixed_dictionaries({
    "f": st.lists(st.none() | st.floats(-1e9, 1e9), min_size=6, max_size=6),
    "i": st.lists(st.none() | st.integers(-3, 3), min_size=6, max_size=6),
    "s": st.lists(st.none() | st.sampled_from("abc"), min_size=6, max_size=6),
    "b": st.lists(st.none() | st.booleans(), min_size=6, max_size=6),
    "l": st.lists(st.just([1]), min_size=6, max_size=6),
})  # fmt: skip


def profile(**columns: object) -> Profile:
    return read(sketch(pa.table({name: pa.array(values) for name, values in columns.items()}), at=AT))


def one(window: object, baseline: object) -> ColumnComparison:
    return compare(profile(c=window), profile(c=baseline)).columns[0]


@FAST
@given(COLUMNS)
def test_a_profile_is_at_no_distance_from_itself(columns: dict[str, object]) -> None:
    same = profile(**columns)
    for found in compare(same, same).columns:
        for name in ("psi", "js", "ks", "linf", "wasserstein", "mean_shift", "chi2"):
            distance, chance = getattr(found.distances, name), getattr(found.chance, name)
            assert distance is None or distance == pytest.approx(0, abs=1e-7)
            assert (distance is None) == (chance is None)
        assert (found.out_of_range_share, found.new_category_share) == (0, 0)


@FAST
@given(COLUMNS, COLUMNS)
def test_ks_and_linf_are_symmetric_and_every_distance_has_a_chance_value(
    left: dict[str, object], right: dict[str, object]
) -> None:
    there, back = compare(profile(**left), profile(**right)), compare(profile(**right), profile(**left))
    for a, b in zip(there.columns, back.columns, strict=True):
        assert a.distances.ks == (None if b.distances.ks is None else pytest.approx(b.distances.ks))
        assert a.distances.linf == (None if b.distances.linf is None else pytest.approx(b.distances.linf))
        for name in ("psi", "js", "ks", "linf", "wasserstein", "mean_shift", "chi2"):
            assert (getattr(a.distances, name) is None) == (getattr(a.chance, name) is None)


def test_a_shift_is_measured_in_standard_deviations_of_the_baseline() -> None:
    rng = np.random.default_rng(0)
    found = one(rng.normal(130, 20, 4000), rng.normal(100, 20, 20_000))
    assert found.distances.mean_shift == pytest.approx(1.5, abs=0.05)
    assert found.distances.wasserstein == pytest.approx(1.5, abs=0.05)
    assert found.distances.linf is None
    assert found.distances.ks is not None
    assert found.chance.ks is not None
    assert found.distances.ks > 10 * found.chance.ks


def test_missing_values_are_compared_apart() -> None:
    rows = np.random.default_rng(0).normal(size=1000).tolist()
    found = one(rows + [None] * 1000, rows)
    assert (found.missing_share, found.baseline_missing_share) == (0.5, 0)
    assert (found.rows, found.present) == (2000, 1000)
    assert found.distances.psi == pytest.approx(0)


def test_new_and_lost_columns_are_named() -> None:
    found = compare(profile(a=[1, 2], c=[1, 2]), profile(a=[1, 2], b=[1, 2]))
    assert [column.column for column in found.columns] == ["a"]
    assert (found.missing_columns, found.new_columns) == (("b",), ("c",))
    assert (found.rows, found.baseline_rows) == (2, 2)


@pytest.mark.parametrize(
    ("window", "baseline", "kinds"),
    [
        (["1", "2"], [1, 2], ("category", "number")),
        (pa.array([None, None], pa.float64()), [1.0, 2.0], ("empty", "number")),
        ([[1]], [1, 2], ("other", "number")),
    ],
)
def test_columns_of_different_kinds_have_no_distance(
    window: object, baseline: object, kinds: tuple[str, str]
) -> None:
    found = one(window, baseline)
    assert (found.kind, found.baseline_kind) == kinds
    assert (found.distances, found.chance, found.smallest_shift) == (Distances(), Distances(), None)


def test_a_constant_baseline_has_cells_but_no_deviation_to_measure_by() -> None:
    found = one([5.0] * 50 + [6.0] * 50, [5.0] * 1000)
    assert (found.baseline_constant, found.constant) == (True, False)
    assert (found.distances.mean_shift, found.distances.wasserstein) == (None, None)
    assert found.distances.ks == pytest.approx(0.5)
    assert found.distances.psi is not None
    assert found.chance.psi is not None
    assert found.distances.psi > 1 > found.chance.psi
    assert one(["x", "x"], ["x", "y"]).constant
    assert not one([1.0], [1.0, 2.0]).constant


def test_values_outside_the_baselines_range_and_infinities_are_shares() -> None:
    found = one([-1.0, 0.5, 2.0, float("inf")], [0.0, 1.0])
    assert found.out_of_range_share == pytest.approx(2 / 3)
    assert found.infinite_share == 0.25
    assert one([float("inf")], [0.0, 1.0]).distances == Distances()


def test_categories_are_compared_by_shares() -> None:
    found = one(["a"] * 500 + ["b"] * 300 + ["new"] * 200, ["a"] * 7000 + ["b"] * 3000)
    assert found.distances.linf == pytest.approx(0.2)
    assert found.new_category_share == pytest.approx(0.2)
    assert found.distances.ks is None
    assert found.distances.psi is not None
    assert found.distances.psi > 1
    assert found.smallest_shift is not None
    assert 0 < found.smallest_shift < 0.1


def test_more_columns_make_a_distance_harder_to_see_and_more_rows_easier() -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=1000)
    single = compare(profile(a=rows), profile(a=rows)).columns[0]
    many = compare(profile(**dict.fromkeys("abcdefghij", rows)), profile(**dict.fromkeys("abcdefghij", rows)))
    few = compare(profile(a=rows[:100]), profile(a=rows)).columns[0]
    for name in ("psi", "js", "ks", "wasserstein", "mean_shift"):
        assert getattr(single.chance, name) < getattr(many.columns[0].chance, name)
        assert getattr(single.chance, name) < getattr(few.chance, name)
    assert single.smallest_shift is not None
    assert few.smallest_shift is not None
    assert single.smallest_shift < few.smallest_shift


def test_times_have_distances_too() -> None:
    days = np.arange(1000).astype("datetime64[D]")
    found = one(pa.array(days[500:]), pa.array(days[:500]))
    assert (found.kind, found.out_of_range_share) == ("time", 1)
    assert found.distances.ks == pytest.approx(1)


@pytest.mark.parametrize("rate", [0, 1, -0.1, 2])
def test_a_false_alarm_rate_is_a_probability(rate: float) -> None:
    with pytest.raises(ValueError, match="between 0 and 1"):
        compare(profile(a=[1]), profile(a=[1]), false_alarm_rate=rate)


def test_empty_profiles_compare_to_nothing() -> None:
    nothing = Profile(0, {})
    assert compare(nothing, nothing).columns == ()
    found = one(pa.array([], pa.float64()), [1.0, 2.0])
    assert (found.rows, found.missing_share, found.distances) == (0, 0, Distances())
