"""Rolling back for real: Prefect's server and worker, a service under load; the command with both dead."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from flows.apply import plan
from flows.deployments import deployments_for
from flows.proposals_form import show_proposals
from policies.intents import Intent
from policies.load import load_policies
from registry.records import Actor
from tests.flows.a_shop import MODEL, Load, Shop, deploy, open_shop, version_of
from tests.flows.to_kill import prefect_and_mlflow

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("prefect")]


def test_a_deployment_rolls_no_other_model_back_whatever_is_typed_into_its_form(
    prefect_server: Any,
    prefect_client: Any,
    mlflow_store: Callable[[Path], str],
    eventually: Callable[..., Any],
    tmp_path: Path,
) -> None:
    (tmp_path / "shop").mkdir()
    shop = open_shop(tmp_path / "shop", mlflow_store(tmp_path), "{}")
    deploy(shop, prefect_client)
    shop.promote("2")
    deployment = prefect_client.read_deployment_by_name(f"rollback/{MODEL}")
    extra = {"MUSTER_CONFIG": str(shop.folder / "muster.toml")}
    with prefect_server.worker("click", cwd=shop.folder, extra=extra):
        wrong = prefect_client.create_flow_run_from_deployment(
            deployment.id, parameters={"model": "other.one"}
        )
        promote = prefect_client.read_deployment_by_name("promote/fleet")
        nothing = prefect_client.create_flow_run_from_deployment(promote.id)
        ended = [
            eventually(
                lambda run=run: (state := prefect_client.read_flow_run(run.id).state).is_final() and state,
                limit=180,
                what="the run's end",
            )
            for run in (wrong, nothing)
        ]
    _the_form_names_what_waits(shop, prefect_client)
    assert "nothing was done" in str(ended[0].message)
    assert "nothing waits" in str(ended[1].message)
    world, _ = shop.open()
    assert world.ledger.standing(MODEL).champion == "2"
    world.ledger.close()


def _the_form_names_what_waits(shop: Shop, client: Any) -> None:
    world, _ = shop.open()
    intent = Intent(
        MODEL, "promote 3", "promote", "promote version 3", {"version": "3", "why": "a third less"}
    )
    world.ledger.record_intents([replace(intent, automation="propose")], None, world.clock())
    show_proposals(world, client)
    shown = client.read_deployment_by_name("promote/fleet")
    assert shown.parameters["proposal"] == f"{MODEL}: promote 3"
    assert "| champion 2 | challenger 3 |" in shown.description
    assert "why: a third less" in shown.description
    (loaded,) = load_policies([shop.folder / "policies"]).policies
    specs = deployments_for([loaded.policy], instance="click", work_pool="click")
    assert plan(specs, client, instance="click").change == ()
    world.ledger.decide(MODEL, "promote 3", "declined", Actor("ann", "person"), "no", world.clock())
    show_proposals(world, client)
    assert client.read_deployment_by_name("promote/fleet").parameters["proposal"] == ""
    world.ledger.close()


def test_the_command_rolls_back_with_prefect_and_mlflow_killed(
    mlflow_store: Callable[[Path], str], eventually: Callable[..., Any], tmp_path: Path
) -> None:
    folder, around = tmp_path / "shop", tmp_path / "servers"
    folder.mkdir()
    around.mkdir()
    tell = folder / "tell.py"
    tell.write_text(
        "import json, os, pathlib, sys\n"
        "assert json.load(sys.stdin)['champion'] == os.environ['ROLLOUT_CHAMPION']\n"
        "pathlib.Path('serves').write_text(os.environ['ROLLOUT_CHAMPION'])\n"
    )
    with prefect_and_mlflow(around, mlflow_store(around)) as servers:
        shop = open_shop(folder, servers.mlflow, f'{{command: "python {tell}"}}')
        (folder / "serves").write_text("1")
        with shop.service("--follow", str(folder / "serves")) as url, Load(url).going_on() as load:
            assert shop.muster("promote", MODEL, "--version", "2", "--wait", "0").returncode == 3
            eventually(lambda: version_of(url) == "2", limit=60, what="version 2 to answer")
            servers.kill()
            gone = {"PREFECT_API_URL": servers.prefect}
            done = shop.muster("rollback", MODEL, "--reason", "wrong prices", **gone)
            assert done.returncode == 0, done.stdout + done.stderr
            assert version_of(url) == "1"
            again = shop.muster("rollback", MODEL, **gone)
    assert "version 1 is ready" in done.stdout
    assert "the prediction log says that version 1 answers" in done.stdout
    assert "was rolled back already" in again.stdout
    assert load.failed == []
    assert {version for _, version in load.answered} == {"1", "2"}


def test_an_alias_that_cannot_be_moved_leaves_the_decision_and_an_open_order(
    mlflow_store: Callable[[Path], str], tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    shop = open_shop(tmp_path / "shop", mlflow_store(tmp_path), "{}")
    shop.promote("2")
    done = shop.muster("rollback", MODEL, "--wait", "0", MUSTER_MLFLOW_URI="http://127.0.0.1:9")
    assert done.returncode == 3, done.stdout + done.stderr
    assert "version 1 of shop.prices serves; promotion is frozen" in done.stdout
    assert "could not be made to answer" in done.stdout
    assert "the order stays open" in done.stdout
    later = shop.muster("rollback", MODEL, "--wait", "0")
    assert "was rolled back already" in later.stdout
    world, _ = shop.open()
    orders = world.ledger.intents(MODEL, ("carry_out",), open_only=True)
    assert [each.intent.content["revision"] for each in orders][-1] == 3
    world.ledger.close()


def test_recall_exports_what_the_bad_version_answered(
    mlflow_store: Callable[[Path], str], tmp_path: Path
) -> None:
    (tmp_path / "shop").mkdir()
    shop = open_shop(tmp_path / "shop", mlflow_store(tmp_path), "{}")
    with shop.service() as url:
        shop.promote("2")
        end = time.monotonic() + 60
        while version_of(url) != "2" and time.monotonic() < end:
            time.sleep(0.2)
        asked = [httpx.post(f"{url}/predict", json={"rooms": 2, "size": 40.0}).json() for _ in range(5)]
        shop.muster("rollback", MODEL, "--wait", "20")
        time.sleep(1.5)
    done = shop.muster("recall", MODEL, "--to", "bad.csv")
    assert done.returncode == 0, done.stdout + done.stderr
    lines = (shop.folder / "bad.csv").read_text().splitlines()
    assert lines[0].replace('"', "") == "request_id,timestamp,answered,restored,difference"
    rows = {line.split(",")[0].strip('"'): line.split(",") for line in lines[1:]}
    assert set(rows) == {each["request_id"] for each in asked}
    assert {round(float(row[2])) for row in rows.values()} == {1202}
    assert {round(float(row[3])) for row in rows.values()} == {122}
