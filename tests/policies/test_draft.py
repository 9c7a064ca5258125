"""A draft is a policy file that the loader takes, with its reasons and gaps as comments."""

from pathlib import Path

import pytest
import yaml

from policies.draft import Draft, DraftLine, fitting_name
from policies.load import load_policies

LINES = (
    DraftLine("version", 1),
    DraftLine("model", "shop.prices"),
    DraftLine("task", "regression", "price holds 400 different numbers"),
    DraftLine("traffic.path", "log: of\n'today'.csv"),
    DraftLine("traffic.timestamp", "on", "the only column of times"),
    DraftLine("traffic.prediction", "FILL_IN", fill_in="the column with the model's answer, one of #a, b"),
    DraftLine("traffic.ignore", ["a, b", "yes", "1"], "ids"),
    DraftLine("cadence", "1d"),
    DraftLine("objectives.freshness.at_most", "3h", "usual"),
    DraftLine("objectives.drift.severity", "low"),
)


def test_a_draft_loads_without_a_fault_whatever_the_columns_are_called(tmp_path: Path) -> None:
    file = tmp_path / "shop" / "prices.yaml"
    file.parent.mkdir()
    file.write_text(Draft("shop.prices", LINES).text(["From a sample\nof 3 rows."]))
    fleet = load_policies([tmp_path])
    assert fleet.faults == ()
    (loaded,) = fleet.policies
    assert loaded.policy.traffic.timestamp == "on"
    assert loaded.policy.traffic.ignore == ("a, b", "yes", "1")


def test_sections_are_nested_and_every_reason_stands_on_its_line() -> None:
    text = Draft("shop.prices", LINES).text(["Head."])
    assert text.startswith("# Head.\nversion: 1\n")
    assert "  timestamp: 'on'  # guessed: the only column of times\n" in text
    assert "  prediction: FILL_IN  # fill in: the column with the model's answer, one of #a, b\n" in text
    assert yaml.safe_load(text)["objectives"] == {
        "freshness": {"at_most": "3h"},
        "drift": {"severity": "low"},
    }


def test_gaps_are_the_lines_to_fill_in() -> None:
    assert [line.key for line in Draft("shop.prices", LINES).gaps] == ["traffic.prediction"]


@pytest.mark.parametrize(
    ("text", "name"),
    [("Bike Demand", "bike-demand"), ("_ünter_", "nter"), ("…", "model"), ("a_b-1", "a_b-1")],
)
def test_any_text_becomes_a_fitting_name(text: str, name: str) -> None:
    assert fitting_name(text, "model") == name
