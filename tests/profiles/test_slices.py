"""Slices hold every row of a column once, the most frequent values by name."""

import pyarrow as pa
import pytest

from profiles.segments import baseline_name, false_alarm_rate, is_rest
from profiles.slices import slices


def counts(values: list[object], kind: pa.DataType | None = None) -> dict[str, int]:
    return {each.name: len(each) for each in slices(pa.table({"c": pa.array(values, kind)}), ["c"])}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["de", "fr", "de", None], {"c=de": 2, "c=fr": 1, "c=missing": 1}),
        ([1, 2, None], {"c=1": 1, "c=2": 1, "c=missing": 1}),
        ([1.0, 1.0, 2.5], {"c=1.0": 2, "c=2.5": 1}),
        ([True, False, True], {"c=0": 1, "c=1": 2}),
        ([None, None], {"c=missing": 2}),
        (["x" * 100, "other"], {f"c={'x' * 60}": 1, "c=other": 1}),
        ([], {}),
    ],
)
def test_a_slice_is_named_by_its_value(values: list[object], expected: dict[str, int]) -> None:
    assert counts(values) == expected


def test_twenty_values_are_kept_and_the_rest_is_other() -> None:
    values: list[object] = [f"v{n:02}" for n in range(25) for _ in range(1 + (n >= 5))]
    found = counts(values)
    assert found == {**{f"c=v{n:02}": 2 for n in range(5, 25)}, "c=other": 5}


def test_ties_of_frequency_go_by_name() -> None:
    found = counts([f"v{n:02}" for n in reversed(range(22))])
    assert found["c=other"] == 2
    assert "c=v19" in found
    assert "c=v20" not in found


def test_each_column_slices_all_rows_and_a_slice_takes_its_rows_of_any_table() -> None:
    rows = pa.table({"country": ["de", "fr", "de"], "device": ["a", "a", "b"], "x": [1, 2, 3]})
    found = {each.name: each.of(rows).column("x").to_pylist() for each in slices(rows, ["country", "device"])}
    assert found == {"country=de": [1, 3], "country=fr": [2], "device=a": [1, 2], "device=b": [3]}


def test_names_and_rates_of_slices() -> None:
    assert baseline_name("winter", "country=de") == "winter/country=de"
    assert [is_rest(name) for name in ("c=other", "c=another", "other=c")] == [True, False, False]
    assert (false_alarm_rate(0), false_alarm_rate(20)) == (0.01, 0.0005)
