"""The JSON Schema for editors agrees with the loader, and no fault speaks pydantic."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError

from policies.faults import problems
from policies.load import json_schema
from policies.schema import PolicyFile, TeamFile

FULL = """\
version: 1
model: pricing.bike-demand
registered_as: bike-demand
alias: champion
task: regression
traffic: {path: "traffic/bike/*.parquet", timestamp: ts, prediction: demand, request_id: request_id,
          version: model_version, features: [temp, atemp], ignore: [instant]}
labels: {path: "labels/bike/*.parquet", label: cnt, request_id: request_id, arrived_at: arrived_at,
         arrives_within: 7d}
cadence: 1mo
allowed_lateness: 1h
late_rows: 3d
minimum_rows: 80
owners: [pricing-oncall@example.com]
routes: {critical: [on-call], high: [slack-pricing]}
objectives:
  freshness: {at_most: 12h, severity: critical}
  volume: {at_least: 50%, severity: high}
  quality: {missing: 5%, out_of_range: 0.1, new_categories: 5 %, severity: high}
  drift: {minor: 0.1, significant: 0.25, minor_share: 5%, significant_share: 10%, severity: low, ignore: []}
  performance: {metric: mae, at_most_worse_than_baseline: 10%, severity: high}
automation: propose
authority: external
"""
TEAM = """\
team: pricing
owners: [a@example.com]
routes: {low: [slack-pricing]}
defaults: {cadence: 1d, minimum_rows: 100, objectives: {volume: off, drift: {severity: low}}}
"""
VALIDATOR = jsonschema.Draft202012Validator


def refused(text: str, schema: dict[str, Any]) -> bool:
    return not VALIDATOR(schema).is_valid(yaml.safe_load(text))


@pytest.mark.parametrize("kind", [PolicyFile, TeamFile])
def test_the_schema_is_valid_and_describes_every_key(kind: type[PolicyFile] | type[TeamFile]) -> None:
    schema = json_schema(kind)
    VALIDATOR.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    for part in (schema, *schema["$defs"].values()):
        for key, described in part.get("properties", {}).items():
            assert described.get("description"), key
    assert '"null"' not in json.dumps(schema)


def test_the_schema_accepts_what_the_loader_accepts() -> None:
    VALIDATOR(json_schema()).validate(yaml.safe_load(FULL))
    PolicyFile.model_validate(yaml.safe_load(FULL))
    VALIDATOR(json_schema(TeamFile)).validate(yaml.safe_load(TEAM))
    TeamFile.model_validate(yaml.safe_load(TEAM))


@pytest.mark.parametrize("off", ["off", "false", "'off'"])
def test_an_objective_is_switched_off_in_either_yaml(off: str) -> None:
    written = yaml.safe_load(FULL.replace("{at_most: 12h, severity: critical}", off))
    VALIDATOR(json_schema()).validate(written)
    assert PolicyFile.model_validate(written).objectives.freshness == "off"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("cadence: 1mo", "cadense: 1mo"),
        ("at_most: 12h", "at_mots: 12h"),
        ("at_most: 12h", "at_most: 12 hours"),
        ("cadence: 1mo", "cadence: monthly"),
        ("at_least: 50%", "at_least: 50"),
        ("at_least: 50%", "at_least: half"),
        ("task: regression", "task: regresion"),
        ("metric: mae", "metric: mea"),
        ("minimum_rows: 80", "minimum_rows: 0"),
        ("version: 1\n", "version: 2\n"),
        ("version: 1\n", ""),
        ("timestamp: ts, ", ""),
        ("alias: champion", "alias: '1st'"),
        ("pricing.bike-demand", "bike-demand"),
        ("minor: 0.1", "minor: 0"),
        ("cadence: 1mo", "cadence:"),
        ("{at_most: 12h, severity: critical}", "on"),
    ],
)
def test_the_schema_refuses_what_the_loader_refuses(before: str, after: str) -> None:
    assert before in FULL
    text = FULL.replace(before, after, 1)
    assert refused(text, json_schema())
    if after != "cadence:":  # empty values are refused while the file is read
        with pytest.raises(ValidationError):
            PolicyFile.model_validate(yaml.safe_load(text))


def test_unknown_keys_of_a_team_are_refused() -> None:
    assert refused(TEAM + "alerts: x\n", json_schema(TeamFile))


def places(kind: type[BaseModel], prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    full = yaml.safe_load(FULL)
    for key, value in full.items():
        yield (key,)
        for inner, deeper in value.items() if isinstance(value, dict) else ():
            yield (key, inner)
            for last in deeper if isinstance(deeper, dict) else ():
                yield (key, inner, last)


odd = st.one_of(
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=300),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@settings(derandomize=True, deadline=None, max_examples=150)
@given(place=st.sampled_from(list(places(PolicyFile))), value=odd)
def test_whatever_is_written_the_fault_is_said_in_our_words(place: tuple[str, ...], value: object) -> None:
    written = yaml.safe_load(FULL)
    inner = written
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    try:
        PolicyFile.model_validate(written)
    except ValidationError as error:
        for problem in problems(error.errors(include_url=False), PolicyFile):
            assert not problem.message.startswith(("Input should", "Value error", "String should", "Extra"))
            assert problem.where[: len(place)] == place
