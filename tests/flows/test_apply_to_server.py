"""Plans and their execution against a real Prefect server that demands a password."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.deployments import DeploymentSpec, deployments_for, instance_tag
from flows.prefect_yaml import render
from policies.policy import Policy
from profiles.errors import DeploymentTaken, OrchestratorUnavailable

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]

FleetOf = Callable[..., list[DeploymentSpec]]


@pytest.fixture
def instance(request: pytest.FixtureRequest) -> str:
    """An instance of its own for every test, because all tests share one server."""
    return str(request.node.name)


@pytest.fixture
def fleet_of(a_policy: Callable[..., Policy], instance: str) -> FleetOf:
    """Return the deployments of some teams, whose names no other test uses."""

    def build(*teams: str, instance: str = instance) -> list[DeploymentSpec]:
        policies = [a_policy(f"{team}.model") for team in teams]
        specs = deployments_for(policies, instance=instance, work_pool="shared-pool")
        watching = [spec for spec in specs if spec.flow_name == "watch"]
        return [replace(spec, entrypoint="stand_in_flow.watch_team") for spec in watching]

    return build


def apply(specs: list[DeploymentSpec], client: Any, instance: str, *, prune: bool = False) -> None:
    from flows.apply import carry_out, plan

    carry_out(plan(specs, client, instance=instance), client, prune=prune)


def written(client: Any) -> list[tuple[str, str]]:
    """Return the requests that change something; reading a list is a POST too."""
    return [
        (method, path) for method, path in client.sent if method != "GET" and not path.endswith("/filter")
    ]


def test_after_applying_nothing_is_left_to_do(prefect_client: Any, fleet_of: FleetOf, instance: str) -> None:
    from flows.apply import Plan, carry_out, plan

    specs = [replace(spec, work_pool="new-pool") for spec in fleet_of("first-a", "first-b")]
    todo = plan(specs, prefect_client, instance=instance)
    assert (todo.add, todo.pools) == (tuple(specs), ("new-pool",))
    assert not written(prefect_client)

    carry_out(todo, prefect_client, prune=True)
    assert prefect_client.read_work_pool("new-pool").type == "process"

    prefect_client.sent.clear()
    again = plan(specs, prefect_client, instance=instance)
    carry_out(again, prefect_client, prune=True)
    assert again == Plan((), (), (), tuple(spec.full_name for spec in specs))
    assert not written(prefect_client)


def test_the_run_form_knows_the_parameters_and_asks_for_none(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    specs = fleet_of("form")
    apply(specs, prefect_client, instance)
    deployment = prefect_client.read_deployment_by_name(specs[0].full_name)
    schema = deployment.parameter_openapi_schema
    assert set(schema["properties"]) == {"team", "cadence", "shard", "shards"}
    assert not schema.get("required")
    assert deployment.enforce_parameter_schema
    assert (deployment.path, deployment.pull_steps) == (None, [])


def test_a_change_is_named_and_carried_out_in_place(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    from flows.apply import carry_out, plan

    specs = fleet_of("change-a", "change-b")
    apply(specs, prefect_client, instance)
    before = prefect_client.read_deployment_by_name(specs[0].full_name)

    specs[0] = replace(specs[0], cron="3 4 * * *", work_queue="fast", concurrency_limit=2)
    todo = plan(specs, prefect_client, instance=instance)
    assert todo.unchanged == (specs[1].full_name,)
    assert set(todo.change[0].fields) == {"version", "schedule", "work_queue", "concurrency_limit"}

    prefect_client.sent.clear()
    carry_out(todo, prefect_client, prune=False)
    after = prefect_client.read_deployment_by_name(specs[0].full_name)
    assert after.id == before.id
    assert {path.split("/")[3] for _, path in written(prefect_client)} == {str(before.id)}
    assert [schedule.schedule.cron for schedule in after.schedules] == ["3 4 * * *"]
    assert plan(specs, prefect_client, instance=instance).change == ()

    specs[0] = replace(specs[0], work_queue=None)
    apply(specs, prefect_client, instance)
    assert prefect_client.read_deployment_by_name(specs[0].full_name).work_queue_name == "default"


def test_what_somebody_edited_on_the_server_is_put_right(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    from prefect.client.schemas.actions import DeploymentUpdate

    from flows.apply import plan

    specs = fleet_of("edited")
    apply(specs, prefect_client, instance)
    deployment = prefect_client.read_deployment_by_name(specs[0].full_name)
    edit = DeploymentUpdate(
        parameters={"team": "else"}, tags=[instance_tag(instance)], description=deployment.description
    )
    prefect_client.update_deployment(deployment.id, edit)
    prefect_client.delete_deployment_schedule(deployment.id, deployment.schedules[0].id)

    (change,) = plan(specs, prefect_client, instance=instance).change
    assert {"parameters", "tags", "schedule"} <= set(change.fields)
    apply(specs, prefect_client, instance)
    assert plan(specs, prefect_client, instance=instance).unchanged == (specs[0].full_name,)


def test_an_operators_decisions_survive_a_change(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    from prefect.client.schemas.actions import DeploymentUpdate
    from prefect.client.schemas.schedules import CronSchedule

    from flows.apply import plan

    specs = fleet_of("paused")
    apply(specs, prefect_client, instance)
    found = prefect_client.read_deployment_by_name(specs[0].full_name)
    prefect_client.update_deployment_schedule(found.id, found.schedules[0].id, active=False)
    prefect_client.create_deployment_schedules(found.id, [(CronSchedule(cron="0 12 * * *"), True)])
    prefect_client.pause_deployment(found.id)
    variables = {"env": {"REGION": "eu"}}
    own = found.model_dump(include={"tags", "description", "parameters", "parameter_openapi_schema"})
    prefect_client.update_deployment(found.id, DeploymentUpdate(**own, job_variables=variables))
    assert plan(specs, prefect_client, instance=instance).change == ()

    apply([replace(specs[0], cron="3 4 * * *")], prefect_client, instance)
    kept = prefect_client.read_deployment_by_name(specs[0].full_name)
    active = {schedule.schedule.cron: schedule.active for schedule in kept.schedules}
    assert active == {"3 4 * * *": False, "0 12 * * *": True}
    assert kept.paused
    assert kept.job_variables == variables


def test_a_schedule_that_is_no_longer_wanted_goes(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    specs = fleet_of("unscheduled")
    apply(specs, prefect_client, instance)
    apply([replace(specs[0], cron=None)], prefect_client, instance)
    assert prefect_client.read_deployment_by_name(specs[0].full_name).schedules == []


def test_deployments_go_only_when_pruning_and_only_ones_own(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    from flows.apply import plan

    specs, foreign = fleet_of("prune-a", "prune-b"), fleet_of("prune-c", instance="somebody-else")
    apply(specs, prefect_client, instance)
    apply(foreign, prefect_client, "somebody-else")

    apply(specs[:1], prefect_client, instance, prune=False)
    todo = plan(specs[:1], prefect_client, instance=instance)
    assert [removal.full_name for removal in todo.remove] == [specs[1].full_name]

    apply(specs[:1], prefect_client, instance, prune=True)
    assert plan(specs[:1], prefect_client, instance=instance).remove == ()
    assert plan(specs, prefect_client, instance=instance).add == (specs[1],)
    assert plan(foreign, prefect_client, instance="somebody-else").unchanged == (foreign[0].full_name,)

    apply([], prefect_client, instance, prune=True)
    assert plan([], prefect_client, instance=instance).remove == ()


def test_a_name_that_another_instance_uses_is_refused(
    prefect_client: Any, fleet_of: FleetOf, instance: str
) -> None:
    from flows.apply import plan

    apply(fleet_of("taken", instance="somebody-else"), prefect_client, "somebody-else")
    with pytest.raises(DeploymentTaken, match=r"watch/taken-1h.*muster-instance:somebody-else"):
        plan(fleet_of("taken"), prefect_client, instance=instance)


def test_all_pages_of_the_servers_list_are_read(
    prefect_client: Any, fleet_of: FleetOf, instance: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows.apply import plan

    monkeypatch.setattr("flows.apply._PAGE", 2)
    specs = fleet_of(*(f"page-{number}" for number in range(5)))
    apply(specs, prefect_client, instance)
    assert plan(specs, prefect_client, instance=instance).unchanged == tuple(spec.full_name for spec in specs)


def test_prefect_deploy_makes_the_same_deployments(
    prefect_client: Any, prefect_server: Any, fleet_of: FleetOf, instance: str, tmp_path: Path
) -> None:
    from flows.apply import plan

    specs = fleet_of("yaml-a", "yaml-b")
    specs[1] = replace(specs[1], cron=None, work_queue="rollback", concurrency_limit=3)
    apply(specs[:1], prefect_client, instance)
    applied = prefect_client.read_deployment_by_name(specs[0].full_name)
    prefect_client.update_deployment_schedule(applied.id, applied.schedules[0].id, active=False)

    (tmp_path / "prefect.yaml").write_text(render(specs))
    prefect_server.prefect("deploy", "--all", cwd=tmp_path)

    todo = plan(specs, prefect_client, instance=instance)
    assert (todo.add, todo.change, todo.remove) == ((), (), ())
    for spec in specs:
        deployed = prefect_client.read_deployment_by_name(spec.full_name)
        assert str(tmp_path) not in deployed.model_dump_json()
        assert [schedule.active for schedule in deployed.schedules] == ([False] if spec.cron else [])


@pytest.mark.parametrize("credentials", [None, "muster:wrong"])
def test_refused_credentials_are_called_so(prefect_server: Any, credentials: str | None) -> None:
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

    from flows.apply import plan
    from flows.orchestrator import orchestrator

    chosen = {PREFECT_API_URL: prefect_server.api, PREFECT_API_AUTH_STRING: credentials}
    with (
        temporary_settings(chosen),
        orchestrator() as client,
        pytest.raises(OrchestratorUnavailable, match=r"refused.*PREFECT_API_AUTH_STRING"),
    ):
        plan([], client, instance="any")
