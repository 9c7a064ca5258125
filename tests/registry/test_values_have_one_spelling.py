"""Canonical JSON, digests and stored times."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from policies.policy import Policy
from policies.verdict import Status, Verdict
from profiles.reading import Reading
from profiles.window import Window
from registry.canonical import canonical_json, digest, dump, iso, load


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [1.0, None, True]}, '{"a":[1.0,null,true],"b":1}'),
        (0.1 + 0.2, "0.30000000000000004"),
        (1e22, "1e+22"),
        ("Zürich\n", '"Zürich\\n"'),
        ({"z": {"y": 1, "x": 2}}, '{"z":{"x":2,"y":1}}'),
    ],
)
def test_plain_values_are_spelled_in_one_way(value: Any, text: str) -> None:
    assert canonical_json(value) == text


@pytest.mark.parametrize("value", [float("nan"), float("inf"), {"a": [-float("inf")]}])
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="leave an unknown number out"):
        canonical_json(value)


def test_a_digest_names_its_algorithm() -> None:
    empty = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert digest("") == digest(b"") == empty
    assert digest("ü") == digest("ü".encode())


def test_times_have_a_fixed_width_in_utc() -> None:
    at = datetime(2026, 3, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    assert iso(at) == "2026-02-28T23:30:00.000000Z"
    assert iso(at + timedelta(microseconds=5)) == "2026-02-28T23:30:00.000005Z"
    with pytest.raises(ValueError, match="no time zone"):
        iso(at.replace(tzinfo=None))


def test_values_come_back_as_they_went(facts: Any) -> None:
    reading, verdict, policy = facts.reading(3, mae=1 / 3), facts.verdict(3, Status.BREACHED), facts.policy()
    assert policy.cadence.length  # a value that was used already is spelled like a fresh one
    assert load(Reading, dump(reading)) == reading
    assert load(Verdict, dump(verdict)) == verdict
    assert load(Policy, dump(policy)) == policy
    assert load(Reading, dump(reading)).window.start.tzinfo is UTC


@dataclass(frozen=True)
class Sample:
    """One field of every type that stored values have."""

    window: Window
    span: timedelta
    status: Status
    share: float
    counts: Mapping[str, int]
    names: tuple[str, ...]
    nothing: str | None = None


def test_the_spelling_stays_when_libraries_change(facts: Any) -> None:
    # Digests of stored policies and readings depend on it: a change would record everything anew.
    sample = Sample(facts.window(0), timedelta(hours=36), Status.MET, 0.1, {"b": 1, "a": 2}, ("x",))
    assert dump(sample) == (
        '{"counts":{"a":2,"b":1},"names":["x"],"nothing":null,"share":0.1,"span":"P1DT12H",'
        '"status":"met","window":{"end":"2026-03-02T00:00:00Z","start":"2026-03-01T00:00:00Z"}}'
    )
    assert load(Sample, dump(sample)) == sample


def test_text_that_is_something_else_is_refused() -> None:
    with pytest.raises(ValueError, match="validation error"):
        load(Reading, '{"model": "pricing.bike-demand"}')
