"""Who carries changes out is written by the model, else by its team, else it is the policy's alias."""

from datetime import timedelta
from typing import Any

import pytest
import yaml

from policies.contradictions import contradictions
from policies.faults import dotted
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.show import show
from policies.target import Target

LEAST = {
    "version": 1,
    "model": "shop.prices",
    "task": "regression",
    "traffic": {"path": "prices/*.parquet", "timestamp": "ts", "prediction": "price", "version": "by"},
    "cadence": "5m",
}
HOOK = {"webhook": "env:CD_URL", "secret": "env:CD_SECRET"}


def written(own: dict[str, Any], **more: Any) -> PolicyFile:
    return PolicyFile.model_validate({**LEAST, "target": own, **more})


def team_with(target: dict[str, Any]) -> TeamFile:
    return TeamFile.model_validate({"team": "shop", "defaults": {"target": target}})


@pytest.mark.parametrize(
    ("own", "team", "expected"),
    [
        ({}, {}, Target()),
        ({"mlflow_alias": "live"}, {}, Target("mlflow_alias", "live")),
        ({"command": "deliver"}, HOOK, Target("command", "deliver")),
        ({}, HOOK, Target("webhook", "env:CD_URL", "env:CD_SECRET")),
        (
            {"verify": "http://shop/version"},
            {"command": "x"},
            Target("command", "x", probe="http://shop/version"),
        ),
        ({"verify": "traffic"}, {"verify": "http://shop/version"}, Target()),
        ({"command": "x", "splits": True}, {}, Target("command", "x", splits=True)),
        ({}, {**HOOK, "splits": True}, Target("webhook", "env:CD_URL", "env:CD_SECRET", splits=True)),
        ({"command": "x"}, {**HOOK, "splits": True}, Target("command", "x")),
        ({"deadline": "1h"}, {"deadline": "2h"}, Target(deadline=timedelta(hours=1))),
    ],
)
def test_a_models_keys_go_before_its_teams(
    own: dict[str, Any], team: dict[str, Any], expected: Target
) -> None:
    assert resolve(written(own), team_with(team)).target == expected


@pytest.mark.parametrize(
    ("own", "team", "version", "places"),
    [
        ({"command": "x", "splits": True}, {}, "by", []),
        ({"command": "x", "splits": True}, {}, None, ["target.splits"]),
        ({"splits": True}, {}, "by", ["target.splits"]),
        ({"mlflow_alias": "live", "splits": True}, {}, "by", ["target.splits"]),
        ({"splits": True}, HOOK, "by", ["target.splits"]),
        ({}, {**HOOK, "splits": True}, "by", []),
        ({}, {**HOOK, "splits": True}, None, ["traffic"]),
        ({"command": "x"}, {**HOOK, "splits": True}, None, []),
    ],
)
def test_what_splits_says_so_itself_and_its_log_says_who_answered(
    own: dict[str, Any], team: dict[str, Any], version: str | None, places: list[str]
) -> None:
    traffic = {"path": "prices/*.parquet", "timestamp": "ts", "prediction": "price"}
    named = {} if version is None else {"version": version}
    found = contradictions(written(own, traffic={**traffic, **named}), team_with(team))
    assert [dotted(problem.where) for problem in found] == places


def test_the_deadline_is_no_shorter_than_a_window() -> None:
    assert resolve(written({}, cadence="1d"), TeamFile(team="shop")).target.deadline == timedelta(days=1)


@pytest.mark.parametrize(
    ("own", "place"),
    [
        ({"command": "x", **HOOK}, "target.webhook"),
        ({"webhook": "env:A"}, "target.webhook"),
        ({"secret": "env:A"}, "target.secret"),
    ],
)
def test_what_contradicts_itself_is_named(own: dict[str, Any], place: str) -> None:
    found = contradictions(written(own), TeamFile(team="shop"))
    assert [dotted(problem.where) for problem in found] == [place]


@pytest.mark.parametrize(
    "own",
    [
        {"webhook": "https://cd.example"},
        {"verify": "ftp://x"},
        {"command": ""},
        {"deadline": "soon"},
        {"x": 1},
        {"command": "x", "splits": "yes"},
    ],
)
def test_what_cannot_be_meant_is_refused(own: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="target"):
        written(own)


@pytest.mark.parametrize(
    "own", [{}, HOOK, {"command": "deliver --now", "verify": "http://shop/version"}, {**HOOK, "splits": True}]
)
def test_what_is_shown_resolves_to_the_same(own: dict[str, Any]) -> None:
    resolved = resolve(written(own), TeamFile(team="shop"))
    again = PolicyFile.model_validate(yaml.safe_load(show(resolved)))
    assert resolve(again, TeamFile(team="shop")) == resolved
