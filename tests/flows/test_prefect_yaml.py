import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.deployments import DeploymentSpec, deployments_for
from flows.prefect_yaml import render
from policies.policy import Freshness, Policy
from policies.verdict import Severity


@pytest.fixture
def specs(a_policy: Callable[..., Policy]) -> tuple[DeploymentSpec, ...]:
    policies = [a_policy("ads.click", "1h"), a_policy("ads.view", "1d"), a_policy("pricing.bike", "15m")]
    policies[0] = replace(policies[0], freshness=Freshness(timedelta(hours=1), Severity.CRITICAL))
    every = deployments_for(policies, instance="prod", work_pool="muster")
    return tuple(spec for spec in every if spec.flow_name in {"watch", "pulse"})


def test_the_head_says_what_made_the_file_and_how_to_use_it(specs: tuple[DeploymentSpec, ...]) -> None:
    head = [line for line in render(specs).splitlines() if line.startswith("#")]
    assert "Generated" in head[0]
    assert any("prefect --no-prompt deploy --all" in line for line in head)


def test_the_file_names_no_directory_and_no_address(specs: tuple[DeploymentSpec, ...]) -> None:
    text = render(specs)
    assert not re.search(r"(?<![\w*/])/\w|://|\d+\.\d+\.\d+\.\d+|\\", text)
    assert str(Path.cwd()) not in text
    assert yaml.safe_load(text)["pull"] == []


def test_every_deployment_is_written_as_it_is_meant(specs: tuple[DeploymentSpec, ...]) -> None:
    for spec, entry in zip(specs, yaml.safe_load(render(specs))["deployments"], strict=True):
        assert entry == {
            "name": spec.name,
            "version": spec.version,
            "flow_name": spec.flow_name,
            "entrypoint": spec.entrypoint,
            "description": spec.description,
            "tags": list(spec.tags),
            "parameters": spec.parameters,
            "enforce_parameter_schema": True,
            "work_pool": {"name": "muster"},
            "concurrency_limit": {"limit": 1, "collision_strategy": "CANCEL_NEW"},
            "schedules": [{"cron": spec.cron, "timezone": "UTC", "slug": "cadence"}],
        }


def test_the_pulse_is_among_them(specs: tuple[DeploymentSpec, ...]) -> None:
    entry = yaml.safe_load(render(specs))["deployments"][0]
    assert (entry["flow_name"], entry["name"], entry["parameters"]) == ("pulse", "fleet", {})
    assert entry["schedules"][0]["cron"] == "*/5 * * * *"


def test_a_work_queue_is_written_and_a_missing_schedule_is_not(specs: tuple[DeploymentSpec, ...]) -> None:
    (entry,) = _entries(replace(specs[0], cron=None, work_queue="rollback"))
    assert entry["work_pool"] == {"name": "muster", "work_queue_name": "rollback"}
    assert "schedules" not in entry


def test_texts_that_look_like_numbers_stay_texts(specs: tuple[DeploymentSpec, ...]) -> None:
    (entry,) = _entries(replace(specs[0], name="1e5", parameters={"team": "12", "cadence": "0o7"}))
    assert (entry["name"], entry["parameters"]) == ("1e5", {"team": "12", "cadence": "0o7"})


def test_rendering_twice_gives_the_same_text(specs: tuple[DeploymentSpec, ...]) -> None:
    assert render(specs) == render(tuple(specs))


def _entries(*specs: DeploymentSpec) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(render(specs))["deployments"]
    return entries
