from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from profiles.effects import observed
from profiles.errors import RegistryUnavailable
from profiles.held_out import HeldOut
from profiles.strata import Node, Strata, stratum_losses
from profiles.window import Window
from registry.model_registry import AttachedBaseline, BaselineFacts, Candidate
from registry.versions import MlflowVersions

PERIOD = Window(datetime(2025, 1, 1, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
ROWS = pd.DataFrame({"x": np.arange(50.0), "y": np.arange(50.0) % 7})


def candidate(name: str, estimator: Any = None, recipe: str = "first") -> Candidate:
    fitted = (estimator or LinearRegression()).fit(ROWS[["x"]], ROWS["y"])
    facts = BaselineFacts("default", "training", 50, PERIOD, {"mae": 1.25})
    return Candidate(
        name=name,
        recipe=recipe,
        estimator=fitted,
        example=ROWS[["x"]].head(2),
        baselines=(AttachedBaseline(facts, b"a profile's bytes"),),
        scores={"mae": 1.25},
    )


@pytest.fixture(scope="module")
def versions(mlflow_store: Callable[[Path], str], tmp_path_factory: pytest.TempPathFactory) -> MlflowVersions:
    folder = tmp_path_factory.mktemp("mlflow")
    return MlflowVersions(mlflow_store(folder), str(folder / "artifacts"))


def test_a_registered_version_is_served_by_its_alias_with_its_baseline(versions: MlflowVersions) -> None:
    registered = versions.register(candidate("a.first"), alias="champion")
    served = versions.served("a.first", "champion")
    assert served == registered
    assert served is not None
    assert versions.baselines(served) == tuple(candidate("a.first").baselines)


def test_what_held_out_rows_tell_lies_with_the_baseline_and_older_versions_have_none(
    versions: MlflowVersions,
) -> None:
    losses = stratum_losses(np.zeros(4, np.int64), 1, np.arange(4.0))
    told = HeldOut(4, "absolute error", Strata((Node(stratum=0),)), losses, {"x": 0.5}, {})
    whole = replace(candidate("a.learned").baselines[0], held_out=told)
    older = replace(whole, facts=replace(whole.facts, name="older"), held_out=None)
    versions.register(replace(candidate("a.learned"), baselines=(whole, older)), alias="champion")
    served = versions.served("a.learned", "champion")
    assert served is not None
    assert versions.baselines(served) == (whole, older)


def test_a_slices_baseline_keeps_its_name_whatever_folders_may_be_called(
    versions: MlflowVersions,
) -> None:
    whole = candidate("a.sliced").baselines[0]
    parts = [
        replace(whole, facts=replace(whole.facts, name=f"default/{name}"), profile=name.encode())
        for name in ("country=de", "path=../../c:\\ %2F?")
    ]
    versions.register(replace(candidate("a.sliced"), baselines=(whole, *parts)), alias="champion")
    served = versions.served("a.sliced", "champion")
    assert served is not None
    found = {each.facts.name: each for each in versions.baselines(served)}
    assert found == {each.facts.name: each for each in (whole, *parts)}


def test_the_same_recipe_twice_is_one_version(versions: MlflowVersions) -> None:
    first = versions.register(candidate("a.twice"), alias="champion")
    again = versions.register(candidate("a.twice"), alias="champion")
    other = versions.register(candidate("a.twice", recipe="second"))
    assert (again.version, other.version) == (first.version, "2")


def test_registering_a_second_version_does_not_change_who_serves(versions: MlflowVersions) -> None:
    versions.register(candidate("a.kept"), alias="champion")
    versions.register(candidate("a.kept", recipe="second"), alias="champion")
    served = versions.served("a.kept", "champion")
    assert served is not None
    assert served.version == "1"


@pytest.mark.parametrize(
    "estimator",
    [DecisionTreeRegressor(max_depth=2), HistGradientBoostingRegressor(max_iter=2)],
    ids=["a decision tree", "a gradient boosted forest"],
)
def test_tree_models_register_without_pickle(versions: MlflowVersions, estimator: object) -> None:
    name = f"a.{type(estimator).__name__}"
    assert versions.register(candidate(name, estimator)).version == "1"


def test_an_unknown_model_and_an_unknown_alias_serve_nobody(versions: MlflowVersions) -> None:
    versions.register(candidate("a.unserved"))
    assert versions.served("a.unserved", "champion") is None
    assert versions.served("a.unheard-of", "champion") is None


def test_a_version_without_baselines_has_none(versions: MlflowVersions) -> None:
    bare = versions.register(replace(candidate("a.bare"), baselines=()), alias="champion")
    assert versions.baselines(bare) == ()


def test_a_registry_that_does_not_answer_is_said_without_its_password(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    broken = MlflowVersions("http://muster:secret@127.0.0.1:1")
    with pytest.raises(RegistryUnavailable) as caught:
        broken.served("a.first", "champion")
    assert "secret" not in str(caught.value)
    assert "at http://127.0.0.1:1 did not answer" in str(caught.value)


def test_every_change_and_question_is_an_effect(versions: MlflowVersions) -> None:
    points: list[str] = []
    with observed(points.append):
        served = versions.register(candidate("a.watched"), alias="champion")
        versions.baselines(served)
    assert [point.removeprefix("before ") for point in points if point.startswith("before ")] == [
        "mlflow log model",
        "mlflow create version",
        "mlflow get alias",
        "mlflow set alias",
        "mlflow fetch baselines",
    ]


def test_every_aliased_version_is_listed_with_what_its_signature_tells(
    mlflow_store: Callable[[Path], str], tmp_path: Path
) -> None:
    versions = MlflowVersions(mlflow_store(tmp_path), str(tmp_path / "artifacts"))
    versions.register(candidate("a.numbers"), alias="champion")
    versions.register(candidate("a.waiting"))
    (found,) = versions.aliased()
    assert (found.served.name, found.alias, found.served.version) == ("a.numbers", "champion", "1")
    assert (found.features, found.task) == (("x",), "regression")


def test_asking_a_store_that_does_not_exist_does_not_make_it(tmp_path: Path) -> None:
    versions = MlflowVersions(f"sqlite:///{tmp_path}/none.db")
    assert versions.served("a.first", "champion") is None
    assert versions.aliased() == ()
    assert not (tmp_path / "none.db").exists()
