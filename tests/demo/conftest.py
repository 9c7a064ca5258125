"""One run of the demonstration, as a person starts it, which all of its tests look at."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from docs.embed import CHECKOUT, in_state
from registry.ledger import Ledger


@dataclass(frozen=True)
class Demo:
    """A state folder in which the demo ran, with what the run printed."""

    state: Path
    printed: str

    def open(self) -> Ledger:
        """Open the ledger that the run left."""
        return Ledger.open(f"sqlite:///{self.state / 'ledger.db'}")

    def recorded(self) -> tuple[dict[str, Any], int]:
        """Return the ledger's whole content and the number of its entries."""
        with self.open() as ledger:
            return ledger.content(), ledger.verify().entries


def run(state: Path, *arguments: str, cwd: Path = CHECKOUT) -> str:
    """Run a program in the checkout on `state`, without variables that would lead elsewhere."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("MUSTER_", "PREFECT_", "MLFLOW_"))}
    done = subprocess.run(
        arguments,
        cwd=cwd,
        # As wide as in the README, whatever the test runner says of its own terminal.
        env={**kept, "COLUMNS": "160", "OMP_NUM_THREADS": "1", **in_state(state)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    state = tmp_path_factory.mktemp("demo") / "state"
    return Demo(state, run(state, sys.executable, "-m", "demo"))


@pytest.fixture(scope="session")
def ledger(demo: Demo) -> Iterator[Ledger]:
    with demo.open() as opened:
        yield opened
