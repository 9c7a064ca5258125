"""Reconciling on a real server: the flow itself, and runs whose worker was killed."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from prefect.settings import PREFECT_LOGGING_TO_API_ENABLED, temporary_settings

from flows.dead_runs import SILENT_FOR, bury
from flows.deployments import deployments_for
from flows.run import world_of
from flows.telling import secret_block
from policies.intents import Intent
from policies.load import load_policies
from policies.policy import Policy
from registry.settings import load_settings
from tests.console.conftest import POLICY, entered  # noqa: F401 - fixture

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]
INSTANCE = "dead-runs"


@pytest.fixture
def folder(tmp_path: Path, entered: Callable[[Path], None]) -> Iterator[Path]:  # noqa: F811
    """Settings, and the policy of one model."""
    (tmp_path / "policies" / "shop").mkdir(parents=True)
    (tmp_path / "muster.toml").write_text('state = "state"\npolicies = ["policies"]\n')
    (tmp_path / "policies" / "shop" / "a.yaml").write_text(POLICY.format(model="shop.a"))
    entered(tmp_path)
    world_of.cache_clear()
    with temporary_settings({PREFECT_LOGGING_TO_API_ENABLED: False}):
        yield tmp_path
    world_of.cache_clear()


def test_a_run_with_nothing_to_do_is_completed_and_one_with_trouble_is_not(
    prefect_client: Any, folder: Path
) -> None:
    from flows.reconcile import reconcile_fleet

    state = reconcile_fleet(return_state=True)
    assert (state.is_completed(), state.message) == (True, "nothing to do")
    here = world_of(load_settings())
    at = here.clock()
    here.ledger.record_policy(_policy(folder), "source", at)
    here.ledger.record_intents([Intent("shop.a", "step 1", "step", "give it half")], None, at)
    state = reconcile_fleet(return_state=True)
    assert (state.is_failed(), state.message) == (True, "1 put off")


def _policy(folder: Path) -> Policy:
    return load_policies([folder / "policies"]).policies[0].policy


def test_a_secret_block_is_read_by_its_name(prefect_client: Any) -> None:
    from prefect.blocks.system import Secret

    Secret(value="made up for this test").save("on-call-secret")
    assert secret_block("on-call-secret") == "made up for this test"


def test_a_run_that_fell_silent_has_crashed_and_those_that_live_have_not(
    prefect_client: Any, a_policy: Callable[..., Policy], eventually: Callable[..., Any]
) -> None:
    from prefect.states import Running

    (spec,) = (
        each
        for each in deployments_for([a_policy("dead.model")], instance=INSTANCE, work_pool="shared-pool")
        if each.flow_name == "watch"
    )
    flow = prefect_client.create_flow_from_name("watch")
    deployment = prefect_client.create_deployment(flow_id=flow, name=spec.name, tags=list(spec.tags))

    def begun(name: str) -> Any:
        run = prefect_client.create_flow_run_from_deployment(deployment, name=name)
        prefect_client.set_flow_run_state(run.id, Running(), force=True)
        return run

    dead, alive, unknown = (begun(name) for name in ("dead", "alive", "without-heartbeats"))
    now = datetime.now(UTC)
    later = now + timedelta(hours=1)
    _heartbeat(prefect_client, dead.id, now)
    assert bury(prefect_client, INSTANCE, later) == ()  # no run at all was heard of: events do not arrive
    _heartbeat(prefect_client, alive.id, now)
    _heartbeat(prefect_client, alive.id, later - SILENT_FOR / 2)
    eventually(
        lambda: bury(prefect_client, INSTANCE, later) == ("dead",), limit=60, what="the heartbeats to arrive"
    )
    states = {each.name: prefect_client.read_flow_run(each.id).state_name for each in (dead, alive, unknown)}
    assert states == {"dead": "Crashed", "alive": "Running", "without-heartbeats": "Running"}
    assert bury(prefect_client, INSTANCE, later) == ()


def _heartbeat(client: Any, run: Any, at: datetime) -> None:
    from uuid import uuid4

    event = {
        "id": str(uuid4()),
        "occurred": at.isoformat(),
        "event": "prefect.flow-run.heartbeat",
        "resource": {"prefect.resource.id": f"prefect.flow-run.{run}"},
        "related": [],
        "payload": {},
    }
    client._client.post("/events", json=[event]).raise_for_status()
