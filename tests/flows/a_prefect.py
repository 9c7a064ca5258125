"""A real Prefect server with a password, and real workers beside it; for the tests and for the bench."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

CHECKOUT = Path(__file__).resolve().parents[2]
PASSWORD = "muster:not-a-secret"  # noqa: S105
# Generous: a server needs 13 seconds on a quiet machine and more than a minute on a busy one.
SERVER_LIMIT = 240


@dataclass(frozen=True)
class PrefectServer:
    """A running server; `environment` is what a client or worker of it needs, and nothing else."""

    api: str
    environment: Mapping[str, str]
    flows: Path

    def prefect(self, *arguments: str, cwd: Path) -> str:
        """Run the real `prefect` command to its end and return what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "prefect", "--no-prompt", *arguments],
            cwd=cwd,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def worker(self, pool: str, *, cwd: Path, extra: Mapping[str, str] | None = None) -> Iterator[Path]:
        """Run a process worker of `pool` in the directory `cwd`; yield the file of its output."""
        arguments = ["worker", "start", "--pool", pool, "--type", "process", "--name", "test"]
        with _running(arguments, cwd, {**self.environment, **(extra or {})}) as (_, log):
            yield log


@contextmanager
def _running(
    arguments: list[str], cwd: Path, environment: Mapping[str, str]
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run `prefect` in a session of its own; end that session, children included, at the end."""
    log = cwd / "output.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", *arguments],
            cwd=cwd,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process, log
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@contextmanager
def client_of(server: PrefectServer, home: Path) -> Iterator[Any]:
    """Give a client with the server's password, which keeps what it keeps under `home`."""
    from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, PREFECT_HOME, temporary_settings

    from flows.orchestrator import orchestrator

    chosen = {PREFECT_HOME: home, PREFECT_API_URL: server.api, PREFECT_API_AUTH_STRING: PASSWORD}
    with temporary_settings(chosen), orchestrator() as client:
        yield client


def until(holds: Callable[[], Any], *, limit: float, what: str) -> Any:
    """Ask twice a second until `holds()` is truthy and return that; fail after `limit` seconds."""
    end = time.monotonic() + limit
    while not (found := holds()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {limit:.0f} s in vain: {what}")
        time.sleep(0.5)
    return found


@contextmanager
def serving(home: Path, flows: Path) -> Iterator[PrefectServer]:
    """Run a server with its state in the empty folder `home`; its flows are found in `flows` as well."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    api = f"http://127.0.0.1:{port}/api"
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "PYTHONPATH": os.pathsep.join([str(CHECKOUT), str(flows)]),
        "OMP_NUM_THREADS": "1",
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(home),
        "PREFECT_API_URL": api,
        "PREFECT_UI_API_URL": api,
        "PREFECT_API_AUTH_STRING": PASSWORD,
        "PREFECT_SERVER_API_AUTH_STRING": PASSWORD,
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    }
    arguments = ["server", "start", "--host", "127.0.0.1", "--port", str(port)]
    with _running(arguments, home, environment) as (process, log):

        def healthy() -> bool:
            assert process.poll() is None, log.read_text()[-3000:]
            try:
                return httpx.get(f"{api}/health", timeout=5).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        until(healthy, limit=SERVER_LIMIT, what=f"the Prefect server's health, see {log}")
        yield PrefectServer(api, environment, flows)
    _end_stragglers(f"PREFECT_HOME={home}")


def _end_stragglers(marker: str) -> None:
    """End what a killed worker left: flow runs have sessions of their own, but inherit its environment."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        with suppress(OSError):
            if marker.encode() in path.read_bytes().split(b"\0"):
                os.kill(int(path.parent.name), signal.SIGKILL)
