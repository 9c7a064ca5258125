"""A story of one watched model, told moment by moment, by processes that may be killed while they tell it.

Run as a program it tells the story from a numbered moment on. It prints every moment and every effect's
point, and goes on only when it is told to, so that whoever kills it chooses where.
"""

import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.linear_model import LinearRegression
from sqlmodel import col, select

from flows.watch import catch_up
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.effects import Observer, observed
from profiles.errors import ProfileUnreadable
from profiles.reading import Reading
from registry.ledger import Ledger
from registry.model_registry import Candidate
from registry.profile_store import ProfileStore
from registry.tables import EntryRow
from registry.versions import MlflowVersions
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, world, write_day

MODEL = "shop.prices"
KILLED = 86  # no exit code of Python's own
_CHECKOUT = Path(__file__).resolve().parents[1]
_TICK = timedelta(hours=1)  # the policy's allowed lateness


@dataclass(frozen=True)
class Moment:
    """One watch of the model below a root; `happens` is what others did before to its files and alias."""

    name: str
    now: datetime
    happens: Callable[[Path], None]
    policy: Policy

    def watch(self, root: Path) -> None:
        """Catch up with the traffic, as a process that ends in good order."""
        opened = replace(world(root, self.now, FakeVersions()), versions=versions(root))
        catch_up(loaded(self.policy), opened)
        opened.ledger.close()


def versions(root: Path) -> MlflowVersions:
    """The model registry of the story."""
    return MlflowVersions(f"sqlite:///{root / 'mlflow.db'}", str(root / "artifacts"))


def register(root: Path) -> None:
    """Register two versions of the model, each with a baseline of its own; the first one serves."""
    rows = pd.DataFrame({"x": [0.0, 1.0, 2.0]})
    fitted = LinearRegression().fit(rows, 10 * rows.x)
    for days, alias in ((5, "champion"), (4, None)):
        attached = baseline(days)
        candidate = Candidate(MODEL, f"{days} days", fitted, rows, (attached,), attached.facts.scores)
        versions(root).register(candidate, alias=alias)


def _a_file_is_damaged(root: Path) -> None:
    for day in range(3):
        write_day(root, day)
    (root / "traffic" / "002.parquet").write_bytes(b"PAR1 not really")


def _it_is_repaired(root: Path) -> None:
    write_day(root, 2)
    write_day(root, 3)


def _the_alias_moves(root: Path) -> None:
    write_day(root, 4, shift=3.0)
    versions(root)._client.set_registered_model_alias(MODEL, "champion", "2")


def _rows_come_late(root: Path) -> None:
    write_day(root, 5)


# The first watch is blind, the second catches up, for the third the last day's labels have matured, and the
# fourth reads a window again that had been silent.
STORY = (
    Moment("a file is damaged", START + 3 * DAY + _TICK, _a_file_is_damaged, policy()),
    Moment("it is repaired", START + 4 * DAY + _TICK, _it_is_repaired, policy()),
    Moment("the alias moves", START + 7 * DAY + _TICK, _the_alias_moves, policy(minimum_rows=100)),
    Moment("rows come late", START + 7 * DAY + 2 * _TICK, _rows_come_late, policy(minimum_rows=100)),
)


def tell(root: Path, moments: Sequence[Moment]) -> None:
    """Tell a part of the story."""
    for moment in moments:
        moment.happens(root)
        moment.watch(root)


def killed_at(nth: int) -> Observer:
    """Return an observer that ends its process at the nth point (from 0), with no farewell."""
    seen: list[str] = []

    def observe(point: str) -> None:
        if len(seen) == nth:
            os._exit(KILLED)
        seen.append(point)

    return observe


def in_child(body: Callable[[], None]) -> int:
    """Run `body` in a forked process, which never returns from here, and return its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            body()
            code = 0
        except BaseException:  # noqa: BLE001 - whatever it is, the child must not go on as a second pytest
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def told_until_killed(root: Path, first: int, points: int) -> tuple[int, bool]:
    """Tell the story from moment `first` on in a new process, and kill it after some more points.

    Returns in which moment that was, and False where the story had ended before.
    """
    command = [sys.executable, "-m", "tests.crash", str(root), str(first)]
    reached = first
    with subprocess.Popen(
        command, cwd=_CHECKOUT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as told:
        assert told.stdin is not None
        assert told.stdout is not None
        for line in told.stdout:
            if line.startswith("moment "):
                reached = int(line.split()[1])
            else:
                points -= 1
            # Told to go on, it works while the signal comes; further than to the next point it cannot get.
            told.stdin.write("\n")
            told.stdin.flush()
            if points == 0:
                told.kill()
                break
        ended = told.wait()
    assert ended == (-signal.SIGKILL if points == 0 else 0)
    return reached, points == 0


@dataclass(frozen=True)
class Remains:
    """What the story has left.

    `head` is the hash of the model's newest entry, which covers all entries and rows with their times.
    `newest` is what is known of each window now; `missing` are profiles that the ledger names in vain.
    """

    content: dict[str, Any]
    head: str | None
    newest: tuple[tuple[Reading, Verdict], ...]
    faults: tuple[str, ...]
    missing: tuple[str, ...]


def remains(root: Path) -> Remains:
    """Read everything that lies below a root."""
    with Ledger.open(f"sqlite:///{root / 'state' / 'ledger.db'}") as ledger:
        content, found = ledger.content(), ledger.verify()
        windows = ledger.windows(MODEL)
        with ledger._database.reading() as session:
            head = session.exec(select(EntryRow.hash).order_by(col(EntryRow.seq).desc())).first()
    named = {row["profile_digest"] for table in ("baselines", "readings") for row in content[table]}
    store = ProfileStore(root / "state" / "profiles")
    return Remains(
        content,
        head,
        tuple((window.reading, window.verdict) for window in windows),
        tuple(str(fault) for fault in found.faults),
        tuple(_missing(store, sorted(named - {None}))),
    )


def _missing(store: ProfileStore, digests: list[str]) -> list[str]:
    missing = []
    for digest in digests:
        try:
            store.get(digest)
        except ProfileUnreadable as error:
            missing.append(str(error))
    return missing


def _ask(line: str) -> None:
    """Print a line and wait for permission to go on."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
    sys.stdin.readline()


if __name__ == "__main__":
    for number in range(int(sys.argv[2]), len(STORY)):
        _ask(f"moment {number}")
        STORY[number].happens(Path(sys.argv[1]))
        with observed(_ask):
            STORY[number].watch(Path(sys.argv[1]))
