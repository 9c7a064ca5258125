"""A story of one watched model, told moment by moment, by processes that may be killed while they tell it."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.linear_model import LinearRegression
from sqlmodel import col, select

from bench.killing import in_child
from bench.stage import Chapter, Stage, Story
from flows.watch import catch_up
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.errors import ProfileUnreadable
from profiles.reading import Reading
from registry.ledger import Ledger
from registry.model_registry import Candidate
from registry.profile_store import ProfileStore
from registry.tables import EntryRow
from registry.versions import MlflowVersions
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, world, write_day

MODEL = "shop.prices"
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


def staged(folder: Path, store: Callable[[Path], str]) -> Stage:
    """Tell the story undisturbed in an empty folder; `store` puts a fresh store of MLflow's into one."""
    registry, root = folder / "registry", folder / "root"
    registry.mkdir()
    root.mkdir()
    store(registry)
    register(registry)
    shutil.copy(registry / "mlflow.db", root)
    # Once in this process, away from the stage, so that its forks find everything imported.
    STORY[0].happens(registry)
    STORY[0].watch(registry)
    chapters = [Chapter(each.name, each.happens, lambda at, _, now=each: now.watch(at)) for each in STORY]  # type: ignore[misc]
    stage = Stage(Story(tuple(chapters), remains), root)
    stage.tell()
    return stage


def told(root: Path, moments: Sequence[Moment]) -> None:
    """Tell a part of the story in a process of its own."""
    assert in_child(lambda: tell(root, moments)) == 0
