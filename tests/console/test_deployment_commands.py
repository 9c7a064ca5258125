"""`apply` and `render` without a server; tests/flows has the ones that talk to a real one."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
import yaml

from tests.console.conftest import MODEL, POLICY, Installation


@dataclass
class Server:
    """Stands in for the Prefect server: a plan to answer with, and whether it was carried out."""

    todo: Any = None
    carried_out: list[bool] = field(default_factory=list)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Server:
    import flows.apply
    import flows.orchestrator
    from flows.apply import Plan

    made = Server()

    @contextmanager
    def client() -> Iterator[object]:
        yield object()

    def plan(specs: Any, client: object, *, instance: str) -> Plan:
        return made.todo or Plan(add=tuple(specs), change=(), remove=(), unchanged=(), pools=("muster",))

    monkeypatch.setattr(flows.orchestrator, "orchestrator", client)
    monkeypatch.setattr(flows.apply, "plan", plan)
    monkeypatch.setattr(
        flows.apply, "carry_out", lambda todo, client, *, prune: made.carried_out.append(prune)
    )
    monkeypatch.setattr("flows.embedded.configure", lambda settings, quiet: None)
    return made


def test_a_plan_says_what_would_be_done_and_does_nothing(bare: Installation, server: Server) -> None:
    told = bare.run("apply", "--plan")
    assert told.exit_code == 3
    assert "add     work pool muster" in told.output
    assert "add     pulse/fleet  */5 * * * *" in told.output
    assert "add     watch/shop-1d" in told.output
    assert told.output.endswith("8 to add, 0 to change, 0 to remove, 0 unchanged\n")
    assert server.carried_out == []


def test_apply_says_what_it_does_and_that_it_is_done(bare: Installation, server: Server) -> None:
    told = bare.run("apply")
    assert (told.exit_code, server.carried_out) == (0, [False])
    assert told.output.endswith("done\n")


def test_what_no_policy_needs_is_stale_and_only_removed_on_request(
    bare: Installation, server: Server
) -> None:
    from uuid import uuid4

    from flows.apply import Plan, Removal

    server.todo = Plan((), (), (Removal("watch/gone-1d", uuid4()),), ("watch/shop-1d",))
    told = bare.run("apply", "--plan")
    assert told.exit_code == 0
    assert "stale   watch/gone-1d  (--prune removes it)" in told.output
    told = bare.run("apply", "--plan", "--prune")
    assert told.exit_code == 3
    assert "remove  watch/gone-1d" in told.output


@pytest.mark.parametrize("command", [("apply",), ("render",), ("render", "--check")])
def test_a_fault_in_any_policy_stops_it_because_a_broken_file_would_look_like_one_that_is_gone(
    bare: Installation, server: Server, command: tuple[str, ...]
) -> None:
    bare.write("shop.broken", POLICY.replace("cadence", "cadance"))
    told = bare.run(*command)
    assert told.exit_code == 1
    assert "did you mean cadence?" in told.stderr
    assert server.carried_out == []


def test_a_rendered_file_is_written_once_and_checked(bare: Installation) -> None:
    assert bare.run("render", "--check").exit_code == 3
    assert bare.run("render").output == "prefect.yaml written\n"
    assert bare.run("render").output == "prefect.yaml is up to date\n"
    assert bare.run("render", "--check").exit_code == 0
    entries = yaml.safe_load((bare.folder / "prefect.yaml").read_text())["deployments"]
    made = {f"{entry['flow_name']}/{entry['name']}": entry for entry in entries}
    assert made["pulse/fleet"]["entrypoint"] == "flows.pulse.pulse_fleet"
    assert made["reconcile/fleet"]["entrypoint"] == "flows.reconcile.reconcile_fleet"
    assert made[f"rollback/{MODEL}"]["work_pool"]["work_queue_name"] == "rollback"
    assert MODEL in made["watch/shop-1d"]["description"]


def test_a_file_that_cannot_be_written_is_a_message(bare: Installation) -> None:
    told = bare.run("render", "nowhere/prefect.yaml")
    assert told.exit_code == 1
    assert "cannot be written" in told.stderr
