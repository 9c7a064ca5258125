"""A watch that is killed at any point and run again leaves the ledger that it would have left anyway."""

import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from profiles.effects import observed
from tests.crash import (
    KILLED,
    STORY,
    Moment,
    Remains,
    in_child,
    killed_at,
    register,
    remains,
    tell,
    told_until_killed,
)

# What is expensive to set up here is shared by the module.
pytestmark = pytest.mark.xdist_group("crash")


@dataclass(frozen=True)
class Stage:
    """Where the story happens, and how it went when nobody was killed.

    All tellings share one root, because messages about damaged files name their path. `before` holds
    copies of it from before each moment and from the end. `seen` is what was seen during each moment:
    the effects' points, and between them what really happened outside.
    """

    root: Path
    before: tuple[Path, ...]
    seen: tuple[tuple[str, ...], ...]

    def points(self, moment: int) -> list[str]:
        return [line for line in self.seen[moment] if line.startswith(("before ", "after "))]

    def reset(self, moment: int) -> Path:
        return _copied(self.before[moment], self.root)

    def after(self, moment: int) -> Remains:
        return remains(self.reset(moment + 1))

    def kill(self, moment: int, nth: int) -> Path:
        root = self.reset(moment)
        with observed(killed_at(nth)):
            assert in_child(lambda: tell(root, STORY[moment : moment + 1])) == KILLED
        return root

    def crashed(self, moment: int, nth: int) -> "Crash":
        root = self.kill(moment, nth)
        left = remains(_copied(root, root.with_name("left")))
        assert in_child(lambda: tell(root, STORY[moment : moment + 1])) == 0
        return Crash(moment, self.points(moment)[nth], left, remains(root))


@dataclass(frozen=True)
class Crash:
    """One kill: what it left behind, and what there was after the same watch was run again."""

    moment: int
    point: str
    left: Remains
    again: Remains

    def __str__(self) -> str:
        return f"{STORY[self.moment].name}, killed {self.point}"


def _copied(source: Path, target: Path) -> Path:
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(source, target))


def _spied(moment: Moment, root: Path, log: Path) -> None:
    """Watch, and write to `log` the points beside every commit, rename and transaction of MLflow.

    The last three are caught below the doors. Only for a child: the hooks stay.
    """

    def note(line: str) -> None:
        with log.open("a") as lines:
            lines.write(f"{line}\n")

    def audit(name: str, arguments: tuple[Any, ...]) -> None:
        if name == "os.rename" and str(arguments[0]).startswith(str(root)):
            note("renamed a file")

    def committed(connection: Connection) -> None:
        if str(connection.engine.url.database).endswith("ledger.db"):
            note("committed to the ledger")

    def begun(connection: Connection) -> None:
        if str(connection.engine.url.database).endswith("mlflow.db"):
            note("called MLflow")

    moment.happens(root)
    sys.addaudithook(audit)
    event.listen(Engine, "commit", committed)
    event.listen(Engine, "begin", begun)
    with observed(note):
        moment.watch(root)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, mlflow_store: Callable[[Path], str]) -> Stage:
    folder = tmp_path_factory.mktemp("crash")
    registry, root = folder / "registry", folder / "root"
    registry.mkdir()
    root.mkdir()
    mlflow_store(registry)
    register(registry)
    shutil.copy(registry / "mlflow.db", root)
    # Once in this process, away from the stage, so that its forks find everything imported.
    STORY[0].happens(registry)
    STORY[0].watch(registry)

    before, seen = [_copied(root, folder / "before-0")], []
    for index, moment in enumerate(STORY):
        log = folder / f"seen-{index}"
        assert in_child(lambda now=moment, log=log: _spied(now, root, log)) == 0  # type: ignore[misc]
        seen.append(tuple(log.read_text().splitlines()))
        before.append(_copied(root, folder / f"before-{index + 1}"))
    return Stage(root, tuple(before), tuple(seen))


@pytest.fixture(scope="module")
def uninterrupted(stage: Stage) -> list[Remains]:
    return [stage.after(moment) for moment in range(len(STORY))]


@pytest.fixture(scope="module")
def crashes(stage: Stage) -> list[Crash]:
    return [
        stage.crashed(moment, nth) for moment in range(len(STORY)) for nth in range(len(stage.points(moment)))
    ]


def test_the_story_has_every_kind_of_record(uninterrupted: list[Remains]) -> None:
    content = uninterrupted[-1].content
    assert [row["revision"] for row in content["transitions"]] == [1, 2]
    assert len(content["policies"]) == len(content["baselines"]) == 2
    assert [
        (row["window_start"][5:10], row["revision"], row["measured"], row["version"])
        for row in content["readings"]
    ] == [
        ("03-01", 1, True, "1"),
        ("03-02", 1, True, "1"),
        ("03-03", 1, False, None),
        ("03-03", 2, True, "1"),
        ("03-04", 1, True, "1"),
        ("03-04", 2, True, "1"),
        ("03-05", 1, True, "1"),
        ("03-06", 1, True, "1"),
        ("03-06", 2, True, "1"),
        ("03-07", 1, True, "1"),
    ]
    assert [
        row["window_start"][5:10] for row in content["incident_changes"] if row["change"] == "corrected"
    ] == ["03-06"]
    assert [(each.faults, each.missing) for each in uninterrupted] == [((), ())] * len(STORY)


def test_no_commit_rename_or_call_of_mlflow_happens_outside_an_effect(stage: Stage) -> None:
    doors = {
        "committed to the ledger": "ledger.",
        "renamed a file": "profile.rename",
        "called MLflow": "mlflow ",
    }
    inside, happened = "", set()
    for line in chain.from_iterable(stage.seen):
        if line in doors:
            assert inside.startswith(doors[line]), line
            happened.add(line)
        else:
            inside = line.removeprefix("before ") if line.startswith("before ") else ""
    assert happened == set(doors)


def test_a_watch_that_is_killed_and_run_again_leaves_the_same_ledger(
    crashes: list[Crash], uninterrupted: list[Remains]
) -> None:
    assert {crash.point.partition(" ")[2] for crash in crashes} == {
        "ledger.migrate",
        "ledger.commit policy",
        "ledger.commit version",
        "ledger.commit transition",
        "ledger.commit window",
        "ledger.commit look",
        "profile.rename",
        "mlflow get alias",
        "mlflow fetch baselines",
    }
    assert [str(crash) for crash in crashes if crash.again != uninterrupted[crash.moment]] == []


def test_a_transaction_is_whole_after_its_commit_and_not_there_before(crashes: list[Crash]) -> None:
    wrong = []
    for earlier, later in pairwise(crashes):
        changed = earlier.left.content != later.left.content
        # A look is no fact: it only saves the next one from looking again.
        if changed != later.point.startswith("after ledger.commit") and "look" not in later.point:
            wrong.append(str(later))
    assert wrong == []


def test_a_killed_watch_leaves_a_sound_ledger_that_names_only_stored_profiles(crashes: list[Crash]) -> None:
    assert [
        (str(crash), crash.left.faults, crash.left.missing)
        for crash in crashes
        if crash.left.faults or crash.left.missing
    ] == []


# Not the one before rows come late: who was killed there reads them with all the others, and judges the next
# window by what it then knows of the one before.
@pytest.mark.parametrize("moment", range(len(STORY) - 2), ids=[moment.name for moment in STORY[:-2]])
def test_what_a_killed_watch_left_undone_the_next_one_makes_up_for(
    moment: int, stage: Stage, uninterrupted: list[Remains]
) -> None:
    differing = []
    for nth, point in enumerate(stage.points(moment)):
        if point.startswith("before ledger."):
            stage.kill(moment, nth)
            assert in_child(lambda: tell(stage.root, STORY[moment + 1 :])) == 0
            if remains(stage.root).newest != uninterrupted[-1].newest:
                differing.append(point)
    assert differing == []


def test_a_watch_that_is_killed_from_outside_three_times_leaves_the_same_ledger(
    stage: Stage, uninterrupted: list[Remains]
) -> None:
    root, moment = stage.reset(0), 0
    for points in np.random.default_rng(22).integers(8, 20, size=3):
        moment, killed = told_until_killed(root, moment, int(points))
        assert killed
    assert in_child(lambda: tell(root, STORY[moment:])) == 0
    assert remains(root) == uninterrupted[-1]
