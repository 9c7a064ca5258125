"""The servers of a laptop: which to start beside a fleet, and keeping them alive together. No Prefect here.

Pure but for `Supervisor`, which starts child processes, waits until each is healthy and ends all of them.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import httpx

from flows.embedded import environment
from profiles.errors import ServiceFailed
from registry.settings import Settings, as_environment

LOOPBACK = "127.0.0.1"
# A Prefect server was seen to need 17 to 75 s; a machine that is busy elsewhere needs longer.
_PATIENCE = 240.0
_GRACE = 20.0
_LOG_TAIL = 2000


@dataclass(frozen=True)
class Ports:
    """Where on loopback the servers listen."""

    prefect: int
    mlflow: int
    worker: int


@dataclass(frozen=True)
class Service:
    """A server to start: `health` answers 200 once it works, `address` is what a person opens."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    port: int
    option: str
    health: str
    address: str | None = None


def prefect_api(ports: Ports, environ: Mapping[str, str]) -> str:
    """Return the address of the Prefect server that workers and commands use."""
    return environ.get("PREFECT_API_URL") or f"http://{LOOPBACK}:{ports.prefect}/api"


def services(
    settings: Settings, ports: Ports, environ: Mapping[str, str]
) -> tuple[tuple[Service, ...], tuple[str, ...]]:
    """Return the services to start, in this order, and in a sentence each what runs elsewhere already.

    A Prefect server that PREFECT_API_URL names and an MLflow server that the settings name are used as they
    are. A worker is always started.
    """
    api = prefect_api(ports, environ)
    base = {
        **environ,
        **environment(settings, environ),
        **as_environment(settings),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
    }
    base.pop("PYTHONDONTWRITEBYTECODE", None)  # every flow run would compile all its imports again
    start, there = [], []
    if "PREFECT_API_URL" in environ:
        there.append(f"the Prefect server at {api}")
    else:
        start.append(_prefect_server(ports, api, base))
    if settings.mlflow_uri.startswith("sqlite"):
        start.append(_mlflow_server(settings, ports, base))
    else:
        there.append("the MLflow server that the settings name")
    start.append(_worker(settings, ports, base))
    return tuple(start), tuple(there)


def _prefect_server(ports: Ports, api: str, base: Mapping[str, str]) -> Service:
    address = f"http://{LOOPBACK}:{ports.prefect}"
    command = ("-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(ports.prefect))
    return Service(
        "Prefect server",
        (sys.executable, *command),
        {**base, "PREFECT_UI_API_URL": api},
        ports.prefect,
        "--prefect-port",
        f"{api}/health",
        address,
    )


def _mlflow_server(settings: Settings, ports: Ports, base: Mapping[str, str]) -> Service:
    address = f"http://{LOOPBACK}:{ports.mlflow}"
    # One worker and no jobs: a quarter of the memory of MLflow's defaults.
    stores = (
        "--backend-store-uri",
        settings.mlflow_uri,
        "--default-artifact-root",
        settings.mlflow_artifacts,
    )
    where = ("--host", LOOPBACK, "--port", str(ports.mlflow), "--workers", "1", "--no-serve-artifacts")
    return Service(
        "MLflow server",
        (sys.executable, "-m", "mlflow", "server", *stores, *where),
        {**base, "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"},
        ports.mlflow,
        "--mlflow-port",
        f"{address}/health",
        address,
    )


def _worker(settings: Settings, ports: Ports, base: Mapping[str, str]) -> Service:
    command = ("-m", "prefect", "worker", "start", "--pool", settings.work_pool, "--type", "process")
    name = f"{settings.instance}-up"
    return Service(
        "worker",
        (sys.executable, *command, "--name", name, "--with-healthcheck"),
        {
            **base,
            "PREFECT_WORKER_WEBSERVER_HOST": LOOPBACK,
            "PREFECT_WORKER_WEBSERVER_PORT": str(ports.worker),
        },
        ports.worker,
        "--worker-port",
        f"http://{LOOPBACK}:{ports.worker}/health",
    )


class Supervisor:
    """Runs services, each in a session of its own with a log below `folder`; leaving it ends all of them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[tuple[Service, subprocess.Popen[bytes]]] = []
        self._logs: list[IO[bytes]] = []

    def __enter__(self) -> Self:
        self._folder.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_: object) -> None:
        for _service, process in reversed(self._running):
            _end(process)
        for log in self._logs:
            log.close()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes that were started."""
        return tuple(process.pid for _, process in self._running)

    def log_of(self, service: Service) -> Path:
        """Return the file of a service's output."""
        return self._folder / f"{service.name.lower().replace(' ', '-')}.log"

    def start(self, service: Service) -> None:
        """Start a service and wait until it is healthy; ServiceFailed says why it is not."""
        refuse_taken(service)
        log = self.log_of(service).open("wb")
        self._logs.append(log)
        process = subprocess.Popen(  # noqa: S603 - the command is ours
            service.command,
            cwd=self._folder,
            env=dict(service.environment),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._running.append((service, process))
        end = time.monotonic() + _PATIENCE
        while not _healthy(service):
            if process.poll() is not None:
                raise ServiceFailed(self._ended(service, process))
            if time.monotonic() > end:
                raise ServiceFailed(
                    f"the {service.name} did not answer at {service.health} for {_PATIENCE:.0f} s; "
                    f"its output is in {self.log_of(service)}"
                )
            time.sleep(0.2)

    def watch(self) -> None:
        """Wait until a service ends by itself, and raise ServiceFailed for it; a signal ends the wait."""
        while True:
            for service, process in self._running:
                if process.poll() is not None:
                    raise ServiceFailed(self._ended(service, process))
            time.sleep(0.5)

    def _ended(self, service: Service, process: subprocess.Popen[Any]) -> str:
        log = self.log_of(service)
        said = log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].rstrip()
        return f"the {service.name} ended with code {process.returncode}; the end of {log}:\n{said}"


def refuse_taken(service: Service) -> None:
    """Raise ServiceFailed when something listens on the service's port already."""
    with socket.socket() as probe:
        # As the servers themselves do: a port that was used a moment ago is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, service.port))
        except OSError as error:
            raise ServiceFailed(
                f"the {service.name} cannot listen on port {service.port}: {error.strerror}; "
                f"end what uses it, or choose another with {service.option}"
            ) from error


def _healthy(service: Service) -> bool:
    try:
        return httpx.get(service.health, timeout=2).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its children: politely, then by force."""
    signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGKILL)
    for each in signals:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, each)
        with suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_GRACE)
            break
    with suppress(ProcessLookupError):  # children that outlived it
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
