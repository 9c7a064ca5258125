"""The demonstration as a person runs it: a process, a fleet of real models, and what it prints and leaves."""

import itertools
import re
import shlex
import sys
from pathlib import Path

import pytest

from demo.fleet import FLEET
from demo.lives.models import LIVES
from docs.embed import CHECKOUT, blocks, settled
from registry.ledger import Ledger
from registry.versions import MlflowVersions
from tests.demo.conftest import Demo, run

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("demo")]

README = (CHECKOUT / "README.md").read_text()
MUSTER = str(Path(sys.executable).parent / "muster")
COLUMNS = ("model", "who serves", "windows", "breached", "blind", "cause", "what to do next")
TOLD = ("model", "what happened", "score before", "meanwhile", "since")


def test_at_least_fifteen_models_of_three_teams_are_watched_in_at_most_a_thousand_windows(
    ledger: Ledger,
) -> None:
    models = ledger.models()
    assert {row.model for row in models} == {*FLEET, *LIVES}
    assert len(models) >= 15
    assert len({row.team for row in models if row.model in FLEET}) == 3
    assert sum(len(ledger.recorded(model)) for model in FLEET) <= 1000


def test_every_window_of_every_model_is_judged_once_its_labels_are_there(ledger: Ledger) -> None:
    for model in FLEET.values():
        windows = ledger.windows(model.name)
        assert windows, model.name
        assert model.serves.start <= windows[0].reading.window.start
        assert windows[-1].reading.window.end <= model.serves.end, model.name
        for earlier, later in itertools.pairwise(windows):
            assert earlier.reading.window.end == later.reading.window.start, model.name
        assert all(each.reading.labels is None or each.reading.labels.mature for each in windows), model.name


def test_the_ledger_is_intact(ledger: Ledger) -> None:
    assert ledger.verify().sound


def test_the_baselines_are_attached_to_the_versions_in_mlflow(demo: Demo, ledger: Ledger) -> None:
    versions = MlflowVersions(f"sqlite:///{demo.state / 'mlflow.db'}", str(demo.state / "mlflow-artifacts"))
    for name, wanted in (
        ("pricing.bike-demand", {"default", "default/labels"}),
        ("pricing.bike-rides", {"default", "default/labels", "holiday", "holiday/labels"}),
    ):
        served = versions.served(name, "champion")
        assert served is not None
        attached = {each.facts.name: each for each in versions.baselines(served)}
        assert set(attached) == wanted
        assert all(each.profile for each in attached.values())
        bound = {each.name: (each.rows, dict(each.scores)) for each in ledger.baselines(name)}
        assert bound == {n: (each.facts.rows, dict(each.facts.scores)) for n, each in attached.items()}


def test_a_first_table_comes_before_the_last_and_both_have_the_promised_columns(demo: Demo) -> None:
    heads = [line for line in demo.printed.splitlines() if line.startswith("model ")]
    assert [tuple(re.split(r"\s{2,}", head.strip())) for head in heads] == [COLUMNS, COLUMNS, TOLD]
    first, last = demo.printed.split("Fleet\n" if "Fleet\n" in demo.printed else "Fleet ")[1:]
    assert "pricing.bike-demand" in first
    assert all(name in last for name in FLEET)


def test_three_sentences_above_the_last_table_tell_what_the_ledger_holds(demo: Demo, ledger: Ledger) -> None:
    told = [
        line
        for line in demo.printed.rpartition("\nFleet")[0].splitlines()
        if re.match(r"[a-z]+\.[a-z-]+ (lost|got)", line)
    ]
    assert len(told) == 3
    assert told[0].startswith(
        "marketing.call-back lost its feed at 2025-10-05 13:59, critical at 2025-10-05 14:05"
    )
    opened = {
        name: {
            f"{at:%Y-%m-%d %H:%M}"
            for at, change in ledger.incident_changes(name)
            if change.change == "opened"
        }
        for name in FLEET
    }
    for sentence in told:
        at = re.search(r"(?:critical|high) at ([-0-9]+ [:0-9]+)", sentence)
        assert at is not None
        assert at[1] in opened[sentence.split()[0]]


def test_what_it_prints_is_what_the_readme_shows(demo: Demo) -> None:
    (shown,) = (body for what, body in blocks(README) if what == "demo")
    assert _comparable(shown.removeprefix("```console\n$ make demo\n").removesuffix("```\n")) == _comparable(
        demo.printed.replace(str(demo.state), ".muster")
    ), "the demo prints something else than the README shows: run `make docs`"


def _comparable(output: str) -> list[str]:
    return [line.rstrip() for line in settled(output).strip().splitlines()]


def test_running_it_again_changes_nothing_in_the_ledger_and_the_printed_commands_work(
    demo: Demo, tmp_path: Path
) -> None:
    before = demo.recorded()
    again = run(demo.state, sys.executable, "-m", "demo")
    assert demo.recorded() == before
    assert "nothing is due" in again
    commands = re.findall(r"^  \.venv/bin/muster (.+)$", again, re.MULTILINE)
    *looking, beginning = commands
    assert len(looking) == 3
    for command in looking:
        assert run(demo.state, MUSTER, *shlex.split(command))
    assert demo.recorded() == before
    assert again.strip().endswith(beginning)
    assert beginning.startswith("init --traffic ")
    # Elsewhere, so that the checkout gets no policy from a test.
    own = tmp_path / "state"
    began = run(own, MUSTER, *shlex.split(beginning), cwd=tmp_path)
    assert "wrote" in began
    assert "pricing.mine" in run(own, MUSTER, "status", cwd=tmp_path)


def test_what_the_readme_shows_of_the_demos_state_is_what_is_printed(demo: Demo) -> None:
    shown = [(what, body) for what, body in blocks(README) if what.startswith("after demo ")]
    assert shown
    for what, body in shown:
        arguments = what.removeprefix("after demo ").split()
        printed = run(demo.state, sys.executable, "-m", "console.main", *arguments)
        lines = body.removesuffix("```\n").splitlines()[2:]
        # Narrower on the page, so only the words are compared; digests hold floating-point numbers.
        assert _words(printed) == _words("\n".join(lines))


def _words(text: str) -> list[str]:
    return [word for word in text.split() if not word.startswith("sha256:")]
