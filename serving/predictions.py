"""`Predict` in production: each version answers in a child process, with the environment recorded for it.

What a version is made of is data from others. It is never loaded by the process that asks.
"""

import json
import os
import signal
import subprocess
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from policies.policy import Policy
from profiles.answers import Answers
from profiles.columns import names
from profiles.errors import ColumnMissing, ServiceFailed
from registry.model_files import ModelStore
from serving.environments import interpreter
from serving.model_file import ModelFile, read_model_file

_CHILD = Path(__file__).with_name("child.py")
# All that a child inherits: neither credentials nor what configures Muster.
_INHERITED = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
_NUMBERS = {"integer", "long", "float", "double"}


@dataclass(frozen=True)
class Limits:
    """How long a child may take to load its version and to answer, and how many are kept alive."""

    loading: timedelta = timedelta(minutes=2)
    answering: timedelta = timedelta(minutes=10)
    alive: int = 4


class Predictions:
    """`Predict` by one long-lived child per version; leaving it ends them. May be shared by threads.

    `environments` is the folder of environments that people made for versions, `root` where relative paths
    of policies start, `trusted` the types that a model in skops' format may hold.
    """

    def __init__(
        self,
        store: ModelStore,
        environments: Path,
        root: Path,
        trusted: Sequence[str],
        limits: Limits | None = None,
    ) -> None:
        self._store = store
        self._environments = environments
        self._root = root
        self._trusted = tuple(trusted)
        self._limits = limits or Limits()
        self._children: OrderedDict[tuple[str, ...], _Child] = OrderedDict()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __call__(self, policy: Policy, version: str, rows: pa.Table) -> Answers:
        """Return a version's answers to rows as they are logged.

        Raises RegistryUnavailable when its files cannot be had or were changed, ServiceFailed when there is
        no environment for it, or when it cannot be loaded or fails on every row, and ColumnMissing.
        """
        with self._lock:
            child = self._alive(policy, version)
            try:
                return child.answer(_asked(rows, child.model, child.what))
            except ServiceFailed:
                if child.ended:
                    self._forget(child)
                raise

    def close(self) -> None:
        """End every child."""
        with self._lock:
            for child in list(self._children.values()):
                self._forget(child)

    def _alive(self, policy: Policy, version: str) -> "_Child":
        trainer = policy.remediation.trainer
        called = (policy.registered_as, version, str(trainer.python), str(trainer.folder))
        child = self._children.get(called)
        if child is not None and not child.ended:
            self._children.move_to_end(called)
            return child
        if child is not None:
            self._forget(child)
        while len(self._children) >= self._limits.alive:
            self._forget(next(iter(self._children.values())))
        child = self._children[called] = self._started(policy, version)
        return child

    def _started(self, policy: Policy, version: str) -> "_Child":
        what, trainer = f"version {version} of {policy.model}", policy.remediation.trainer
        files = self._store.files(policy.registered_as, version)
        model = read_model_file(files.folder, what)
        python = interpreter(model, trainer.python, self._root, self._environments, what)
        folder = None if trainer.folder is None else str(self._root / Path(trainer.folder).expanduser())
        order = {
            "loader": model.loader,
            "file": model.file,
            "model": str(files.folder),
            "inputs": list(model.inputs),
            "trusted": self._trusted,
            "folder": folder,
        }
        return _Child(what, model, python, order, self._limits)

    def _forget(self, child: "_Child") -> None:
        child.end()
        for called in [each for each, known in self._children.items() if known is child]:
            del self._children[called]


class _Child:
    """A process that has loaded one version."""

    def __init__(
        self, what: str, model: ModelFile, python: Path, order: Mapping[str, Any], limits: Limits
    ) -> None:
        self.what, self.model = what, model
        self._limits = limits
        self._scratch = tempfile.TemporaryDirectory(prefix="muster-answers-")
        folder = Path(self._scratch.name)
        self._rows, self._answers, self._said = (folder / name for name in ("rows", "answers", "said"))
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        with self._said.open("wb") as said:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - the interpreter is of a policy or ours
                    (str(python), str(_CHILD), json.dumps(order)),
                    cwd=order["folder"] or folder,
                    env={"OMP_NUM_THREADS": "1", **inherited, "HOME": str(folder), "TMPDIR": str(folder)},
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=said,
                    text=True,
                    start_new_session=True,
                )
            except OSError as error:
                self._scratch.cleanup()
                raise ServiceFailed(f"{what} cannot be started with {python}: {error.strerror}") from error
        try:
            ready = self._reply(limits.loading)
        except ServiceFailed:
            self.end()
            raise
        if "error" in ready:
            self.end()
            raise ServiceFailed(f"{what} cannot be loaded with {python}: {ready['error']}")

    @property
    def ended(self) -> bool:
        """Whether the process is no more."""
        return self._process.poll() is not None

    def answer(self, rows: pa.Table) -> Answers:
        """Have rows answered."""
        if rows.num_rows == 0:
            return Answers(pa.nulls(0))
        pq.write_table(rows, self._rows)
        assert self._process.stdin is not None  # noqa: S101 - it was made with one
        with suppress(OSError):  # a child that is no more does not reply either
            self._process.stdin.write(
                json.dumps({"rows": str(self._rows), "answers": str(self._answers)}) + "\n"
            )
            self._process.stdin.flush()
        reply = self._reply(self._limits.answering)
        if "error" in reply:
            raise ServiceFailed(f"{self.what} failed on all {rows.num_rows:,} rows: {reply['error']}")
        found = pq.read_table(self._answers)
        classes = names(np.asarray(reply["classes"])) if reply["classes"] else ()
        probabilities = {str(name): found.column(f"p{k}").combine_chunks() for k, name in enumerate(classes)}
        return Answers(found.column("prediction").combine_chunks(), probabilities)

    def end(self) -> None:
        """End the process and what it started, and remove its files."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()
        self._scratch.cleanup()

    def _reply(self, limit: timedelta) -> dict[str, Any]:
        """Read a line; a child that takes longer than `limit` is killed, and a dead one ends its lines."""
        late = threading.Event()

        def kill() -> None:
            late.set()
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

        timer = threading.Timer(limit.total_seconds(), kill)
        timer.start()
        try:
            assert self._process.stdout is not None  # noqa: S101 - it was made with one
            line = self._process.stdout.readline()
        finally:
            timer.cancel()
        if line.endswith("\n"):
            reply: dict[str, Any] = json.loads(line)
            return reply
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=5)  # it has closed its end, so it is about to end
        code = self._process.poll()
        self.end()
        if late.is_set():
            raise ServiceFailed(f"{self.what} took longer than {limit.total_seconds():g} s and was ended")
        raise ServiceFailed(f"{self.what} ended by itself with code {code}")


def _asked(rows: pa.Table, model: ModelFile, what: str) -> pa.Table:
    """Return the columns that a version takes, numbers as numbers where the log spells them as text."""
    if not model.inputs:
        return rows
    places = {name: _place(name, rows.schema.names) for name in model.inputs}
    missing = [name for name, place in places.items() if place is None]
    if missing:
        raise ColumnMissing(
            f"{what} takes {', '.join(missing[:5])}, which the rows do not have; log every column it takes"
        )
    return pa.table(
        {name: _typed(rows.column(places[name]), kind, name, what) for name, kind in model.inputs.items()}
    )


def _place(name: str, columns: Sequence[str]) -> str | None:
    """Return the column that holds an input: of its name, or of one struct such as `features.amount`."""
    nested = [column for column in columns if column.endswith(f".{name}")]
    return name if name in columns else nested[0] if len(nested) == 1 else None


def _typed(column: pa.ChunkedArray, kind: str, name: str, what: str) -> pa.ChunkedArray:
    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    textual = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
    try:
        if kind in _NUMBERS and textual:
            return _number(column, whole=kind in {"integer", "long"})
        if kind == "boolean" and textual:
            return column.cast(pa.bool_())
        if kind == "string" and not textual:
            return column.cast(pa.string())
    except pa.ArrowInvalid as error:
        # Its text repeats a value.
        raise ServiceFailed(f"{what} takes {name} as {kind}, and the rows hold something else") from error
    return column


def _number(column: pa.ChunkedArray, *, whole: bool) -> pa.ChunkedArray:
    found = column.cast(pa.float64())
    return found.cast(pa.int64()) if whole and pc.all(pc.equal(found, pc.floor(found))).as_py() else found
