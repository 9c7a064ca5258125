"""A retraining that is killed at any point and run again makes one version, and one transition."""

import json
import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import mlflow.sklearn
import pandas as pd
import pyarrow as pa
import pytest
from sklearn.linear_model import LinearRegression

from flows.retrain_waiting import retrain_waiting, wanted
from flows.retraining import RetrainPorts
from flows.step import begin
from profiles.answers import Answers
from profiles.effects import observed
from registry.records import Actor
from registry.versions import MlflowVersions
from tests.crash import KILLED, in_child, killed_at
from tests.fakes import loaded
from tests.flows.retrained import NOW, register_champion, shop, world_at, write_rows
from training.orders import FitOrder, Fitted

pytestmark = pytest.mark.xdist_group("crash")

ANNA = Actor("anna", "person")


def fit(order: FitOrder) -> Fitted:
    """Fit here: what a child process does is tested elsewhere, and does not survive its parent."""
    rows = order.rows.to_pandas()
    model = LinearRegression().fit(rows[["x"]], rows[order.label])
    asked = order.asked.to_pandas()
    answers = Answers(pa.array(model.predict(asked[["x"]])))
    if order.folder.name != "challenger":
        return Fitted(None, answers)
    folder = order.folder / "model"
    signature = mlflow.models.infer_signature(pd.DataFrame({"x": [1.0]}), [1.0])
    mlflow.sklearn.save_model(model, str(folder), signature=signature, pip_requirements=["scikit-learn"])
    return Fitted(folder, answers)


def tell(root: Path, hours: int = 0) -> None:
    """Carry out what waits, so many hours after it was asked for."""
    uri = f"sqlite:///{root}/mlflow.db"
    world = world_at(root, uri, NOW + timedelta(hours=hours))
    versions = MlflowVersions(uri, str(root / "artifacts"))
    ports = RetrainPorts(fit, _never, versions.register_new, versions.made_by, root)
    with world.ledger:
        retrain_waiting(loaded(shop()), world, ports, f"worker {hours}")


def _never(*_: Any) -> Answers:
    raise AssertionError("the log holds the champion's answers")


def prepare(root: Path) -> None:
    """Let a champion serve, and somebody ask for a challenger."""
    uri = f"sqlite:///{root}/mlflow.db"
    register_champion(uri, root)
    world = world_at(root, uri)
    with world.ledger:
        watched = begin(shop(), "model: shop.prices\n", world)
        world.ledger.record_intents([wanted(shop(), ANNA, "by hand", NOW)], watched.policy_digest, NOW)


def left(root: Path) -> dict[str, Any]:
    """Read, in a process of its own, what is left, without times and without what a registry numbers."""

    def read() -> None:
        uri = f"sqlite:///{root}/mlflow.db"
        world = world_at(root, uri)
        with world.ledger as ledger:
            (intent,) = ledger.intents("shop.prices", ("retrain",))
            found = {
                "assignment": vars(ledger.assignment("shop.prices")),
                "transitions": [each.key for each in ledger.transitions("shop.prices")],
                "result": [intent.status, intent.sentence, intent.result],
                "states": dict(ledger.standing("shop.prices").states),
                "baselines": sorted(
                    [each.version, each.name, each.profile_digest, str(each.held_out)]
                    for each in ledger.baselines("shop.prices")
                ),
                "faults": [str(each) for each in ledger.verify().faults],
                "versions": len(MlflowVersions(uri)._client.search_model_versions("name = 'shop.prices'")),
                "scratch": [each.name for each in root.glob("muster-retrain-*")],
            }
            for each in ledger.baselines("shop.prices"):
                world.profiles.get(each.profile_digest)
        (root / "left.json").write_text(json.dumps(found))

    assert in_child(read) == 0
    told: dict[str, Any] = json.loads((root / "left.json").read_text())
    return told


def test_killed_at_any_point_and_done_again_it_ends_as_if_nobody_had_been_killed(
    tmp_path: Path, mlflow_store: Callable[[Path], str]
) -> None:
    before, root = tmp_path / "before", tmp_path / "shop"
    root.mkdir()
    mlflow_store(root)
    write_rows(root)
    assert in_child(lambda: prepare(root)) == 0
    shutil.copytree(root, before)

    def points() -> None:
        seen: list[str] = []
        with observed(seen.append):
            tell(root)
        (root / "seen.json").write_text(json.dumps(seen))

    assert in_child(points) == 0
    seen = json.loads((root / "seen.json").read_text())
    assert {
        "before mlflow log model",
        "after mlflow create version",
        "after ledger.commit transition",
    } <= set(seen)
    whole = left(root)
    assert whole["assignment"]["challenger"] == "2"
    assert (whole["versions"], whole["faults"], whole["scratch"]) == (2, [], [])
    for nth in range(len(seen)):
        shutil.rmtree(root)
        shutil.copytree(before, root)
        with observed(killed_at(nth)):
            assert in_child(lambda: tell(root)) == KILLED
        # Whoever was killed cannot clean up after itself; its lease ends, and another worker takes over.
        assert in_child(lambda: tell(root, hours=24)) == 0
        assert {**left(root), "scratch": []} == whole, seen[nth]
