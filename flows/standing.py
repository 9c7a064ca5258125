"""Which `muster up` runs over a state directory: one at a time, found by whoever wants to end it."""

import fcntl
import json
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass

from profiles.errors import ServiceFailed
from registry.settings import Settings

_FILE = "up.json"
_PATIENCE = 90.0


@dataclass(frozen=True)
class Standing:
    """The process that keeps the servers, and where its Prefect server answers."""

    pid: int
    prefect_api: str


@contextmanager
def standing(settings: Settings, prefect_api: str) -> Iterator[None]:
    """Hold the state directory's one place while the body runs; ServiceFailed when it is taken."""
    settings.state.mkdir(parents=True, exist_ok=True)
    with (settings.state / _FILE).open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ServiceFailed(
                f"`muster up` runs over {settings.state} already; `muster down` ends it"
            ) from error
        file.truncate(0)
        file.write(json.dumps(asdict(Standing(os.getpid(), prefect_api))))
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)


def who_stands(settings: Settings) -> Standing | None:
    """Return the `muster up` that runs over the state directory, or None.

    The lock says whether it runs, not the file: a killed process leaves the file and not the lock.
    """
    path = settings.state / _FILE
    if not path.exists():
        return None
    with path.open("r+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            said = file.read()
            return Standing(**json.loads(said)) if said else None
    return None


def end(settings: Settings) -> bool:
    """Ask the running `muster up` to end, wait until it has, and say whether there was one."""
    found = who_stands(settings)
    if found is None:
        return False
    with suppress(ProcessLookupError):
        os.kill(found.pid, signal.SIGTERM)
    last = time.monotonic() + _PATIENCE
    while who_stands(settings) is not None:
        if time.monotonic() > last:
            raise ServiceFailed(f"process {found.pid} did not end within {_PATIENCE:.0f} s; end it by hand")
        time.sleep(0.2)
    return True
