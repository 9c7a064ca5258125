"""bench/results.json has the shape that docs/bench.md describes, and every key that the code registers."""

import json
from pathlib import Path
from typing import Any

import pytest

from bench.measure import registered
from bench.page import PAGE, with_keys
from bench.results import MACHINE, RESULTS, read, summarised, updated, write

MACHINE_FACTS = {"cpu_count", "cpu_model", "load_average_at_start", "memory_gib", "packages", "python"}
QUIET = {"cpu_count": 2, "load_average_at_start": [0.0, 0.0, 0.0]}
BUSY = {"cpu_count": 2, "load_average_at_start": [3.0, 1.0, 0.0]}


def entry(value: float) -> dict[str, Any]:
    return summarised([value], "s")


def test_the_file_holds_every_registered_key_and_no_other() -> None:
    assert set(read()) - {MACHINE} == set(registered())


def test_the_file_describes_the_machine_first_and_then_its_keys_in_order() -> None:
    first, *keys = read()
    assert first == MACHINE
    assert keys == sorted(keys)
    assert set(read()[MACHINE]) == MACHINE_FACTS


@pytest.mark.parametrize("key", registered())
def test_every_result_has_the_documented_shape(key: str) -> None:
    result = read()[key]
    assert set(result) - {MACHINE} == {"value", "unit", "spread", "n"}
    assert set(result.get(MACHINE, {})) <= MACHINE_FACTS
    assert result["unit"] == registered()[key].unit
    assert set(result["spread"]) == {"min", "max"}
    assert result["spread"]["min"] <= result["value"] <= result["spread"]["max"]
    assert result["n"] >= 1


def test_the_file_is_written_as_the_code_writes_it(tmp_path: Path) -> None:
    write(read(), tmp_path / "again.json")
    assert (tmp_path / "again.json").read_text() == RESULTS.read_text()


def test_the_page_says_what_every_key_means() -> None:
    page = PAGE.read_text()
    assert page == with_keys(page, registered().values()), "run: python -m bench.page"


def test_a_page_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="between"):
        with_keys("# Measurements\n", [])


def test_a_value_is_the_median_of_its_repeats_and_its_spread_their_range() -> None:
    assert summarised([5.0, 1.0, 2.000049], "s") == {
        "value": 2.0,
        "unit": "s",
        "spread": {"min": 1.0, "max": 5.0},
        "n": 3,
    }


def test_a_whole_run_leaves_nothing_of_the_one_before() -> None:
    old = {MACHINE: BUSY, "gone_s": entry(1)}
    new = updated(old, QUIET, {"b_s": entry(2), "a_s": entry(3)}, whole=True)
    assert new == {MACHINE: QUIET, "a_s": entry(3), "b_s": entry(2)}
    assert list(new) == [MACHINE, "a_s", "b_s"]


def test_a_partial_run_changes_its_own_keys_and_says_what_was_different_about_the_machine() -> None:
    old = {MACHINE: QUIET, "a_s": entry(1), "c_s": entry(2)}
    new = updated(old, BUSY, {"b_s": entry(3)}, whole=False)
    assert list(new) == [MACHINE, "a_s", "b_s", "c_s"]
    assert (new[MACHINE], new["a_s"], new["c_s"]) == (QUIET, entry(1), entry(2))
    assert new["b_s"] == {**entry(3), MACHINE: {"load_average_at_start": [3.0, 1.0, 0.0]}}


def test_a_partial_run_in_the_same_conditions_adds_nothing_to_its_keys() -> None:
    new = updated({MACHINE: QUIET}, QUIET, {"a_s": entry(1)}, whole=False)
    assert new == {MACHINE: QUIET, "a_s": entry(1)}


def test_a_whole_run_keeps_what_could_not_be_taken_here_and_says_what_it_was_taken_on() -> None:
    old = {MACHINE: BUSY, "a_s": entry(1), "b_s": entry(2), "gone_s": entry(1)}
    new = updated(old, QUIET, {"a_s": entry(3)}, whole=True, kept=["b_s", "never_taken_s"])
    assert new == {
        MACHINE: QUIET,
        "a_s": entry(3),
        "b_s": {**entry(2), MACHINE: {"load_average_at_start": [3.0, 1.0, 0.0]}},
    }


def test_a_first_run_may_be_a_partial_one(tmp_path: Path) -> None:
    path = tmp_path / "results.json"
    write(updated(read(path), BUSY, {"a_s": entry(1)}, whole=False), path)
    assert json.loads(path.read_text()) == {MACHINE: BUSY, "a_s": entry(1)}
