"""The demonstration as a person runs it: a process, a year of real data, and what it leaves behind."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from docs.embed import CHECKOUT, blocks, in_state, settled
from policies.verdict import SEVERITIES, Status
from registry.ledger import Ledger
from registry.records import Judged
from registry.versions import MlflowVersions

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("demo")]

MODEL = "pricing.bike-demand"
# The error of the frozen model by month, as the data set's own description has it.
MAE = (46, 53, 82, 95, 82, 94, 94, 103, 116, 121, 100, 77)
README = (CHECKOUT / "README.md").read_text()


@dataclass(frozen=True)
class Demo:
    """A state folder in which the demo ran, with what the run printed."""

    state: Path
    printed: str

    @property
    def ledger_url(self) -> str:
        return f"sqlite:///{self.state / 'ledger.db'}"

    def recorded(self) -> tuple[dict[str, Any], int]:
        """Return the ledger's whole content and the number of its entries."""
        with Ledger.open(self.ledger_url) as ledger:
            return ledger.content(), ledger.verify().entries


def run(state: Path, *arguments: str) -> str:
    """Run a program in the checkout on `state`, without variables that would lead elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "PREFECT_", "MLFLOW_"))}
    done = subprocess.run(
        arguments,
        cwd=CHECKOUT,
        env={**kept, "OMP_NUM_THREADS": "1", **in_state(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    state = tmp_path_factory.mktemp("demo") / "state"
    return Demo(state, run(state, sys.executable, "-m", "demo"))


@pytest.fixture(scope="module")
def months(demo: Demo) -> Iterator[tuple[Judged, ...]]:
    with Ledger.open(demo.ledger_url) as ledger:
        yield ledger.windows(MODEL)


def test_every_month_of_the_year_is_judged_once_its_labels_are_there(months: tuple[Judged, ...]) -> None:
    assert [f"{each.reading.window.start:%Y-%m}" for each in months] == [f"2012-{m:02}" for m in range(1, 13)]
    assert all(each.reading.labels is not None and each.reading.labels.mature for each in months)


def test_the_error_by_month_is_that_of_the_data_sets_description(months: tuple[Judged, ...]) -> None:
    found = [each.reading.scores["mae"].value for each in months]
    assert found == [pytest.approx(known, rel=0.03) for known in MAE]


def test_performance_is_met_in_january_and_breached_in_every_later_month(months: tuple[Judged, ...]) -> None:
    statuses = [found.status for each in months if (found := each.verdict.of("performance"))]
    assert statuses == [Status.MET, *[Status.BREACHED] * 11]


def test_the_seasons_are_found_and_are_less_urgent_than_the_loss_of_performance(
    months: tuple[Judged, ...],
) -> None:
    for each in months:
        drift, performance = each.verdict.of("drift"), each.verdict.of("performance")
        assert drift is not None
        assert performance is not None
        assert {"temp", "atemp"} <= {finding.column for finding in drift.findings}
        if performance.severity is not None and drift.severity is not None:
            assert SEVERITIES.index(drift.severity) < SEVERITIES.index(performance.severity)


def test_the_hurricane_is_a_silence_of_37_hours_and_the_only_one_too_long(months: tuple[Judged, ...]) -> None:
    silent = [
        each.reading
        for each in months
        if (found := each.verdict.of("freshness")) and found.status is Status.BREACHED
    ]
    (october,) = silent
    assert f"{october.window.start:%Y-%m}" == "2012-10"
    assert october.arrivals.longest_silence == timedelta(hours=37)


def test_the_baseline_is_attached_to_the_version_in_mlflow(demo: Demo, months: tuple[Judged, ...]) -> None:
    versions = MlflowVersions(f"sqlite:///{demo.state / 'mlflow.db'}", str(demo.state / "mlflow-artifacts"))
    served = versions.served(MODEL, "champion")
    assert served is not None
    (attached,) = versions.baselines(served)
    reference = months[-1].reading.baseline
    assert reference is not None
    assert (attached.facts.name, attached.facts.rows) == (reference.name, reference.rows)
    assert attached.facts.scores["mae"] == pytest.approx(45.1, rel=0.03)
    assert attached.profile


def test_the_table_is_the_one_in_the_readme(demo: Demo) -> None:
    (shown,) = (body for what, body in blocks(README) if what == "demo")
    assert _comparable(shown.removeprefix("```console\n$ make demo\n").removesuffix("```\n")) == _comparable(
        demo.printed.replace(str(demo.state), ".muster")
    ), "the demo prints something else than the README shows: run `make docs`"


def _comparable(output: str) -> list[str]:
    return [line.rstrip() for line in settled(output).strip().splitlines()]


def test_running_it_again_changes_nothing_in_the_ledger_and_the_printed_commands_work(demo: Demo) -> None:
    before = demo.recorded()
    again = run(demo.state, sys.executable, "-m", "demo")
    assert demo.recorded() == before
    assert "on 2012-10-01: nothing due" in again
    commands = re.findall(r"^  \.venv/bin/muster (.+)$", again, re.MULTILINE)
    assert len(commands) == 3
    for command in commands:
        assert MODEL in run(demo.state, str(Path(sys.executable).parent / "muster"), *shlex.split(command))
    assert demo.recorded() == before


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
