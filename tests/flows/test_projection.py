"""The alias of a model that Muster decides about follows the ledger, and nobody else."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.predicting import keep_copies
from flows.projection import project
from flows.reconciliation import reconcile
from flows.world import World
from policies.intents import Intent
from policies.load import Fleet
from profiles.errors import RegistryUnavailable
from registry.model_files import ModelStore
from registry.records import ModelVersion, TransitionRequest
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
