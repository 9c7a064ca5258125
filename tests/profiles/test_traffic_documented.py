"""What docs/prediction-log.md shows can be read and checked as it stands."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml

from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.written_sources import LabelsFile, TrafficFile
from profiles.see import Sight, see
from profiles.sketch import read
from profiles.window import Window

DOCS = Path(__file__).resolve().parents[2] / "docs"
BLOCKS = re.findall(r"```yaml\n(.*?)```", (DOCS / "prediction-log.md").read_text(), re.DOTALL)
START = datetime(2026, 3, 1, tzinfo=UTC)
ROLES = {
    "path": "examples/prediction-log.jsonl",
    "timestamp": "timestamp",
    "prediction": "prediction",
    "request_id": "request_id",
    "version": "version",
    "ignore": ["model"],
    "probabilities": {"no": "scores.no", "yes": "scores.yes"},
    "latency": "latency",
    "status": "status",
    "ok": ["ok"],
    "value": "value",
}
LABELS = {"path": "examples/labels.jsonl", "label": "label", "arrived_at": "arrived_at"}


def policy(traffic: object, labels: object) -> PolicyFile:
    written = {
        "version": 1,
        "model": "shop.fraud",
        "task": "classification",
        "cadence": "1d",
        "traffic": traffic,
    }
    return PolicyFile.model_validate({**written, **({"labels": labels} if labels else {})})


@pytest.mark.parametrize("block", BLOCKS)
def test_the_shown_policies_are_valid(block: str) -> None:
    shown = yaml.safe_load(block)
    made = resolve(policy(shown["traffic"], shown.get("labels")), TeamFile(team="shop"))
    assert (made.traffic.path is None) == (made.traffic.query is not None)


@pytest.mark.parametrize(("days", "truth"), [(1, 0.0), (4, 1.0)])
def test_the_shown_rows_are_seen_with_their_labels(days: int, truth: float) -> None:
    made = resolve(policy(ROLES, LABELS), TeamFile(team="shop"))
    looking = Sight(made.traffic, made.labels, ("accuracy", "log_loss"), DOCS)
    found = see(looking, Window(START, START + timedelta(days=1)), START + timedelta(days=days, hours=9))
    assert found.profile is not None
    assert found.labels is not None
    assert set(read(found.profile).columns) == {"features.amount", "features.country", "prediction"}
    assert (found.arrivals.rows, found.version, found.labels.labelled) == (3, "7", 1 if days == 1 else 2)
    assert found.scores["accuracy"].value == truth
    assert (found.failures, found.latency is None) != (None, True)


def test_every_role_of_the_schema_is_on_the_page() -> None:
    page = (DOCS / "prediction-log.md").read_text()
    apart = {"format", "group", "weight"}  # of files, rankings and samples: docs/policies.md
    for key in {*TrafficFile.model_fields, *LabelsFile.model_fields} - apart:
        assert f"`{key}" in page or f"{key}:" in page, key
