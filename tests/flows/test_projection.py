"""The alias of a model that Muster decides about follows the ledger, and nobody else."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.predicting import keep_copies
from flows.projection import project
from flows.reconciliation import reconcile
from flows.world import World
from policies.intents import Intent
from policies.load import Fleet
from policies.policy import Routes
from policies.target import Target
from profiles.errors import RegistryUnavailable
from registry.acting import nothing
from registry.model_files import ModelStore
from registry.moves import Wish, promote
from registry.records import Actor, ModelVersion, TransitionRequest
from registry.settings import load_settings
from tests.fakes import START, FakeVersions, loaded, policy, world

OURS = policy(authority="muster")


class Aliases(FakeVersions):
    """A model registry in memory whose aliases move."""

    def point(self, name: str, alias: str, version: str) -> None:
        self.aliases[name, alias] = version


class Away(Aliases):
    """A model registry that does not answer."""

    def served(self, name: str, alias: str) -> Any:
        raise RegistryUnavailable("the model registry did not answer")


@pytest.fixture
def here(tmp_path: Path) -> World:
    """A ledger by which version 2 of shop.prices serves."""
    made = world(tmp_path, START)
    made.ledger.record_policy(OURS, "source", START)
    made.ledger.record_version(ModelVersion(OURS.model, "2", "run-2", "models:/2"), (), START)
    request = TransitionRequest(
        OURS.model, 0, "first", "adopted", "external", "registry", "it serves", champion="2"
    )
    made.ledger.transit(request, START)
    return made


def test_an_alias_that_somebody_moved_is_moved_back_and_told(here: World) -> None:
    aliases = Aliases({(OURS.registered_as, OURS.alias): "7"})
    said = project(OURS, here, aliases)
    assert said == "the alias champion of shop.prices named version 7, and names version 2 now"
    assert project(OURS, here, aliases) is None
    assert aliases.aliases == {(OURS.registered_as, OURS.alias): "2"}
    assert "named no version" in str(project(OURS, here, Aliases()))


class TestAForeignChange:
    """It is an incident of the model, told by its tier, until the alias was seen to be right again."""

    def changes(self, here: World) -> list[tuple[str, str]]:
        return [(each.change, each.after.kind) for _, each in here.ledger.incident_changes(OURS.model)]

    def later(self, here: World, minutes: float) -> World:
        return replace(here, clock=lambda: START + timedelta(minutes=minutes))

    def test_it_opens_and_ends_once_however_often_it_is_looked_at(self, here: World) -> None:
        watched = replace(OURS, routes=Routes(high=("team",)))
        here.ledger.record_policy(watched, "source", START)
        aliases = Aliases({(OURS.registered_as, OURS.alias): "7"})
        for minutes in (0, 5, 10):
            project(watched, self.later(here, minutes), aliases)
        assert self.changes(here) == [("opened", "foreign_change"), ("resolved", "foreign_change")]
        alerts = [each.intent.content["alert"] for each in here.ledger.intents(OURS.model, ("send",))]
        assert [each["kind"] for each in alerts] == ["opened", "resolved"]
        assert alerts[0]["severity"] == "high"
        assert "pointed the alias champion of shop.prices at version 7" in alerts[0]["sentence"]
        assert "from run run-7" in alerts[0]["sentence"]
        aliases.aliases[OURS.registered_as, OURS.alias] = "8"
        project(watched, self.later(here, 15), aliases)
        assert [change for change, _ in self.changes(here)].count("opened") == 2
        assert here.ledger.verify().sound

    @pytest.mark.parametrize("point", ["before point", "after point"])
    def test_killed_around_the_move_it_is_one_incident(self, here: World, point: str) -> None:
        class Killed(BaseException):
            pass

        class Dying(Aliases):
            def point(self, name: str, alias: str, version: str) -> None:
                if point == "after point":
                    super().point(name, alias, version)
                raise Killed

        dying = Dying({(OURS.registered_as, OURS.alias): "7"})
        with pytest.raises(Killed):
            project(OURS, here, dying)
        assert self.changes(here) == [("opened", "foreign_change")]
        project(OURS, self.later(here, 5), Aliases(dying.aliases))
        project(OURS, self.later(here, 10), Aliases(dying.aliases))
        assert [change for change, _ in self.changes(here)] == ["opened", "resolved"]

    def test_an_alias_that_was_taken_away_is_one_too(self, here: World) -> None:
        project(OURS, here, Aliases())
        assert "took the alias champion of shop.prices away" in here.ledger.incidents(OURS.model)[0].sentence

    def test_an_alias_that_muster_left_behind_is_none(self, here: World) -> None:
        """A command makes the version answer: the alias follows here, and names the champion before."""
        by_command = replace(OURS, target=Target("command", "deploy"))
        here.ledger.record_version(ModelVersion(OURS.model, "3", None, "models:/3"), (), START)
        request = promote(here.ledger.standing(OURS.model), "3", Wish("p", Actor("ann", "person"), "better"))
        assert isinstance(request, TransitionRequest)
        here.ledger.move(request, START, then=nothing)
        aliases = Aliases({(OURS.registered_as, OURS.alias): "2"})
        assert "names version 3 now" in str(project(by_command, here, aliases))
        assert self.changes(here) == []


def test_the_alias_of_somebody_else_is_left_alone(here: World) -> None:
    aliases = Aliases({(OURS.registered_as, OURS.alias): "7"})
    assert project(replace(OURS, authority="external"), here, aliases) is None
    assert project(replace(OURS, model="shop.unknown"), here, aliases) is None
    here.ledger.record_intents([Intent(OURS.model, "carry out", "carry_out", "make 2 answer")], None, START)
    assert project(OURS, here, aliases) is None
    assert aliases.aliases == {(OURS.registered_as, OURS.alias): "7"}


def test_a_registry_that_does_not_answer_is_a_fault_of_its_models_and_stops_nothing(
    here: World, tmp_path: Path
) -> None:
    settings = load_settings({"MUSTER_STATE": str(tmp_path / "state")}, tmp_path)
    fleet = Fleet((loaded(OURS), loaded(policy("shop.other"))), ())
    copies = ModelStore(tmp_path / "models", lambda *_: None)
    done = reconcile(fleet, here, settings, {}, Away(), copies, show=lambda _: None)
    assert done.faults == ("shop.prices: the model registry did not answer",)
    assert not done.is_well
    assert done.sentence == f"nothing to do; 1 fault; first: {done.faults[0]}"
    assert reconcile(fleet, here, settings, {}, Aliases(), copies, show=lambda _: None).is_well


def test_versions_that_may_serve_are_copied_and_one_that_cannot_be_is_told(
    here: World, tmp_path: Path
) -> None:
    fetched: list[tuple[str, str]] = []

    def fetch(name: str, version: str, into: Path) -> None:
        fetched.append((name, version))
        (into / "MLmodel").write_text("flavors: {}")

    fleet = Fleet((loaded(OURS), loaded(policy("shop.other"))), ())
    (note,) = keep_copies(fleet, here, ModelStore(tmp_path / "none", lambda *_: None))
    assert note.startswith(
        "there is no copy of version 2 of shop.prices: version 2 of shop.prices has no files"
    )
    copies = ModelStore(tmp_path / "models", fetch)
    assert keep_copies(fleet, here, copies) == keep_copies(fleet, here, copies) == ()
    assert fetched == [("shop.prices", "2")]
