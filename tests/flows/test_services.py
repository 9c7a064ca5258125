"""Which servers `muster up` starts, how long it waits for them, and that none outlives it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from flows.services import Ports, Service, Supervisor, prefect_api, services
from flows.standing import end, standing, who_stands
from profiles.errors import ServiceFailed
from registry.settings import Settings, as_environment, load_settings

CHECKOUT = Path(__file__).parents[2]
PORTS = Ports(prefect=4200, mlflow=5000, worker=4201)
ANSWERS = """
import http.server, os, sys
class Well(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
    def log_message(self, *_): pass
print("listening", flush=True)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Well).serve_forever()
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings({"MUSTER_STATE": "state", "MUSTER_POLICIES": "p"}, tmp_path)


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def program(text: str, port: int, name: str = "small server") -> Service:
    return Service(
        name,
        (sys.executable, "-c", text, str(port)),
        dict(os.environ),
        port,
        "--port",
        f"http://127.0.0.1:{port}/health",
    )


@pytest.mark.parametrize(
    ("environ", "mlflow", "started", "used"),
    [
        ({}, None, ["Prefect server", "MLflow server", "worker"], 0),
        ({"PREFECT_API_URL": "http://prefect:4200/api"}, None, ["MLflow server", "worker"], 1),
        ({}, "http://mlflow:5000", ["Prefect server", "worker"], 1),
        ({"PREFECT_API_URL": "http://prefect:4200/api"}, "http://mlflow:5000", ["worker"], 2),
    ],
)
def test_what_runs_elsewhere_is_used_and_not_started(
    tmp_path: Path, environ: dict[str, str], mlflow: str | None, started: list[str], used: int
) -> None:
    said = {"MUSTER_STATE": "state"} | ({} if mlflow is None else {"MUSTER_MLFLOW_URI": mlflow})
    start, there = services(load_settings(said, tmp_path), PORTS, environ)
    assert [service.name for service in start] == started
    assert len(there) == used
    assert {service.environment["PREFECT_API_URL"] for service in start} == {prefect_api(PORTS, environ)}


def test_a_worker_has_the_same_settings_wherever_it_runs(settings: Settings, tmp_path: Path) -> None:
    (worker,) = (each for each in services(settings, PORTS, {})[0] if each.name == "worker")
    muster = {name: value for name, value in worker.environment.items() if name.startswith("MUSTER_")}
    assert load_settings(muster, tmp_path / "elsewhere") == settings
    assert load_settings(as_environment(settings), tmp_path / "elsewhere") == settings


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    with Supervisor(tmp_path / "logs") as running:
        yield running


def test_a_service_is_up_once_it_answers_and_none_outlives_the_supervisor(tmp_path: Path, port: int) -> None:
    service = program(ANSWERS, port)
    with Supervisor(tmp_path / "logs") as running:
        running.start(service)
        assert "listening" in running.log_of(service).read_text()
        (child,) = running.processes
    with suppress(ProcessLookupError):
        os.kill(child, 0)
        pytest.fail("the service still runs")


def test_a_service_that_ends_is_told_with_the_end_of_its_log(supervisor: Supervisor, port: int) -> None:
    with pytest.raises(ServiceFailed, match=r"small server ended with code 3; .*\n.*no database"):
        supervisor.start(program("print('no database'); raise SystemExit(3)", port))


def test_a_service_that_ends_later_is_noticed(supervisor: Supervisor, port: int) -> None:
    supervisor.start(program(ANSWERS.replace("self.end_headers()", "self.end_headers(); os._exit(4)"), port))
    with pytest.raises(ServiceFailed, match="ended with code 4"):
        supervisor.watch()


def test_a_port_in_use_is_named_with_the_option_that_chooses_another(
    supervisor: Supervisor, port: int
) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        with pytest.raises(ServiceFailed, match=rf"port {port}: .*choose another with --port"):
            supervisor.start(program(ANSWERS, port))


def test_one_state_directory_is_run_once_at_a_time(settings: Settings) -> None:
    assert who_stands(settings) is None
    with standing(settings, "http://127.0.0.1:1/api"):
        found = who_stands(settings)
        assert found is not None
        assert (found.pid, found.prefect_api) == (os.getpid(), "http://127.0.0.1:1/api")
        with (
            pytest.raises(ServiceFailed, match=r"runs over .* already; `muster down` ends it"),
            standing(settings, ""),
        ):
            pass
    assert who_stands(settings) is None


def test_what_a_killed_process_left_is_nobody_standing(settings: Settings) -> None:
    settings.state.mkdir(parents=True)
    (settings.state / "up.json").write_text('{"pid": 1, "prefect_api": "http://127.0.0.1:1/api"}')
    assert who_stands(settings) is None
    assert end(settings) is False


def test_whoever_wants_it_ended_asks_the_process_and_waits(settings: Settings, tmp_path: Path) -> None:
    holds = (
        "import signal, sys, time\n"
        "from pathlib import Path\n"
        "from flows.standing import standing\n"
        "from registry.settings import load_settings\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit())\n"
        "with standing(load_settings(cwd=Path(sys.argv[1])), 'http://127.0.0.1:1/api'):\n"
        "    print('standing', flush=True)\n"
        "    time.sleep(600)\n"
    )
    command = [sys.executable, "-c", holds, str(tmp_path)]
    environ = {**os.environ, **as_environment(settings), "PYTHONPATH": str(CHECKOUT)}
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "standing\n"
        assert end(settings) is True
        assert process.wait(timeout=60) == 0
    assert end(settings) is False
