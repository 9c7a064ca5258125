"""What was not written is filled in: from the team's defaults, else from Muster's, and shown as such."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.defaults import freshness_limit, late_rows, lateness
from policies.load import load_policies
from policies.policy import Drift, FalsePages, Freshness, Performance, Policy, Quality, Volume
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.show import show
from policies.target import Target
from policies.verdict import Severity
from profiles.errors import PolicyInvalid
from profiles.layout import LabelLayout, TrafficLayout
from profiles.window import Cadence, duration

SHORT = """\
version: 1
model: pricing.bike-demand
task: regression
traffic: {path: "s3://logs/bike/*.parquet", timestamp: ts, prediction: demand}
labels: {path: "s3://labels/bike/*.parquet", label: cnt, arrives_within: 7d}
cadence: 1d
objectives:
  performance: {metric: mae, at_most_worse_than_baseline: 10%, severity: high}
automation: propose
"""
BARE: dict[str, Any] = {
    "version": 1,
    "model": "t.m",
    "task": "regression",
    "traffic": {"path": "a.csv", "timestamp": "t", "prediction": "p"},
    "cadence": "1d",
}
LABELLED = {**BARE, "labels": {"path": "l.CSV", "label": "y"}}


def policy_of(written: dict[str, Any], team: dict[str, Any] | None = None) -> Policy:
    return resolve(PolicyFile.model_validate(written), TeamFile.model_validate({"team": "t", **(team or {})}))


def test_the_short_policy_of_the_common_case_resolves_to_all_defaults() -> None:
    policy = policy_of(yaml.safe_load(SHORT))
    assert policy == Policy(
        model="pricing.bike-demand",
        team="t",
        registered_as="pricing.bike-demand",
        alias="champion",
        task="regression",
        owners=(),
        traffic=TrafficLayout("s3://logs/bike/*.parquet", "parquet", "ts", "demand", request_id="request_id"),
        labels=LabelLayout("s3://labels/bike/*.parquet", "parquet", "cnt", "request_id", timedelta(days=7)),
        cadence=Cadence("1d"),
        allowed_lateness=timedelta(hours=1),
        late_rows=timedelta(days=3),
        minimum_rows=80,
        authority="external",
        automation="propose",
        freshness=Freshness(timedelta(days=1), Severity.CRITICAL),
        volume=Volume(0.5, Severity.HIGH),
        quality=Quality(0.05, 0.1, 0.05, Severity.HIGH),
        drift=Drift(0.1, 0.25, 0.05, 0.1, Severity.HIGH, ()),
        performance=Performance("mae", 0.1, None, 0.8, 0.5, Severity.HIGH),
        target=Target(deadline=timedelta(days=1)),
    )


def test_without_labels_there_is_no_performance_and_no_request_id() -> None:
    policy = policy_of(BARE)
    assert (policy.performance, policy.labels, policy.traffic.request_id) == (None, None, None)
    assert None not in (policy.freshness, policy.volume, policy.quality, policy.drift)


def test_labels_are_joined_by_the_traffics_request_id_unless_they_name_their_own() -> None:
    traffic = {**BARE["traffic"], "request_id": "rid"}
    assert policy_of({**LABELLED, "traffic": traffic}).labels == LabelLayout(
        "l.CSV", "csv", "y", "rid", timedelta(days=7)
    )
    labels = {**LABELLED["labels"], "request_id": "key"}
    policy = policy_of({**LABELLED, "traffic": traffic, "labels": labels})
    assert policy.labels is not None
    assert (policy.traffic.request_id, policy.labels.request_id) == ("rid", "key")


@pytest.mark.parametrize(
    ("cadence", "silence", "late"),
    [
        ("1m", "0:01:00", "0:01:00"),
        ("15m", "0:15:00", "0:02:00"),
        ("1h", "1:00:00", "0:06:00"),
        ("1d", "1 day, 0:00:00", "1:00:00"),
        ("1mo", "1 day, 0:00:00", "1:00:00"),
    ],
)
def test_default_spans_follow_the_cadence(cadence: str, silence: str, late: str) -> None:
    parsed = Cadence(cadence)
    assert (str(freshness_limit(parsed)), str(lateness(parsed))) == (silence, late)


@pytest.mark.parametrize(
    ("written", "resolved"),
    [(None, "3d"), ("12h", "12h"), ("off", None), (False, None), (0, None)],
)
def test_late_rows_are_looked_for_as_long_as_is_written(written: object, resolved: str | None) -> None:
    policy = policy_of(BARE if written is None else {**BARE, "late_rows": written})
    assert policy.late_rows == (None if resolved is None else duration(resolved))
    assert policy_of(yaml.safe_load(show(policy))) == policy


@pytest.mark.parametrize(("cadence", "span"), [("1h", "1d"), ("1d", "3d"), ("1w", "21d"), ("1mo", "90d")])
def test_by_default_they_are_looked_for_three_windows_and_at_least_a_day(cadence: str, span: str) -> None:
    assert late_rows(Cadence(cadence)) == duration(span)


TEAM = {
    "owners": ["team@example.com"],
    "defaults": {
        "cadence": "1h",
        "minimum_rows": 200,
        "automation": "act",
        "authority": "muster",
        "allowed_lateness": "5m",
        "objectives": {"volume": False, "drift": {"minor": 0.2, "ignore": ["x"]}},
    },
}


def test_the_model_wins_over_the_team_and_the_team_over_muster() -> None:
    written = {**BARE, "minimum_rows": 100, "objectives": {"drift": {"minor": 0.15}}}
    policy = policy_of({k: v for k, v in written.items() if k != "cadence"}, TEAM)
    assert (policy.cadence, policy.minimum_rows, policy.volume) == (Cadence("1h"), 100, None)
    assert (policy.automation, policy.authority, policy.owners) == ("act", "muster", ("team@example.com",))
    assert policy.drift == Drift(0.15, 0.25, 0.05, 0.1, Severity.HIGH, ("x",))


def test_a_model_switches_on_what_its_team_switched_off_and_off_what_is_on() -> None:
    policy = policy_of({**BARE, "objectives": {"volume": {}, "drift": "off", "quality": False}}, TEAM)
    assert (policy.volume, policy.drift, policy.quality) == (Volume(0.5, Severity.HIGH), None, None)


PERFORMANCE = {"defaults": {"objectives": {"performance": {"metric": "rmse", "limit": 5.0}}}}


def test_a_teams_performance_reaches_models_with_labels_only() -> None:
    assert policy_of(BARE, PERFORMANCE).performance is None
    performance = policy_of(LABELLED, PERFORMANCE).performance
    assert performance == Performance("rmse", None, 5.0, 0.8, 0.5, Severity.HIGH)
    assert policy_of({**LABELLED, "objectives": {"performance": "off"}}, PERFORMANCE).performance is None


def test_a_models_kind_of_limit_replaces_its_teams() -> None:
    own = {**LABELLED, "objectives": {"performance": {"at_most_worse_than_baseline": "150%"}}}
    performance = policy_of(own, PERFORMANCE).performance
    assert performance == Performance("rmse", 1.5, None, 0.8, 0.5, Severity.HIGH)


def test_contradictions_are_raised_together_when_a_file_is_resolved_directly() -> None:
    written = {**BARE, "objectives": {"performance": {"metric": "f1", "limit": 1}}}
    with pytest.raises(PolicyInvalid) as raised:
        policy_of(written)
    assert [line.split(":")[0] for line in str(raised.value).splitlines()] == [
        "objectives.performance",
        "objectives.performance.metric",
    ]


def test_showing_marks_defaults_and_the_teams_defaults_and_nothing_that_was_written() -> None:
    lines = show(policy_of({**BARE, "minimum_rows": 80, "cadence": "1d"}, TEAM)).splitlines()
    assert "minimum_rows: 80" in lines
    assert "cadence: 1d" in lines
    assert "alias: champion  # default" in lines
    assert "owners: [team@example.com]  # default of the team" in lines
    assert "  volume: off  # default of the team" in lines
    assert "    minor: 0.2  # default of the team" in lines
    assert "    significant: 0.25  # default" in lines
    assert "  performance: off  # default" in lines
    assert "task: regression" in lines


shares = st.floats(0, 1)
spans = st.builds(lambda n, unit: f"{n}{unit}", st.integers(1, 1428), st.sampled_from("mhdw"))
names = st.text("aZ09 :#'\"-{}[],&*!|>%@`?~\\é☃\u3000", min_size=1, max_size=8) | st.sampled_from(
    ["off", "null", "1:30", "2020-01-01", "1e3", "<<", "=", "~"]
)


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    names=st.lists(names, min_size=4, max_size=4, unique=True),
    path=names.filter(lambda text: ".." not in text),
    spans=st.lists(spans, min_size=3, max_size=3),
    shares=st.lists(shares, min_size=4, max_size=4),
    distances=st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=2).map(sorted),
    limit=st.none() | st.floats(-1e9, 1e9),
    off=st.sets(st.sampled_from(["freshness", "volume", "quality", "drift", "performance"])),
)
def test_what_is_shown_resolves_to_the_same_policy(
    names: list[str],
    path: str,
    spans: list[str],
    shares: list[float],
    distances: list[float],
    limit: float | None,
    off: set[str],
) -> None:
    limits = {"limit": limit} if limit is not None else {"at_most_worse_than_baseline": shares[0]}
    low, high = sorted(shares[2:])
    objectives = {
        "freshness": {"at_most": spans[0]},
        "volume": {"at_least": shares[1], "severity": "low"},
        "quality": {"missing": shares[2]},
        "drift": dict(zip(("minor", "significant"), distances, strict=True))
        | {"minor_share": low, "significant_share": high, "ignore": names[:1]},
        "performance": {"metric": "r2", **limits},
    }
    policy = policy_of(
        {
            **BARE,
            "traffic": {
                "path": path,
                "format": "csv",
                "timestamp": names[0],
                "prediction": names[1],
                "request_id": names[2],
                "ignore": names[3:],
            },
            "labels": {"path": "x.csv", "label": names[0], "arrives_within": spans[1]},
            "allowed_lateness": spans[2],
            "objectives": objectives | dict.fromkeys(off, "off"),
        }
    )
    assert policy_of(yaml.safe_load(show(policy))) == policy


def test_what_is_shown_loads_as_a_file(tmp_path: Path) -> None:
    policy = policy_of({**LABELLED, "objectives": {"drift": "off"}})
    (tmp_path / "t").mkdir()
    (tmp_path / "t" / "m.yaml").write_text(show(policy))
    fleet = load_policies([tmp_path])
    fleet.raise_for_faults()
    assert [loaded.policy for loaded in fleet.policies] == [policy]


def test_persistence_and_the_allowance_for_false_pages_are_filled_in() -> None:
    performance = {"metric": "mae", "at_most_worse_than_baseline": "10%"}
    policy = policy_of(LABELLED | {"objectives": {"drift": {"persistence": 3}, "performance": performance}})
    parts = (policy.freshness, policy.volume, policy.quality, policy.drift, policy.performance)
    assert [part.persistence for part in parts if part is not None] == [1, 1, 1, 3, 1]
    assert policy.false_pages == FalsePages(1, timedelta(days=90))
    team = {"defaults": {"false_pages": {"allow": 4, "over": "30d"}}}
    assert policy_of(BARE, team).false_pages == FalsePages(4, timedelta(days=30))
