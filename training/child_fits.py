"""`Fit` in production: a child process with an environment of its own, files in and files out."""

import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from profiles.answers import Answers
from profiles.columns import names
from profiles.errors import TrainerFailed
from profiles.window import spelled
from training.orders import FitOrder, Fitted

_CHILD = Path(__file__).with_name("child.py")
# All that a child inherits: neither credentials nor what configures Muster.
_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "OMP_NUM_THREADS")
_PACKAGES = ("scikit-learn", "numpy", "pandas", "scipy", "skops")
_TOLD = 2_000  # characters of a child's last words
_PROBABILITY = "probability "

# The deployment by its full name, its parameters and the time it has; returns when the run has ended, and
# cancels one whose time is over. Raises MusterError.
RunDeployment: TypeAlias = Callable[[str, Mapping[str, Any], timedelta], None]


@dataclass(frozen=True)
class ChildFits:
    """Carries out orders by the policy's trainer.

    `files` gives the folder with a version's files by registered name and version, `python` the interpreter
    for a policy, a version and that folder; both raise MusterError. `root` is where relative paths of
    policies start, `trusted` the types that a model in skops' format may hold. `run_deployment` is None where
    there is no Prefect server.
    """

    files: Callable[[str, str], Path]
    python: Callable[[FitOrder, Path | None], Path]
    root: Path
    trusted: Sequence[str]
    run_deployment: RunDeployment | None = None

    def __call__(self, order: FitOrder) -> Fitted:
        """Fit as the policy says; TrainerFailed tells what went wrong, and what to do."""
        trainer = order.policy.remediation.trainer
        champion = None if trainer.kind != "refit" else self.files(order.policy.registered_as, order.champion)
        order.folder.mkdir(parents=True, exist_ok=True)
        file = self._written(order, champion)
        said = f"the {trainer.kind} trainer of {order.policy.model}"
        if trainer.kind == "deployment":
            if self.run_deployment is None:
                raise TrainerFailed(f"{said} needs a Prefect server; start one, or set PREFECT_API_URL")
            self.run_deployment(str(trainer.entry), {"order": str(file)}, trainer.at_most)
        else:
            if trainer.kind == "command":
                command = [*shlex.split(str(trainer.entry)), str(file)]
            else:
                command = [str(self.python(order, champion)), str(_CHILD), str(file)]
            self._run(command, order, said)
        return _taken(order, said)

    def _written(self, order: FitOrder, champion: Path | None) -> Path:
        """Write the rows and the order; documented in docs/retraining.md."""
        trainer = order.policy.remediation.trainer
        folder = self._folder(order)
        pq.write_table(order.rows, order.folder / "rows.parquet")
        pq.write_table(order.asked, order.folder / "asked.parquet")
        told = {
            "version": 1,
            "model": order.policy.model,
            "task": order.policy.task,
            "recipe": order.recipe,
            "folder": str(order.folder),
            "rows": "rows.parquet",
            "asked": "asked.parquet",
            "features": list(order.features),
            "label": order.label,
            "weight": order.weight,
            "classes": list(order.policy.traffic.answers),
            "seed": order.seed,
            "trainer": trainer.kind,
            "entry": trainer.entry,
            "trainer_folder": None if folder is None else str(folder),
            "champion": None if champion is None else str(champion),
            "trusted": list(self.trusted),
            "packages": _packages(champion),
        }
        file = order.folder / "order.json"
        file.write_text(json.dumps(told, indent=1), encoding="utf-8")
        return file

    def _folder(self, order: FitOrder) -> Path | None:
        named = order.policy.remediation.trainer.folder
        if named is None:
            return None
        folder = (self.root / Path(named).expanduser()).absolute()
        if not folder.is_dir():
            raise TrainerFailed(
                f"the trainer of {order.policy.model} is to work in {folder}, which is no folder; correct "
                "remediation.trainer.folder"
            )
        return folder

    def _run(self, command: Sequence[str], order: FitOrder, said: str) -> None:
        folder = self._folder(order)
        limit = order.policy.remediation.trainer.at_most
        inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        own = {"PYTHONPATH": str(folder)} if folder is not None else {}
        output = order.folder / "output.txt"
        with output.open("wb") as stream:
            try:
                process = subprocess.Popen(  # noqa: S603 - what the team's policy names
                    list(command),
                    cwd=folder or order.folder,
                    env={"OMP_NUM_THREADS": "1", **inherited, **own},
                    stdin=subprocess.DEVNULL,
                    stdout=stream,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                raise TrainerFailed(f"{said} cannot be started: {command[0]}: {error.strerror}") from error
            try:
                code = process.wait(limit.total_seconds())
            except subprocess.TimeoutExpired as error:
                raise TrainerFailed(
                    f"{said} took longer than {spelled(limit)} and was ended; give it more time "
                    "(remediation.trainer.at_most) or fewer rows (remediation.recipe)"
                ) from error
            finally:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()
        if code:
            raise TrainerFailed(f"{said} {_ended(code)}{_last_words(order.folder)}")


def _ended(code: int) -> str:
    if code == -signal.SIGKILL:
        return (
            "was killed by the operating system, most likely for want of memory: give it fewer rows "
            "(remediation.recipe) or a larger machine"
        )
    return f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"


def _last_words(folder: Path) -> str:
    error, output = folder / "error.txt", folder / "output.txt"
    said = error.read_text(errors="replace") if error.exists() else ""
    if not said and output.exists():
        said = output.read_text(errors="replace").strip()[-_TOLD:]
    return f": {said}" if said else ""


def _taken(order: FitOrder, said: str) -> Fitted:
    """Read what the trainer has left; TrainerFailed when it does not fit the order."""
    model, answers, done = (order.folder / each for each in ("model", "answers.parquet", "done.json"))
    for needed in (model / "MLmodel", answers):
        if not needed.is_file():
            raise TrainerFailed(
                f"{said} has left no {needed.relative_to(order.folder)} in the order's folder"
                f"{_last_words(order.folder)}"
            )
    try:
        table = pq.read_table(answers)
        environment = json.loads(done.read_text()).get("environment", {}) if done.exists() else {}
    except (OSError, ValueError, pa.ArrowException) as error:
        raise TrainerFailed(f"what {said} has left cannot be read: {error}") from error
    if "prediction" not in table.schema.names or table.num_rows != order.asked.num_rows:
        raise TrainerFailed(
            f"{said} has left {table.num_rows:,} answers in the columns {', '.join(table.schema.names)}; one "
            f"for each of {order.asked.num_rows:,} rows is needed, in the column prediction"
        )
    chances = {
        _class_name(name.removeprefix(_PROBABILITY)): table.column(name).combine_chunks()
        for name in table.schema.names
        if name.startswith(_PROBABILITY)
    }
    wanted = order.policy.traffic.answers
    if missing := sorted(set(wanted) - set(chances)) if chances or wanted else []:
        raise TrainerFailed(f"{said} has answered no probability of the class {missing[0]}")
    prediction = table.column("prediction").combine_chunks()
    return Fitted(model, Answers(prediction, {name: chances[name] for name in wanted}), environment)


def _class_name(written: str) -> str:
    """Return a class as Muster spells it: 1, 1.0 and true are all `1`."""
    try:
        return str(names(np.array([json.loads(written)]))[0])
    except ValueError:
        return written


def _packages(champion: Path | None) -> list[str]:
    """Return the names of what the champion needs, and of what a model of scikit-learn does."""
    file = None if champion is None else champion / "requirements.txt"
    lines = file.read_text().splitlines() if file is not None and file.exists() else []
    found = [match[0] for line in lines if (match := re.match(r"[A-Za-z0-9][\w.-]*", line.strip()))]
    return [each for each in dict.fromkeys([*_PACKAGES, *found]) if each != "mlflow"]
