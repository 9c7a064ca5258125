"""A small installation: policies, settings, and six days of one model that were watched."""

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from console.main import muster
from flows.step import begin, due, step
from policies.load import load_policies
from tests.fakes import DAY, START, FakeVersions, baseline, world, write_day

MODEL = "shop.prices"
POLICY = """\
version: 1
model: {model}
task: regression
traffic: {{path: "traffic/*.parquet", timestamp: ts, prediction: price, request_id: id}}
labels: {{path: "labels/*.parquet", label: paid, request_id: id, arrived_at: arrived, arrives_within: 3d}}
cadence: 1d
objectives:
  performance: {{metric: mae, at_most_worse_than_baseline: 10%}}
"""


@dataclass(frozen=True)
class Installation:
    """A folder with a muster.toml, in which commands are typed."""

    folder: Path

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(muster, list(arguments), prog_name="muster")

    def write(self, model: str, text: str = POLICY) -> Path:
        """Write the policy of a model."""
        path = self.folder / "policies" / model.replace(".", "/", 1)
        path.parent.mkdir(parents=True, exist_ok=True)
        path = path.with_suffix(".yaml")
        path.write_text(text.format(model=model))
        return path

    def watch(self) -> None:
        """Watch six days: well, shifted, with large errors, without rows, well, and without rows."""
        write_day(self.folder, 0)
        write_day(self.folder, 1, shift=2.0)
        write_day(self.folder, 2, error=3.0)
        write_day(self.folder, 4)
        versions = FakeVersions({(MODEL, "champion"): "1"}, {"1": (baseline(),)})
        opened = world(self.folder, START + 6 * DAY + timedelta(hours=1), versions)
        try:
            for loaded in load_policies([self.folder / "policies"]).policies:
                watched = begin(loaded.policy, loaded.source, opened)
                for window in due(watched, opened):
                    step(watched, window, opened)
        finally:
            opened.ledger.close()


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with six watched days, to be copied and not to be changed."""
    made = _installation(tmp_path_factory.mktemp("installation") / "here")
    made.watch()
    return made.folder


@pytest.fixture
def bare(tmp_path: Path, entered: Callable[[Path], None]) -> Installation:
    """Settings and one policy, and nothing watched yet."""
    made = _installation(tmp_path / "here")
    entered(made.folder)
    return made


@pytest.fixture
def installed(template: Path, tmp_path: Path, entered: Callable[[Path], None]) -> Installation:
    """The same with six days watched."""
    made = Installation(Path(shutil.copytree(template, tmp_path / "here")))
    entered(made.folder)
    return made


@pytest.fixture
def entered(monkeypatch: pytest.MonkeyPatch) -> Callable[[Path], None]:
    """Change into a folder, with no variable that would lead elsewhere."""

    def enter(folder: Path) -> None:
        monkeypatch.chdir(folder)
        for name in os.environ:
            if name.startswith("MUSTER_") or name == "COLUMNS":
                monkeypatch.delenv(name)

    return enter


def _installation(folder: Path) -> Installation:
    folder.mkdir()
    (folder / "muster.toml").write_text('state = "state"\npolicies = ["policies"]\n')
    made = Installation(folder)
    made.write(MODEL)
    return made
