"""Every registered measure can be taken, and the runner tells what came of it."""

import os
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from bench import made_up
from bench.machine import described
from bench.measure import Absent, Measure, NotHere, Target, registered, taken
from bench.results import read, write
from bench.run import line, main, run
from registry.ledger import Ledger

MEASURES = registered()


def fixed() -> list[float]:
    return [3.0, 1.0, 2.0]


def broken() -> list[float]:
    raise ValueError("no such luck")


# These start servers and a browser; once for all of them, where the other tests that do so run as well.
IN_A_BROWSER = [pytest.mark.servers, pytest.mark.browser, pytest.mark.xdist_group("prefect")]


@pytest.mark.parametrize(
    "key",
    [
        pytest.param(key, marks=IN_A_BROWSER if measure.module == "bench.measures.recovery" else [])
        for key, measure in MEASURES.items()
    ],
)
def test_every_measure_can_be_taken_at_its_tiny_size(key: str) -> None:
    measure = MEASURES[key]
    try:
        repeats = measure.take(**measure.tiny)
    except NotHere as missing:
        pytest.skip(str(missing))
    assert repeats
    assert all(each >= 0 for each in repeats)


def absent() -> list[float]:
    raise NotHere("no wheels")


@pytest.mark.parametrize("key", MEASURES)
def test_every_measure_says_what_it_is(key: str) -> None:
    measure = MEASURES[key]
    assert re.fullmatch(r"[a-z][a-z0-9_]*", key)
    assert measure.unit
    assert measure.meaning.endswith(".")
    assert "|" not in measure.meaning, "it stands in a table"


@pytest.mark.parametrize(
    ("target", "value", "met"),
    [
        (Target("at most", 0.5), 0.4, True),
        (Target("at most", 0.5), 0.5, True),
        (Target("at most", 0.5), 0.6, False),
        (Target("at least", 10), 9.9, False),
        (Target("at least", 10), 10, True),
    ],
)
def test_a_target_is_met_on_its_side_of_the_limit(target: Target, value: float, met: bool) -> None:
    assert target.met(value) is met


@pytest.mark.parametrize(
    ("target", "end"),
    [
        (None, "(1 to 3, n = 3)"),
        (Target("at most", 2), "target at most 2: met"),
        (Target("at most", 1.5), "target at most 1.5: MISSED"),
    ],
)
def test_a_result_is_printed_beside_its_target(target: Target | None, end: str) -> None:
    said = line(Measure("a_s", "s", "A.", fixed, target=target), fixed())
    assert said.startswith("a_s")
    assert said.endswith(end)


def test_a_measure_that_fails_says_why_and_leaves_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    takes = {"good": fixed, "bad": broken, "far": absent}
    some = {key: Measure(key, "s", "Some.", take) for key, take in takes.items()}
    monkeypatch.setattr("bench.measure.registered", lambda: some)
    assert taken(("bad", "far", "good")) == {
        "bad": "ValueError: no such luck",
        "far": Absent("no wheels"),
        "good": [3.0, 1.0, 2.0],
    }


def test_a_measure_that_cannot_be_taken_here_keeps_its_result_and_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    far = Measure("far_s", "s", "Far.", absent)
    monkeypatch.setattr("bench.run._taken", lambda _: [(far, Absent("no wheels"))])
    path = tmp_path / "results.json"
    write({"machine": {}, "far_s": {"value": 1.0}}, path)
    assert run([far], path)
    assert "far_s                    stays as it was: no wheels" in capsys.readouterr().out
    assert read(path)["far_s"] == {"value": 1.0}


def test_two_measures_cannot_have_one_key(monkeypatch: pytest.MonkeyPatch) -> None:
    twice = (Measure("a_s", "s", "A.", fixed), Measure("a_s", "s", "B.", fixed))
    monkeypatch.setattr("bench.measures.commands.MEASURES", twice)
    with pytest.raises(ValueError, match="two measures are called a_s"):
        registered()


def test_an_unknown_key_is_refused_with_those_that_there_are() -> None:
    done = CliRunner().invoke(main, ["cli_helpp_s"])
    assert done.exit_code == 2
    assert "cli_help_s" in done.output


def test_a_run_takes_measures_in_a_process_of_their_own_and_records_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([MEASURES["cli_help_s"]], tmp_path / "results.json")
    assert "cli_help_s" in capsys.readouterr().out
    assert '"cli_help_s"' in (tmp_path / "results.json").read_text()


def test_the_machine_is_described_without_its_name() -> None:
    machine = described()
    assert machine["cpu_count"] == os.cpu_count()
    assert machine["memory_gib"] >= 1
    assert len(machine["load_average_at_start"]) == 3
    assert machine["packages"]["whylogs"] == "1.6.4"
    assert os.uname().nodename not in str(machine)


def test_the_made_up_fleet_is_fully_judged_and_its_ledger_sound(tmp_path: Path) -> None:
    made_up.watched_fleet(tmp_path, models=3, windows=2, rows=200)
    with Ledger.open(f"sqlite:///{tmp_path / 'state' / 'ledger.db'}") as ledger:
        judged = [each for row in ledger.models() for each in ledger.windows(row.model)]
        assert ledger.verify().faults == ()
    assert len(judged) == 6
    assert all(each.reading.comparison is not None and each.reading.scores for each in judged)
    assert {len(each.reading.comparison.columns) for each in judged if each.reading.comparison} == {20}
