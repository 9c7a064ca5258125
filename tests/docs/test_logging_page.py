"""The example in the page about logging runs, and the policy beside it reads what it wrote."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from docs.embed import CHECKOUT
from policies.load import load_policies
from profiles.source import source_of

PAGE = (CHECKOUT / "docs" / "logging.md").read_text()


def block(language: str) -> str:
    found = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert len(found) == 1
    return str(found[0])


def test_the_example_writes_what_its_policy_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    exec(block("python"), names)  # noqa: S102 - the page's own example
    began = datetime.now(UTC)
    assert names["answer"]("r1", {"hour": 8}) == 60.0
    names["log"].close()

    policy = tmp_path / "policies" / "pricing" / "bike-demand.yaml"
    policy.parent.mkdir(parents=True)
    policy.write_text(
        f"version: 1\nmodel: pricing.bike-demand\ntask: regression\ncadence: 1d\n{block('yaml')}"
    )
    fleet = load_policies([tmp_path / "policies"])
    fleet.raise_for_faults()
    layout = fleet.policies[0].policy.traffic
    source = source_of(layout, tmp_path)
    span = began - timedelta(minutes=1), began + timedelta(minutes=1)
    (batch,) = source.batches(["request_id", "features.hour", "prediction"], layout.timestamp, *span)
    assert batch.to_pylist() == [{"request_id": "r1", "features.hour": 8, "prediction": 60.0}]


def test_every_argument_of_log_is_explained() -> None:
    import inspect

    from serving.logger import PredictionLogger

    parameters = list(inspect.signature(PredictionLogger.log).parameters)[1:]
    assert re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE) == parameters
