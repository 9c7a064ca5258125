"""Prefect's server and MLflow's, as `muster up` starts them, to be killed."""

import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx

from flows.services import Ports, services
from registry.settings import load_settings
from tests.flows.a_prefect import SERVER_LIMIT, until


@dataclass(frozen=True)
class Servers:
    """Both servers and where they answer."""

    prefect: str
    mlflow: str
    processes: tuple["subprocess.Popen[bytes]", ...]

    def kill(self) -> None:
        """Kill both with all their children; nothing answers any more."""
        for process in self.processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        assert not any(answers(f"{each}/health") for each in (self.prefect, self.mlflow))


def answers(url: str) -> bool:
    """Say whether somebody answers there that all is well."""
    try:
        return httpx.get(url, timeout=5).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


@contextmanager
def prefect_and_mlflow(folder: Path, mlflow_store: str) -> Iterator[Servers]:
    """Run both servers over an empty folder and a migrated store."""
    (folder / "muster.toml").write_text(f'state = "state"\nmlflow_uri = {json.dumps(mlflow_store)}\n')
    with socket.socket() as one, socket.socket() as two:
        one.bind(("127.0.0.1", 0))
        two.bind(("127.0.0.1", 0))
        ports = Ports(one.getsockname()[1], two.getsockname()[1], 0)
    clean = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH") if name in os.environ}
    settings = load_settings({}, folder)
    settings.prefect_home.mkdir(parents=True)
    start, _ = services(settings, ports, clean)
    with (folder / "servers.log").open("wb") as log:
        processes = [
            subprocess.Popen(
                each.command,
                cwd=folder,
                env=dict(each.environment),
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for each in start[:2]
        ]
    servers = Servers(
        f"http://127.0.0.1:{ports.prefect}/api", f"http://127.0.0.1:{ports.mlflow}", tuple(processes)
    )
    try:
        for each in start[:2]:
            until(partial(answers, each.health), limit=SERVER_LIMIT, what=f"the {each.name}")
        yield servers
    finally:
        servers.kill()
