"""Retraining, shadow, promotion, rollback and messages: killed anywhere and run again, nobody can tell."""

from collections.abc import Iterator

import pytest

from bench.acting_remains import repeats
from bench.acting_shop import CHALLENGER, CHAMPION, SPARE
from bench.acting_story import CHAPTERS, told_in
from bench.stage import Stage

pytestmark = pytest.mark.xdist_group("crash")

KILLS = 20
PASSED = {
    "retrain": {"mlflow log model", "mlflow commit", "mlflow create version", "ledger.commit transition"},
    "shadow": {"ledger.commit paired reading", "ledger.commit transition", "mlflow set alias"},
    "rollback": {"ledger.commit transition", "mlflow set alias", "alert.send webhook"},
    "promote": {"ledger.commit transition", "mlflow set alias", "alert.send slack"},
    "approval": {"target webhook", "mlflow set alias", "model files.rename"},
    "send": {"target webhook", "alert.send slack", "alert.send webhook"},
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with told_in(tmp_path_factory.mktemp("kills")) as stage:
        yield stage


def test_undisturbed_the_story_goes_from_drift_to_recovery_and_back(stage: Stage) -> None:
    left = stage.after[-1]
    assert left["transitions"] == [
        *("adopted", "shadowed", "promoted", "rolled_back", "unfrozen", "promoted"),
        *("shadowed", "promoted", "rolled_back"),
    ]
    assert [each["serves"] for each in stage.after] == [
        *(CHAMPION, CHALLENGER, CHAMPION, CHALLENGER, SPARE, CHALLENGER)
    ]
    assert (left["open"], left["faults"], left["unlike the ledger"]) == ([], [], [])
    assert left["versions"] == left["copies"] == [CHAMPION, SPARE, CHALLENGER]
    messages = [each for each in left["content"]["intents"] if each["kind"] == "send"]
    assert len(left["told"]["/slack"]) + len(left["told"]["/hook"]) == len(messages) == 12
    for each in stage.after:
        assert each["aliases"] == {"champion": each["serves"]}


def test_every_kind_of_effect_is_among_the_points(stage: Stage) -> None:
    for chapter, points in zip(CHAPTERS, stage.points, strict=True):
        assert {point.name.partition(" ")[2] for point in points} >= PASSED[chapter.name], chapter.name


@pytest.mark.parametrize("chapter", range(len(CHAPTERS)), ids=[each.name for each in CHAPTERS])
def test_killed_between_any_two_effects_and_run_again_the_end_is_the_same(stage: Stage, chapter: int) -> None:
    found = list(stage.crashed(chapter))
    assert len(found) > len(stage.points[chapter]) // 2
    assert [each for each in found if each.differs] == []


def test_killed_from_outside_at_any_moment_twenty_times_the_end_is_the_same(stage: Stage) -> None:
    found = list(stage.shot_at(KILLS, seed=5))
    kills = [kill for each in found for kill in each.kills]
    assert len(kills) == KILLS
    assert len({kill.chapter for kill in kills}) >= 4
    assert [each for each in found if each.differs] == []
    # Slack knows no keys: a message whose mark was lost is repeated, at most once per kill.
    assert repeats(stage.root) <= KILLS
