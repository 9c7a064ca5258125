"""`muster up` as a person runs it: real servers, a real worker, one Ctrl-C."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.console.conftest import Installation
from tests.console.test_processes import typed
from tests.fakes import write_day

pytestmark = [pytest.mark.servers, pytest.mark.xdist_group("up")]

CHECKOUT = Path(__file__).parents[2]
LIMIT = 300  # generous: two servers and a worker start on a busy machine


def free_ports(count: int) -> list[int]:
    probes = [socket.socket() for _ in range(count)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


@pytest.fixture
def up(bare: Installation) -> Iterator[subprocess.Popen[str]]:
    """`muster up` in a terminal of its own, once it has said that all is up."""
    write_day(bare.folder, 0)
    clean = {
        name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "MUSTER_"))
    }
    prefect, mlflow, worker = free_ports(3)
    ports = ["--prefect-port", str(prefect), "--mlflow-port", str(mlflow), "--worker-port", str(worker)]
    with (bare.folder / "up.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.main", "up", *ports],
            cwd=bare.folder,
            env={**clean, "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"},
            stdout=log,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
    try:
        waited(process, bare.folder / "up.log", "all is up")
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=120)


def waited(process: subprocess.Popen[str], log: Path, words: str) -> str:
    end = time.monotonic() + LIMIT
    while words not in (text := log.read_text()):
        assert process.poll() is None, text
        assert time.monotonic() < end, text
        time.sleep(0.3)
    return text


def test_all_is_up_until_ctrl_c_and_the_state_stays(up: subprocess.Popen[str], bare: Installation) -> None:
    said = (bare.folder / "up.log").read_text()
    for part in ("Prefect server", "MLflow server", "deployments     8 in line", "worker"):
        assert part in said

    examined = json.loads(typed(bare, "doctor", "--json").stdout)
    assert [each for each in examined["complaints"] if each["about"] == "Prefect"] == []

    again = typed(bare, "up")
    assert again.returncode == 1
    assert "already; `muster down` ends it" in again.stderr

    up.send_signal(signal.SIGINT)
    assert up.wait(timeout=120) == 0
    assert (bare.folder / "up.log").read_text().endswith("all is down; the state is kept\n")
    assert (bare.folder / "state" / "prefect" / "prefect.db").exists()
    assert left_over(bare.folder) == []


def left_over(folder: Path) -> list[str]:
    """The command lines of processes that still know this state directory."""
    marker = f"MUSTER_STATE={folder / 'state'}".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        try:
            if marker in (path / "environ").read_bytes().split(b"\0"):
                found.append((path / "cmdline").read_text())
        except OSError:
            continue
    return found
