"""The keys of scores, value, latency, errors, segments and baselines: read, resolved, shown, contradicted."""

from datetime import date
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml

from policies.load import json_schema, load_policies
from policies.policy import (
    CalendarBaseline,
    ErrorShare,
    LatencyLimits,
    Performance,
    Policy,
    ValuePerPrediction,
)
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.show import show
from policies.verdict import Severity

HIGH = Severity.HIGH
FULL = """\
version: 1
model: t.m
task: classification
traffic:
  path: a.parquet
  timestamp: ts
  prediction: answer
  features: [amount, country]
  probabilities: {0: p0, 1: p1}
  weight: w
  value: amount
  latency: ms
  status: code
  ok: [200, ok]
labels: {path: l.parquet, label: y}
cadence: 1d
segments: [country]
baselines:
- {name: holiday, when: {dates: [2012-12-24, 2012-12-25]}}
- {name: weekend, when: {weekdays: [sat, sun], months: [12]}}
objectives:
  drift: {segments: off}
  performance: {metric: roc_auc, limit: 0.7}
  value: {at_most_worse_than_baseline: 10%}
  latency: {p95_at_most: 200, severity: low}
  errors: {at_most: 1%}
"""
RANKING = """\
version: 1
model: t.m
task: ranking
traffic: {path: a.csv, timestamp: ts, prediction: rank, group: query}
labels: {path: l.csv, label: y}
cadence: 1d
objectives: {performance: {metric: ndcg, limit: 0.7}}
"""


def load(folder: Path, text: str, team: str = "") -> tuple[list[Policy], list[str]]:
    path = folder / "t" / "m.yaml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    if team:
        (folder / "t" / "team.yaml").write_text(team)
    fleet = load_policies([folder])
    faults = [str(fault).removeprefix(f"{path}:") for fault in fleet.faults]
    return [each.policy for each in fleet.policies], faults


def one(folder: Path, text: str, team: str = "") -> Policy:
    policies, faults = load(folder, text, team)
    assert faults == []
    return policies[0]


def test_every_key_is_resolved(tmp_path: Path) -> None:
    policy = one(tmp_path, FULL)
    assert dict(policy.traffic.answers) == {"0": "p0", "1": "p1"}
    assert policy.traffic.ok == ("200", "ok")
    assert policy.segments == ("country",)
    assert policy.baselines == (
        CalendarBaseline("holiday", dates=(date(2012, 12, 24), date(2012, 12, 25))),
        CalendarBaseline("weekend", weekdays=("sat", "sun"), months=(12,)),
    )
    assert policy.value == ValuePerPrediction(None, 0.1, HIGH)
    assert policy.latency == LatencyLimits(None, 200, None, Severity.LOW)
    assert policy.errors == ErrorShare(0.01, HIGH)
    assert policy.performance == Performance("roc_auc", None, 0.7, 0.8, 0.5, HIGH, segments=True)
    assert policy.drift is not None
    assert not policy.drift.segments


def test_a_ranking_counts_ten_places_unless_it_says_otherwise(tmp_path: Path) -> None:
    for text, score in ((RANKING, "ndcg@10"), (RANKING.replace("ndcg,", "ndcg, k: 3,"), "ndcg@3")):
        performance = one(tmp_path, text).performance
        assert performance is not None
        assert performance.score == score


@pytest.mark.parametrize("text", [FULL, RANKING])
def test_what_is_shown_loads_as_the_same_policy(text: str, tmp_path: Path) -> None:
    policy = one(tmp_path, text)
    shown = show(policy)
    assert one(tmp_path, shown) == policy
    assert resolve(PolicyFile.model_validate(yaml.safe_load(shown)), TeamFile(team="t")) == policy
    jsonschema.Draft202012Validator(json_schema()).validate(yaml.safe_load(shown))
    assert "p0  # default" not in shown


def test_what_is_not_measured_is_not_promised_by_default_nor_by_the_team(tmp_path: Path) -> None:
    team = (
        "team: t\ndefaults: {objectives: {value: {at_least_per_prediction: 1}, latency: {p50_at_most: 9}}}\n"
    )
    bare = one(tmp_path, RANKING, team)
    assert (bare.value, bare.latency, bare.errors) == (None, None, None)
    measured = one(tmp_path, RANKING.replace("group: query", "group: query, value: v, latency: ms"), team)
    assert measured.value == ValuePerPrediction(1, None, HIGH)
    assert measured.latency == LatencyLimits(9, None, None, HIGH)
    own = RANKING.replace("0.7}}", "0.7}, value: {at_most_worse_than_baseline: 5%}}")
    relative = one(tmp_path, own.replace("group: query", "group: query, value: v"), team)
    assert relative.value == ValuePerPrediction(None, 0.05, HIGH)


FAULTS = {
    "two kinds of probabilities": (
        "probabilities: {0: p0, 1: p1}",
        "probabilities: {0: p0, 1: p1}\n  probability: p1",
        "traffic.probability: write probability or probabilities, not both",
    ),
    "one column for two classes": ("1: p1", "1: p0", "traffic.probabilities.1: column 'p0' holds the probab"),
    "no probabilities": (
        "  probabilities: {0: p0, 1: p1}\n",
        "",
        "performance.metric: roc_auc needs probabilities; write their column as traffic.probability",
    ),
    "a status without its good values": (
        "  ok: [200, ok]\n",
        "",
        "traffic.status: needs the values that mean",
    ),
    "good values without a status": (
        "  status: code\n",
        "",
        "traffic.ok: needs the column that holds these values; write it as status",
        "objectives.errors: needs the column of outcomes; write it as traffic.status",
    ),
    "a latency that is not measured": (
        "  latency: ms\n",
        "",
        "objectives.latency: needs the column of millis",
    ),
    "a latency without a limit": ("p95_at_most: 200, ", "", "objectives.latency: needs a limit"),
    "errors without a limit": ("errors: {at_most: 1%}", "errors: {severity: low}", "errors: needs a limit"),
    "a value that is not measured": ("  value: amount\n", "", "objectives.value: needs the column of values"),
    "a value in two places": (
        "label: y}",
        "label: y, value: profit}",
        "labels.value: is written as traffic.value as well",
    ),
    "labelled rows for a value of the traffic": (
        "value: {at_most",
        "value: {minimum_coverage: 60%, at_most",
        "objectives.value.minimum_coverage: is about labels",
    ),
    "a value without a limit": (
        "{at_most_worse_than_baseline: 10%}",
        "{severity: low}",
        "value: needs a limit",
    ),
    "two limits of value": (
        "{at_most_worse",
        "{at_least_per_prediction: 1, at_most_worse",
        "objectives.value.at_least_per_prediction: write at_least_per_prediction or",
    ),
    "slices that are asked for and not cut": (
        "segments: [country]\n",
        "",
    ),
    "slices of nothing": (
        "drift: {segments: off}",
        "drift: {segments: on}",
    ),
    "slices of what is unique": ("[country]\n", "[ts]\n", "segments[0]: column 'ts' is the timestamp"),
    "slices of what is sensitive": (
        "  weight: w\n",
        "  weight: w\n  sensitive: [country]\n",
        "traffic.sensitive[0]: column 'country' is a segment, whose values name slices; choose one",
    ),
    "slices twice": ("[country]\n", "[country, country]\n", "segments[1]: column 'country' is listed twice"),
    "the default baseline": ("name: holiday", "name: default", "baselines[0].name: default is the name of"),
    "a baseline twice": ("name: weekend", "name: holiday", "baselines[1].name: holiday is written twice"),
    "a baseline for no day": ("{dates: [2012-12-24, 2012-12-25]}", "{}", "baselines[0].when: names no day"),
    "a day that is none": ("2012-12-25", "2012-13-25", "'2012-13-25' is not a day; write it as 2012-12-24"),
    "a weekday that is none": ("[sat, sun]", "[saturday]", "'saturday' is not allowed; write mon, tue"),
    "places of no ranking": (
        "limit: 0.7",
        "limit: 0.7, k: 3",
        "performance.k: is for ndcg, and the metric is",
    ),
    "a weight that is a feature": (
        "[amount, country]",
        "[amount, w]",
        "traffic.features[1]: column 'w' is the w",
    ),
}


@pytest.mark.parametrize("case", FAULTS)
def test_contradictions_are_said(case: str, tmp_path: Path) -> None:
    before, after, *expected = FAULTS[case]
    assert before in FULL
    _, faults = load(tmp_path, FULL.replace(before, after, 1))
    assert len(faults) == len(expected), faults
    for fault, part in zip(sorted(faults), expected, strict=True):
        assert part in fault


@pytest.mark.parametrize("objective", ["drift", "performance"])
def test_slices_that_are_judged_have_to_be_cut(objective: str, tmp_path: Path) -> None:
    text = FULL.replace("segments: [country]\n", "").replace("drift: {segments: off}", "drift: {minor: 0.1}")
    text = text.replace(
        "limit: 0.7", "limit: 0.7, segments: on" if objective == "performance" else "limit: 0.7"
    )
    text = text.replace("{minor: 0.1}", "{segments: on}") if objective == "drift" else text
    _, faults = load(tmp_path, text)
    assert len(faults) == 1
    assert f"objectives.{objective}.segments: needs slices" in faults[0]


def test_a_ranking_needs_its_queries(tmp_path: Path) -> None:
    _, faults = load(tmp_path, RANKING.replace(", group: query", ""))
    assert len(faults) == 1
    assert "traffic: a ranking needs the column of its queries; write it as group" in faults[0]


@pytest.mark.parametrize(
    ("key", "value"),
    [("ok", [[1]]), ("ok", [None]), ("probabilities", {"a": ""}), ("weight", 3), ("ok", "200")],
)
def test_the_schema_refuses_other_shapes(key: str, value: Any) -> None:
    written = yaml.safe_load(FULL)
    written["traffic"][key] = value
    assert not jsonschema.Draft202012Validator(json_schema()).is_valid(written)


def test_a_value_may_come_with_the_labels(tmp_path: Path) -> None:
    text = FULL.replace("  value: amount\n", "").replace("label: y}", "label: y, value: profit}")
    late = one(tmp_path, text)
    assert late.labels is not None
    assert (late.traffic.value, late.labels.value) == (None, "profit")
    assert late.value == ValuePerPrediction(None, 0.1, HIGH, minimum_coverage=0.5)
    asked = one(tmp_path, text.replace("value: {at", "value: {minimum_coverage: 80%, at"))
    assert asked.value is not None
    assert asked.value.minimum_coverage == 0.8
    team = "team: t\ndefaults: {objectives: {value: {at_least_per_prediction: 1}}}\n"
    inherited = one(tmp_path, text.replace("  value: {at_most_worse_than_baseline: 10%}\n", ""), team)
    assert inherited.value == ValuePerPrediction(1, None, HIGH, minimum_coverage=0.5)
