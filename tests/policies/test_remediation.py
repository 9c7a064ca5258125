"""What Muster may do is written by the model, else by its team, else it is Muster's default."""

from datetime import date, timedelta
from typing import Any

import pytest
import yaml

from policies.contradictions import contradictions
from policies.faults import dotted
from policies.remediation import ChangeFreeze, Remediation, Trainer
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.show import show

LEAST = {
    "version": 1,
    "model": "shop.prices",
    "task": "regression",
    "traffic": {"path": "prices/*.parquet", "timestamp": "ts", "prediction": "price"},
    "cadence": "1d",
}


def written(own: dict[str, Any]) -> PolicyFile:
    return PolicyFile.model_validate({**LEAST, "remediation": own})


def team_with(defaults: dict[str, Any]) -> TeamFile:
    return TeamFile.model_validate({"team": "shop", "defaults": {"remediation": defaults}})


def test_without_a_word_the_defaults_hold() -> None:
    assert resolve(PolicyFile.model_validate(LEAST), TeamFile(team="shop")).remediation == Remediation()


@pytest.mark.parametrize(
    ("own", "team", "automation", "expected"),
    [
        ({}, {}, "act", timedelta(days=90)),
        ({}, {}, "propose", None),
        ({}, {}, None, None),
        ({"retrain": {"compare_every": "30d"}}, {}, "act", timedelta(days=30)),
        ({"retrain": {"compare_every": "30d"}}, {}, "observe", timedelta(days=30)),
        ({}, {"retrain": {"compare_every": "45d"}}, "act", timedelta(days=45)),
    ],
)
def test_only_where_muster_acts_it_compares_without_being_asked(
    own: dict[str, Any], team: dict[str, Any], automation: str | None, expected: timedelta | None
) -> None:
    file = PolicyFile.model_validate({**LEAST, "automation": automation, "remediation": own})
    assert resolve(file, team_with(team)).remediation.retrain.compare_every == expected


def test_a_models_keys_go_before_its_teams_key_by_key() -> None:
    team = team_with({"retrain": {"cooldown": "14d", "per_month": 2}, "bake": {"lasts": "3d"}})
    found = resolve(written({"retrain": {"per_month": 9}}), team).remediation
    assert found.retrain.cooldown == timedelta(days=14)
    assert found.retrain.per_month == 9
    assert found.bake.lasts == timedelta(days=3)
    assert found.bake.rollback is True


@pytest.mark.parametrize(
    ("own", "team", "expected"),
    [
        ({}, {}, Trainer("refit")),
        ({"function": "our.code:train"}, {}, Trainer("function", "our.code:train")),
        ({}, {"command": "make train"}, Trainer("command", "make train")),
        ({"function": "a:b"}, {"command": "make train", "folder": "x"}, Trainer("function", "a:b", "x")),
        (
            {"deployment": "flow/it", "python": "env/bin/python"},
            {},
            Trainer("deployment", "flow/it", None, "env/bin/python"),
        ),
    ],
)
def test_who_fits_is_named_by_the_model_or_by_its_team(
    own: dict[str, str], team: dict[str, str], expected: Trainer
) -> None:
    assert resolve(written({"trainer": own}), team_with({"trainer": team})).remediation.trainer == expected


@pytest.mark.parametrize(
    ("own", "place", "message"),
    [
        (
            {"trainer": {"function": "a:b", "command": "c"}},
            "remediation.trainer.command",
            "names function and command",
        ),
        ({"canary": {"steps": ["50%", "10%"]}}, "remediation.canary.steps", "has to rise"),
        (
            {"recipe": {"recent": [], "all_history": False}},
            "remediation.recipe.all_history",
            "nothing to fit on",
        ),
        (
            {"change_freezes": [{"first": "2026-12-20", "last": "2026-12-01"}]},
            "remediation.change_freezes[0].last",
            "is before the first day",
        ),
        ({"rolls_with": ["shop.prices"]}, "remediation.rolls_with", "names the model itself"),
    ],
)
def test_a_contradiction_is_named_at_its_place(own: dict[str, Any], place: str, message: str) -> None:
    (problem,) = contradictions(written(own), TeamFile(team="shop"))
    assert dotted(problem.where) == place
    assert message in problem.message


@pytest.mark.parametrize("share", ["0%", "100%", 0, 1, "120%"])
def test_a_step_is_neither_nothing_nor_everything(share: object) -> None:
    with pytest.raises(ValueError, match=r"has to be more than 0%|is more than 100%|is not a share"):
        written({"canary": {"steps": [share]}})


@pytest.mark.parametrize(
    "own",
    [
        {},
        {"canary": {"steps": []}},
        {"trainer": {"command": "make train", "folder": "trainers"}, "fallback": 3},
        {"change_freezes": [{"first": "2026-12-20", "last": "2027-01-02"}], "claimed_promotions": True},
        {"retrain": {"when": ["drift"], "every": "30d", "new_labels": 5000}, "rolls_with": ["shop.stock"]},
    ],
)
def test_what_is_shown_resolves_to_the_same(own: dict[str, Any]) -> None:
    policy = resolve(written(own), TeamFile(team="shop"))
    again = resolve(PolicyFile.model_validate(yaml.safe_load(show(policy))), TeamFile(team="shop"))
    assert again == policy


def test_days_without_promotions_are_days() -> None:
    found = resolve(
        written({"change_freezes": [{"first": "2026-12-20", "last": "2027-01-02"}]}), TeamFile(team="shop")
    )
    assert found.remediation.change_freezes == (ChangeFreeze(date(2026, 12, 20), date(2027, 1, 2)),)
