"""What serves or is logged without a policy is listed when it is asked for, and remembered."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.load import load_policies
from policies.unwatched import paths_read, unwatched_models
from profiles.neighbours import unread_folders
from registry.remembered import Remembered, remember, remembered
from registry.versions import MlflowVersions
from tests.console.conftest import MODEL, Installation
from tests.fakes import write_day
from tests.registry.test_versions import candidate


@pytest.mark.parametrize(
    ("registered", "broken", "found"),
    [
        ({MODEL: ("champion",)}, (), []),
        ({MODEL: ("challenger",)}, (), []),  # somebody watches this model already
        ({"other": ("live", "beta")}, (), [("other", "alias beta, live")]),
        ({"other": ()}, (), []),  # registered, but it serves nobody
        ({"shop.mended": ("live",)}, ("shop.mended",), []),
        ({"b": ("x",), "a": ("x",)}, (), [("a", "alias x"), ("b", "alias x")]),
    ],
)
def test_a_model_is_unwatched_when_it_has_an_alias_and_no_policy(
    bare: Installation, registered: dict[str, tuple[str, ...]], broken: tuple[str, ...], found: list[object]
) -> None:
    policies = [each.policy for each in load_policies([bare.folder / "policies"]).policies]
    told = unwatched_models(registered, policies, broken)
    assert [(each.name, each.known) for each in told] == found
    assert paths_read(policies) == ("traffic/*.parquet", "labels/*.parquet")


def touched(root: Path, *files: str) -> None:
    for each in files:
        (root / each).parent.mkdir(parents=True, exist_ok=True)
        (root / each).touch()


@pytest.mark.parametrize(
    ("paths", "found"),
    [
        (["logs/a/*.parquet"], ["logs/b", "logs/deep"]),
        (["logs/a"], ["logs/b", "logs/deep"]),
        (["logs/a/x.parquet", "logs/b"], ["logs/deep"]),
        (["logs/deep/{date}/*.csv"], ["logs/a", "logs/b"]),
        (["logs/deep/day=1/x.csv", "logs/a", "logs/b"], []),
        (["logs"], ["other"]),
        (["s3://bucket/logs/a"], []),
        (["gone/away"], []),
        ([], []),
    ],
)
def test_folders_of_rows_beside_those_that_are_read_are_found(
    tmp_path: Path, paths: list[str], found: list[str]
) -> None:
    touched(tmp_path, "logs/a/x.parquet", "logs/b/x.jsonl.gz", "logs/deep/day=1/x.csv", "logs/doc/notes.md")
    touched(tmp_path, "logs/.hidden/x.csv", "other/x.csv")
    assert [str(each.relative_to(tmp_path)) for each in unread_folders(paths, tmp_path)] == found


def test_what_was_seen_is_remembered_until_somebody_looks_again(tmp_path: Path) -> None:
    state, at = tmp_path / "state", datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert remembered(state) is None
    remember(state, at, ["a", "b"])
    assert remembered(state) == Remembered(at, ("a", "b"))
    remember(state, at, [])
    assert remembered(state) == Remembered(at, ())
    (state / "unwatched.json").write_text("[1")
    assert remembered(state) is None


def test_status_lists_what_is_unwatched_and_says_it_ever_after(
    bare: Installation, mlflow_store: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "unwatched" not in bare.run("status").output
    store = mlflow_store(bare.folder)
    monkeypatch.setenv("MUSTER_MLFLOW_URI", store)
    registry = MlflowVersions(store, str(bare.folder / "artifacts"))
    registry.register(candidate("Price Model"), alias="live")
    registry.register(candidate(MODEL), alias="champion")
    assert registry.aliases() == {"Price Model": ("live",), MODEL: ("champion",)}
    for day in range(2):
        write_day(bare.folder, day)
    touched(bare.folder, "refunds/2026.csv")

    told = bare.run("status", "--unwatched")
    assert told.exit_code == 0
    lines = told.output.splitlines()
    assert lines[:2] == ["model    Price Model  (alias live)", "traffic  refunds  (rows)"]
    assert lines[2].startswith("2 unwatched; `muster init --from-mlflow`")
    assert json.loads(bare.run("status", "--unwatched", "--json").stdout) == {
        "unwatched": [
            {"kind": "model", "name": "Price Model", "known": "alias live"},
            {"kind": "traffic", "name": "refunds", "known": "rows"},
        ]
    }
    assert bare.run("status", "--unwatched", "--exit-code").exit_code == 3
    last = bare.run("status").output.splitlines()[-1]
    assert last.startswith("2 unwatched on ")
    assert "unwatched" not in bare.run("status", "--json").output


def test_nothing_unwatched_is_said_in_words(bare: Installation) -> None:
    assert bare.run("status", "--unwatched").output == "nothing is unwatched\n"
    assert "unwatched" not in bare.run("status").output


def test_unwatched_takes_no_model(bare: Installation) -> None:
    result = bare.run("status", MODEL, "--unwatched")
    assert (result.exit_code, "takes no MODEL" in result.output) == (2, True)
