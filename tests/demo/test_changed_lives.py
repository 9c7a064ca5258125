"""The second story follows from the data: with other data it is another one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from demo.lives.living import living
from demo.lives.models import LIVES, Life, november
from demo.lives.told import Story, read_story, sentence
from docs.embed import CHECKOUT
from flows.replay import ticks
from flows.watch import catch_up
from flows.world import open_world
from policies.load import load_policies
from profiles.window import Window
from registry.settings import load_settings

pytestmark = pytest.mark.servers


class Lived:
    """Lets one model of the demonstration live with other data, and returns what became of it."""

    def __init__(self, state: Path, mlflow_uri: str, environ: Callable[[str, str], None]) -> None:
        root = str(state / "demo")
        environ("MUSTER_TRAFFIC_ROOT", root)  # where the target's command writes
        told = {"MUSTER_STATE": str(state), "MUSTER_TRAFFIC_ROOT": root, "MUSTER_MLFLOW_URI": mlflow_uri}
        self.settings = load_settings(told, CHECKOUT)
        self.shown: list[str] = []

    def __call__(self, life: Life, until: datetime) -> Story:
        name, serves = life.model.name, Window(life.model.serves.start, until)
        lives = {name: replace(life, model=replace(life.model, serves=serves))}
        found = load_policies([CHECKOUT / "demo" / "policies"]).policies
        fleet = {name: next(each for each in found if each.policy.model == name)}
        world = open_world(self.settings)
        with world.ledger, living(lives, fleet, world, self.settings, self.shown.append) as lived:
            for now in ticks(fleet[name].policy, serves.start, serves.end):
                lived.before(name, now)
                catch_up(fleet[name], replace(world, clock=lambda now=now: now))  # type: ignore[misc]
                lived.after(name, now)
            return read_story(world.ledger, name)


@pytest.fixture
def lived(tmp_path: Path, mlflow_store: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch) -> Lived:
    return Lived(tmp_path / "state", mlflow_store(tmp_path), monkeypatch.setenv)


def without_fault(name: str) -> Life:
    return replace(LIVES[name], model=replace(LIVES[name].model, fault=None))


def test_without_the_injected_drift_no_retraining_is_told(lived: Lived) -> None:
    story = lived(without_fault("mobility.trips"), november(12))
    assert story.retrainings == ()
    assert sentence(story) == "nothing happened"


def test_what_was_never_promoted_is_not_rolled_back_by_hand(lived: Lived) -> None:
    story = lived(without_fault("mobility.docks"), november(22))
    assert [each.kind for each in story.transitions] == ["adopted"]
    assert sentence(story) == "nothing happened"
    assert any("was not rolled back" in line for line in lived.shown)


def test_a_change_that_stays_has_its_challenger_promoted_and_not_refused(lived: Lived) -> None:
    life = LIVES["mobility.members"]
    assert life.model.fault is not None
    stays = replace(life.model, fault=replace(life.model.fault, ended=life.model.serves.end))
    story = lived(replace(life, model=stays), november(11))
    assert [each.kind for each in story.transitions] == ["adopted", "shadowed", "promoted"]
    assert "promoted 10 Nov" in sentence(story)
    assert "refused" not in sentence(story)
