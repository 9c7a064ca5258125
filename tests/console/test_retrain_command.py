"""`muster retrain`, from a policy file to a challenger in shadow."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from console.main import muster
from tests.flows.retrained import register_champion, write_rows

POLICY = """
version: 1
model: shop.prices
task: regression
traffic: {path: "traffic/*.parquet", timestamp: ts, prediction: price, request_id: id}
labels: {path: "labels/*.parquet", label: paid, request_id: id, arrived_at: arrived, arrives_within: 3d}
cadence: 1d
authority: muster
objectives:
  performance: {metric: mae, at_most_worse_than_baseline: 10%}
remediation:
  recipe: {recent: [20d]}
"""


def test_a_person_retrains_a_model_and_is_told_what_came_of_it(
    tmp_path: Path, mlflow_store: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "policies" / "shop").mkdir(parents=True)
    (tmp_path / "policies" / "shop" / "prices.yaml").write_text(POLICY)
    (tmp_path / "policies" / "shop" / "team.yaml").write_text(
        "version: 1\nteam: shop\nowners: [shop@example.com]\n"
    )
    uri = mlflow_store(tmp_path)
    (tmp_path / "muster.toml").write_text(f'policies = ["policies"]\nmlflow_uri = "{uri}"\n')
    write_rows(tmp_path)
    register_champion(uri, tmp_path)
    done = CliRunner().invoke(muster, ["retrain", "shop.prices", "--json", "--reason", "prices doubled"])
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.output)["retrainings"]
    assert (told["outcome"], told["version"]) == ("retrained", "2")
    again = CliRunner().invoke(muster, ["retrain", "shop.prices"])
    assert again.exit_code == 3, again.output
