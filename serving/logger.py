"""The prediction logger for a team's own Python service.

It must never be the reason that the service answers late or not at all: the caller pays for a copy of its
features and an append. A thread does the rest, and what cannot be kept is counted, never waited for.
"""

from __future__ import annotations

import atexit

# Arrow imports it, which a process that has begun to end refuses; it costs next to nothing.
import concurrent.futures.thread  # noqa: F401
import logging
import os
import threading
import time
import weakref
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from typing import Any, Self
from uuid import uuid4

from serving.folder import Folder
from serving.rows import Answer, by_date, in_utc, table

_LOG = logging.getLogger(__name__)
_PATIENCE = 10.0  # seconds that a process which ends waits for its last rows


class PredictionLogger:
    """Writes answered requests as Parquet files of the documented format, in the background.

    `address` is a folder or any address that fsspec knows (`s3://logs/bike`); files appear below it as
    `dt=YYYY-MM-DD/NAME.parquet`, whole or not at all. They are written every `flush_every` seconds, and
    earlier when half of `capacity`, the number of rows that may wait, is used. Rows beyond it are dropped
    and counted. What could not be written is tried again the next time. Threads may share a logger; a
    forked child begins with an empty one. Raises ValueError when there is no room for a row.
    """

    def __init__(
        self,
        address: str | os.PathLike[str],
        model: str,
        version: str,
        *,
        flush_every: float = 30.0,
        capacity: int = 10_000,
    ) -> None:
        if capacity < 1 or flush_every <= 0:
            raise ValueError(
                f"capacity is {capacity} and flush_every {flush_every}: at least one row has to fit, and "
                "some time has to lie between two files"
            )
        self.model, self.version = model, str(version)
        self._address = os.fspath(address)
        self._flush_every, self._capacity = flush_every, capacity
        self._begin()
        alive = weakref.ref(self)
        os.register_at_fork(after_in_child=lambda: _begin_again(alive()))

    def _begin(self) -> None:
        """Begin with nothing waiting: locks and threads of a parent process mean nothing in its child."""
        self._lock = threading.RLock()  # reentrant: a signal may interrupt a thread that logs, and log too
        self._rounds = threading.Condition()
        self._wake = threading.Event()
        self._folder = Folder(self._address)
        self._waiting: list[Answer] = []
        self._unwritten: dict[str, list[Answer]] = {}
        self._held: int = 0  # rows that wait or are being written
        self._written: int = 0
        self._dropped: int = 0
        self._reported: int = 0
        self._asked: int = 0  # rounds of `flush`
        self._answered: int = 0
        self._failing: str = ""
        self._reason: str = ""
        self._closed: bool = False
        self._thread: threading.Thread = threading.Thread(
            target=self._run, name=f"muster-log-{self.model}", daemon=True
        )
        self._thread.start()
        atexit.register(self.close)

    def log(
        self,
        request_id: Any,
        features: Mapping[str, Any],
        prediction: Any,
        *,
        score: Any = None,
        latency_ms: float | None = None,
        status: Any = None,
        at: datetime | None = None,
    ) -> None:
        """Note one answered request; returns at once and raises nothing, whatever it is given.

        `score` is the probability of class 1, or a mapping from class to probability. `at` is when the
        request came, by default now; a naive time is taken as UTC.
        """
        try:
            scores = dict(score) if isinstance(score, Mapping) else score
            latency = None if latency_ms is None else float(latency_ms)
            answer = Answer(request_id, in_utc(at), dict(features), prediction, scores, latency, status)
        except Exception as error:  # noqa: BLE001 - a service must not fail for its log
            self._drop(1, f"a row could not be taken ({type(error).__name__})")
            return
        with self._lock:
            kept = not self._closed and self._held < self._capacity
            if kept:
                self._waiting.append(answer)
                self._held += 1
            urgent = self._held * 2 >= self._capacity
        if not kept:
            self._drop(
                1, "the logger is closed" if self._closed else "rows came faster than they were written"
            )
        if urgent and not self._failing:
            self._wake.set()

    @property
    def dropped(self) -> int:
        """How many rows were dropped so far."""
        return self._dropped

    @property
    def written(self) -> int:
        """How many rows lie in files by now."""
        return self._written

    def flush(self, patience: float = _PATIENCE) -> bool:
        """Write what waits, for at most `patience` seconds; return whether all of it was written."""
        with self._rounds:
            asked = self._asked = self._asked + 1
            self._wake.set()
            self._rounds.wait_for(lambda: self._answered >= asked, patience)
            return self._answered >= asked and not self._failing

    def close(self, patience: float = _PATIENCE) -> None:
        """Write what waits and take no more; what is not written in `patience` seconds is dropped.

        A process that ends by itself does so for every logger.
        """
        with self._lock:
            already, self._closed = self._closed, True
        if already:
            return
        atexit.unregister(self.close)
        self._wake.set()
        self._thread.join(patience)
        with self._lock:
            left, self._held = self._held, 0
        if left:
            self._drop(left, self._failing or f"they could not be written within {patience:g} s of the end")
        self._report()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _run(self) -> None:
        """Write round after round until the logger is closed; the last round comes after the closing."""
        with suppress(Exception):  # what is wrong with the address is said when there is something to write
            self._folder.open()
        while True:
            self._wake.wait(self._flush_every)
            self._wake.clear()
            closing = self._closed
            asked = self._asked
            self._write()
            self._report()
            with self._rounds:
                self._answered = asked
                self._rounds.notify_all()
            if closing:
                return

    def _write(self) -> None:
        with self._lock:
            taken, self._waiting = self._waiting, []
        for day, answers in by_date(taken).items():
            # The name stays over retries: rows that were written after all are then not written twice.
            name = f"dt={day:%Y-%m-%d}/{time.time_ns()}-{uuid4().hex[:12]}.parquet"
            self._unwritten[name] = answers
        failing = ""
        for name, answers in list(self._unwritten.items()):
            try:
                rows = table(answers, self.model, self.version)
            except Exception as error:  # noqa: BLE001 - anybody's objects become columns here
                self._drop(len(answers), f"they could not be made columns ({type(error).__name__})")
                self._let_go(name)
                continue
            try:
                self._folder.put(name, rows)
            except Exception as error:  # noqa: BLE001 - every file system has exceptions of its own
                failing = f"{self._address} cannot be written ({type(error).__name__}: {error})"
                break
            self._written += len(answers)
            self._let_go(name)
        if failing and not self._failing:
            _LOG.warning("prediction log of %s: %s; it is tried again", self.model, failing)
        self._failing = failing

    def _let_go(self, name: str) -> None:
        with self._lock:
            self._held = max(0, self._held - len(self._unwritten.pop(name)))

    def _drop(self, count: int, reason: str) -> None:
        with self._lock:
            self._dropped += count
            self._reason = reason

    def _report(self) -> None:
        """Say how many rows were dropped since it was said last; never in a call of `log`."""
        with self._lock:
            total, new, self._reported = self._dropped, self._dropped - self._reported, self._dropped
        if new:
            _LOG.warning(
                "prediction log of %s: %d rows dropped, %d so far: %s", self.model, new, total, self._reason
            )


def _begin_again(logger: PredictionLogger | None) -> None:
    if logger is not None and not logger._closed:  # noqa: SLF001 - the class's own hook
        logger._begin()  # noqa: SLF001
