"""One Prefect server for the whole test session, and clients of it."""

import importlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from policies.policy import Policy
from profiles.layout import TrafficLayout
from profiles.window import Cadence
from tests.flows.a_prefect import PrefectServer, client_of, serving, until

FLOW_MODULE = """
from prefect import flow


@flow(name="watch")
def watch_team(team: str = "", cadence: str = "", shard: int = 0, shards: int = 1) -> None:
    '''Stands in for the real flow.'''
"""


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    return until


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    flows = tmp_path_factory.mktemp("flow-modules")
    (flows / "stand_in_flow.py").write_text(FLOW_MODULE)
    with serving(tmp_path_factory.mktemp("prefect"), flows) as server:
        yield server


@pytest.fixture
def prefect_client(
    prefect_server: PrefectServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    """A client with the server's password; what it sends is in the list `prefect_client.sent`."""
    monkeypatch.syspath_prepend(str(prefect_server.flows))
    importlib.invalidate_caches()
    with client_of(prefect_server, tmp_path / "prefect") as client:
        client.sent = []

        def note(request: httpx.Request) -> None:
            client.sent.append((request.method, request.url.path))

        client._client.event_hooks["request"].append(note)
        yield client
        # Names such as rollback/fleet are the same for every instance, and the server is every test's.
        for deployment in client.read_deployments():
            client.delete_deployment(deployment.id)


@pytest.fixture(scope="session")
def a_policy() -> Callable[..., Policy]:
    """Return a policy by model, cadence and lateness; the rest does not matter for deployments."""

    def build(model: str, cadence: str = "1h", lateness: timedelta = timedelta(0)) -> Policy:
        return Policy(
            model=model,
            team=model.partition(".")[0],
            registered_as=model,
            alias="champion",
            task="regression",
            owners=("team@example.org",),
            traffic=TrafficLayout("log/*.parquet", "parquet", "ts", "prediction"),
            labels=None,
            cadence=Cadence(cadence),
            allowed_lateness=lateness,
            minimum_rows=100,
            authority="external",
            automation="observe",
            freshness=None,
            volume=None,
            quality=None,
            drift=None,
            performance=None,
        )

    return build
