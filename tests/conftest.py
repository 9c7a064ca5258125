"""Fixtures that every room's tests share: databases for the ledger, stores for MLflow."""

import fcntl
import json
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from registry.versions import MlflowVersions


@pytest.fixture(scope="session")
def postgres_server(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[str]:
    """The address of a PostgreSQL server, one per run: the first worker starts it, the last one stops it."""
    binaries = _binaries()
    if binaries is None:
        pytest.skip("no PostgreSQL server on this machine: apt-get install postgresql")
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    with _locked(shared / "postgres.json") as state:
        if not state:
            state.update(_started(binaries))
        state["users"] = state.get("users", 0) + 1
        port = state["port"]
    yield f"postgresql://muster@127.0.0.1:{port}"
    with _locked(shared / "postgres.json") as state:
        state["users"] -= 1
        if state["users"] == 0:
            _stop(binaries, Path(state["folder"]))
            state.clear()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """The URL of a new, empty database."""
    name = f"t_{uuid4().hex}"
    with psycopg.connect(f"{postgres_server}/postgres", autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield f"{postgres_server}/{name}"
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def ledger_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a ledger that does not exist yet, once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'state' / 'ledger.db'}"
    url: str = request.getfixturevalue("postgres_url")
    return url


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """The name of this pytest-xdist worker, `master` without workers."""
    return str(getattr(request.config, "workerinput", {}).get("workerid", "master"))


def _binaries() -> Path | None:
    """Find the newest folder that holds a server; distributions keep it off the PATH."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name))
    return versions[-1] if versions else None


@contextmanager
def _locked(file: Path) -> Iterator[dict[str, Any]]:
    """Give the JSON object in `file` for changing, to one process at a time."""
    with file.open("a+") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        stream.seek(0)
        state = json.loads(stream.read() or "{}")
        yield state
        stream.truncate(0)
        stream.write(json.dumps(state))


def _owner() -> dict[str, Any]:
    """Who runs the server: this user, but for root, whom initdb refuses."""
    if os.geteuid() != 0:
        return {}
    try:
        account = pwd.getpwnam("postgres")
    except KeyError:
        pytest.skip("as root, PostgreSQL needs its own user: apt-get install postgresql")
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


def _started(binaries: Path) -> dict[str, Any]:
    owner = _owner()
    folder = Path(tempfile.mkdtemp(prefix="muster-postgres-"))
    if owner:
        os.chown(folder, owner["user"], owner["group"])
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data = ("-D", folder / "data")
    plain = ("-U", "muster", "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C")
    _run([binaries / "initdb", *data, *plain], folder)
    options = f"-h 127.0.0.1 -p {port} -c unix_socket_directories='' -c fsync=off -c max_connections=200"
    waiting = ("-w", "-t", "120", "-l", folder / "log")
    _run([binaries / "pg_ctl", *data, *waiting, "-o", options, "start"], folder)
    return {"port": port, "folder": str(folder)}


def _stop(binaries: Path, folder: Path) -> None:
    _run([binaries / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop"], folder)
    shutil.rmtree(folder)


def _run(command: Sequence[str | Path], folder: Path) -> None:
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, cwd=folder, **_owner())


@pytest.fixture(scope="session")
def mlflow_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty MLflow store; migrating costs seconds, copying nothing."""
    path = tmp_path_factory.mktemp("mlflow-template") / "mlflow.db"
    path.touch()  # only a store that is there is asked, and an empty one is migrated
    MlflowVersions(f"sqlite:///{path}").served("nobody", "champion")
    return path


@pytest.fixture(scope="session")
def mlflow_store(mlflow_template: Path) -> Callable[[Path], str]:
    """Return a function that puts a fresh MLflow store into a folder and returns its address."""

    def store(folder: Path) -> str:
        target = folder / "mlflow.db"
        shutil.copyfile(mlflow_template, target)
        return f"sqlite:///{target}"

    return store


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The address of an S3-compatible server on loopback; each test makes a bucket of its own."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3_bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new bucket as an address, with the environment that reaches it."""
    import s3fs

    for name, value in {
        "AWS_ENDPOINT_URL_S3": s3_server,
        "AWS_ACCESS_KEY_ID": "key-of-the-tests",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-tests",
        "AWS_DEFAULT_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, value)
    s3fs.S3FileSystem.clear_instance_cache()
    bucket = f"bucket-{uuid4().hex}"
    s3fs.S3FileSystem().mkdir(bucket)
    yield f"s3://{bucket}"
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture
def chromium_browser() -> Iterator[Any]:
    """A browser of its own for one test."""
    from tests import chromium

    if chromium.found() is None:
        pytest.skip("no browser on this machine: apt-get install chromium")
    with chromium.chromium() as browser:
        yield browser
