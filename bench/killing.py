"""Killing processes: at a point that effects name, or from outside at any moment. All crash tests use it.

A process that is to be killed is forked from this one, so that a kill costs no import. Whoever forks has
opened nothing that the child will use: neither the ledger nor MLflow's database.
"""

import gc
import os
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection, Engine, event

from profiles.effects import Observer, observed

KILLED = 86  # no exit code of Python's own

Body = Callable[[], object]


class KilledError(BaseException):
    """Ends what cannot be forked, past everything that catches an Exception."""


@dataclass(frozen=True)
class Point:
    """A moment that can be named: before or after an effect. `after` is the time from the beginning, in s."""

    name: str
    after: float


def in_child(body: Body) -> int:
    """Run `body` in a forked process, which never returns from here, and return its exit code."""
    return _ended(_forked(body))


def killed_at(nth: int, log: Path | None = None) -> Observer:
    """Return an observer that ends its process at the nth point (from 0), with no farewell but its name."""
    left = nth

    def observe(point: str) -> None:
        nonlocal left
        if left == 0:
            if log is not None:
                with log.open("a") as lines:
                    lines.write(f"{point}\n")
            os._exit(KILLED)
        left -= 1

    return observe


def raised_at(point: str) -> Observer:
    """Return an observer that raises KilledError at a point, where a process has to go on."""

    def observe(found: str) -> None:
        if found == point:
            raise KilledError

    return observe


@contextmanager
def observed_beneath(observer: Observer) -> Iterator[None]:
    """Call `observer` at every effect, and before each write of MLflow's, of which an effect may have many.

    Only for a process that ends soon: what listens to commits stays.
    """
    written: dict[int, int] = {}

    def committing(connection: Connection) -> None:
        if not str(connection.engine.url.database).endswith("mlflow.db"):
            return
        raw = connection.connection.dbapi_connection
        changes = getattr(raw, "total_changes", 0)
        if changes != written.get(id(raw), 0):
            written[id(raw)] = changes
            observer("before mlflow commit")

    event.listen(Engine, "commit", committing)
    with observed(observer):
        yield


def points_of(body: Body) -> tuple[Point, ...]:
    """Run `body` to its end in a child and return every point that it passed."""
    reader, writer = os.pipe()
    began = time.monotonic()

    def noted() -> None:
        def note(point: str) -> None:
            os.write(writer, f"{time.monotonic() - began}\t{point}\n".encode())

        with observed_beneath(note):
            body()

    child = _forked(noted, closing=reader)
    os.close(writer)
    with os.fdopen(reader) as lines:
        found = [line.rstrip("\n").split("\t") for line in lines]
    if (code := _ended(child)) != 0:
        raise ChildProcessError(f"what should be killed fails by itself, with {code}")
    return tuple(Point(name, float(after)) for after, name in found)


def shot(body: Body, points: int, delay: float) -> bool:
    """Kill a child that runs `body` with SIGKILL, `delay` seconds after it has passed so many points.

    Returns False where it had ended before; raises ChildProcessError when it failed by itself.
    """
    reader, writer = os.pipe()

    def passing(_point: str) -> None:
        os.write(writer, b".")

    def telling() -> None:
        with observed_beneath(passing):
            body()

    child = _forked(telling, closing=reader)
    os.close(writer)
    passed = 0
    while passed < points and (said := os.read(reader, points - passed)):
        passed += len(said)
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.close(reader)
    code = _ended(child)
    if code not in {0, -signal.SIGKILL}:
        raise ChildProcessError(f"what should be killed fails by itself, with {code}")
    return code != 0


def _forked(body: Body, closing: int | None = None) -> int:
    child = os.fork()
    if child == 0:
        code = 1
        try:
            gc.disable()  # it would touch, and so copy, every page of its parent's
            if closing is not None:
                os.close(closing)
            body()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a second parent
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return child


def _ended(child: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
