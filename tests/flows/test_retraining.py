"""Retraining with real parts: MLflow, child processes, a ledger."""

import runpy
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from flows.retrain_waiting import retrain_waiting, retrained_before, wanted
from flows.retraining import DidNotHelp, Refused, Retrained, RetrainOrder, retrain
from policies.remediation import Trainer
from registry.moves import Wish
from registry.moves import reject as rejection
from registry.records import Actor
from registry.retrainings import useless_in_a_row
from registry.versions import MlflowVersions
from tests.fakes import loaded
from tests.flows.retrained import NOW, opened, shop, trained_by
from training.orders import FitOrder, Fitted

ANNA = Actor("anna", "person")
ORDER = RetrainOrder("retrain for drift", NOW, ANNA, "prices have doubled")
Store = Callable[[Path], str]
EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "trainer.py"


def test_a_better_challenger_is_registered_complete_and_stands_in_shadow(
    tmp_path: Path, mlflow_store: Store
) -> None:
    with opened(tmp_path, mlflow_store) as (world, ports):
        found = retrain(ORDER, loaded(shop()), world, ports)
        assert isinstance(found, Retrained), found
        assert "less than the champion" in found.comparison
        now = world.ledger.assignment("shop.prices")
        assert now is not None
        assert (now.champion, now.challenger, now.challenger_role) == ("1", "2", "shadow")
        names = {each.name for each in world.ledger.baselines("shop.prices") if each.version == "2"}
        assert names == {"default", "default/labels"}
        made = world.ledger.baseline("shop.prices", "2")
        assert made is not None
        assert made.held_out is not None
        assert made.scores["mae"] < 1.5
        assert isinstance(world.versions, MlflowVersions)
        told = world.versions.made_by("shop.prices", _recipe(world.versions))
        assert told is not None
        assert told.told["parent"] == "1"
        assert told.told["order"] == ORDER.key
        assert "scikit-learn" in told.told["environment"]
        # Done again, nothing is done again.
        assert retrain(ORDER, loaded(shop()), world, ports) == found
        assert world.ledger.version("shop.prices", "3") is None
        # What was fitted answers as any other version does: with the slope that the labels have now.
        answers = ports.predict(shop(), "2", pq.read_table(tmp_path / "traffic" / "all.parquet").slice(0, 5))
        logged = pq.read_table(tmp_path / "traffic" / "all.parquet").column("price").to_numpy()[:5]
        assert answers.prediction.to_numpy() == pytest.approx(2 * logged, abs=0.5)


def _recipe(versions: MlflowVersions) -> str:
    recipe: str = versions._client.get_model_version("shop.prices", "2").tags["muster.recipe"]
    return recipe


def test_a_challenger_that_is_not_better_is_recorded_as_no_help(tmp_path: Path, mlflow_store: Store) -> None:
    with opened(tmp_path, mlflow_store, slope=10.0) as (world, ports):
        found = retrain(ORDER, loaded(shop()), world, ports)
        assert isinstance(found, DidNotHelp), found
        assert len(found.evaluations) == 2
        assert all("than the champion" in each for each in found.reasons)
        assert world.ledger.version("shop.prices", "2") is None


def test_a_wish_is_claimed_carried_out_and_ended_with_its_outcome(
    tmp_path: Path, mlflow_store: Store
) -> None:
    with opened(tmp_path, mlflow_store) as (world, ports):
        world.ledger.record_intents([wanted(shop(), ANNA, "because", NOW)], None, NOW)
        (found,) = retrain_waiting(loaded(shop()), world, ports, "test")
        assert isinstance(found, Retrained)
        assert retrain_waiting(loaded(shop()), world, ports, "test") == ()
        (before,) = retrained_before("shop.prices", world)
        assert (before.outcome, before.version, before.helped) == ("retrained", "2", None)
        contest = world.ledger.standing("shop.prices")
        world.ledger.move(rejection(contest, Wish("no", ANNA, "worse")), NOW)  # type: ignore[arg-type]
        (after,) = retrained_before("shop.prices", world)
        assert after.helped is False
        assert useless_in_a_row([after]) == 1


def test_nobody_is_fitted_while_a_challenger_contends(tmp_path: Path, mlflow_store: Store) -> None:
    with opened(tmp_path, mlflow_store) as (world, ports):
        retrain(ORDER, loaded(shop()), world, ports)
        other = replace(ORDER, key="another")
        untouched = replace(ports, fit=_never)
        assert retrain(other, loaded(shop()), world, untouched) == Refused(
            ("version 2 contends already as shadow",)
        )


def _never(_order: FitOrder) -> Fitted:
    raise AssertionError("nothing is to be fitted")


def test_a_deployment_of_somebody_elses_is_run_and_its_files_are_taken(
    tmp_path: Path, mlflow_store: Store
) -> None:
    made = trained_by(Trainer("deployment", "team/fit"))
    with opened(tmp_path, mlflow_store, made=made) as (world, ports):
        asked = []

        def run(name: str, parameters: dict[str, str], _at_most: timedelta) -> None:
            asked.append(name)
            _fit_by_hand(Path(parameters["order"]))

        replaced = replace(ports, fit=replace(ports.fit, run_deployment=run))  # type: ignore[type-var]
        found = retrain(ORDER, loaded(made), world, replaced)
    assert isinstance(found, Retrained), found
    assert asked == ["team/fit"] * 3  # two recipes, and the better one again


def _fit_by_hand(order: Path) -> None:
    runpy.run_path(str(EXAMPLE))["main"](str(order))
