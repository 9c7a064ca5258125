"""What `muster backtest` asks for before it replays anything."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from console.main import muster


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "name either models or a file with --policy"),
        (["shop.prices", "--policy", "prices.yaml"], "name either models or a file with --policy"),
        (["--policy", "prices.yaml"], "give --estimator as well"),
        (["a.b", "c.d", "--traffic", "x.parquet"], "--traffic and --labels belong to a single model"),
    ],
)
def test_what_is_missing_is_told_at_once(
    arguments: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("prices.yaml").touch()
    done = CliRunner().invoke(muster, ["backtest", *arguments])
    assert done.exit_code == 2, done.output
    assert said in done.output
