"""A watch that is killed at any point and run again leaves the ledger that it would have left anyway."""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine

from bench.killing import in_child
from bench.stage import Stage, Told, copied
from profiles.effects import observed
from tests.crash import STORY, Moment, Remains, remains, staged, told

# What is expensive to set up here is shared by the module.
pytestmark = pytest.mark.xdist_group("crash")


@dataclass(frozen=True)
class Crash:
    """One kill: what it left behind, and what there was after the same watch was run again."""

    moment: int
    point: str
    left: Remains
    again: Told

    def __str__(self) -> str:
        return f"{STORY[self.moment].name}, killed {self.point}"


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

    sys.addaudithook(audit)
    event.listen(Engine, "commit", committed)
    event.listen(Engine, "begin", begun)
    with observed(note):
        moment.watch(root)


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory, mlflow_store: Callable[[Path], str]) -> Stage:
    return staged(tmp_path_factory.mktemp("crash"), mlflow_store)


@pytest.fixture(scope="module")
def crashes(stage: Stage) -> list[Crash]:
    found = []
    for moment in range(len(STORY)):
        for nth, point in enumerate(stage.points[moment]):
            kill = stage.kill(moment, nth)
            left = remains(copied(stage.root, stage.root.with_name("left")))
            found.append(Crash(moment, point.name, left, stage.again(moment, 1, [kill])))
    return found


def test_the_story_has_every_kind_of_record(stage: Stage) -> None:
    content = stage.after[-1].content
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
    assert [(each.faults, each.missing) for each in stage.after] == [((), ())] * len(STORY)


def test_no_commit_rename_or_call_of_mlflow_happens_outside_an_effect(stage: Stage, tmp_path: Path) -> None:
    log = tmp_path / "seen"
    for index, moment in enumerate(STORY):
        root = stage.reset(index)
        assert in_child(lambda now=moment, at=root: _spied(now, at, log)) == 0  # type: ignore[misc]
    doors = {
        "committed to the ledger": "ledger.",
        "renamed a file": "profile.rename",
        "called MLflow": "mlflow ",
    }
    inside, happened = "", set()
    for line in log.read_text().splitlines():
        if line in doors:
            assert inside.startswith(doors[line]), line
            happened.add(line)
        else:
            inside = line.removeprefix("before ") if line.startswith("before ") else ""
    assert happened == set(doors)


def test_a_watch_that_is_killed_and_run_again_leaves_the_same_ledger(
    crashes: list[Crash],
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
    assert [(str(crash), crash.again.differs) for crash in crashes if crash.again.differs] == []


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
def test_what_a_killed_watch_left_undone_the_next_one_makes_up_for(moment: int, stage: Stage) -> None:
    differing = []
    for nth, point in enumerate(stage.points[moment]):
        if point.name.startswith("before ledger."):
            stage.kill(moment, nth)
            told(stage.root, STORY[moment + 1 :])
            if remains(stage.root).newest != stage.after[-1].newest:
                differing.append(point.name)
    assert differing == []


def test_a_watch_that_is_killed_from_outside_three_times_leaves_the_same_ledger(stage: Stage) -> None:
    found = list(stage.shot_at(3, seed=22))
    assert sum(len(each.kills) for each in found) == 3
    assert [each for each in found if each.differs] == []
