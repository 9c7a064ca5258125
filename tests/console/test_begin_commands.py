"""From a sample to a verdict in three commands, with what a person sees on the way."""

import re
import shlex
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result

from bench.held_out import held_out
from bench.more_strangers import more_strangers
from bench.stranger import Stranger, roles_right
from bench.strangers import strangers
from console.main import muster
from policies.load import load_policies
from registry.ledger import Ledger
from registry.records import PROPOSED, UNVERSIONED
from registry.settings import load_settings
from registry.versions import MlflowVersions
from tests.console.conftest import MODEL, Installation
from tests.fakes import write_day
from tests.registry.test_versions import candidate

NAMES = ("tumours", "digits", "diabetes", "wine", "bikes")
MORE = ("irises", "calls", "commits", "athletes", "picture")
HELD_OUT = ("vintages", "leads", "shapes", "insulin", "clinic")


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(muster, list(arguments), prog_name="muster")


@pytest.fixture(scope="module")
def brought(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Stranger]:
    folder = tmp_path_factory.mktemp("sets")
    return {each.name: each for each in (*strangers(folder), *more_strangers(folder), *held_out(folder))}


@pytest.fixture
def empty(tmp_path: Path, entered: Callable[[Path], None]) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    entered(folder)
    return folder


def begun(stranger: Stranger, *more: str) -> Result:
    labels = [] if stranger.labels is None else ["--labels", stranger.labels]
    return typed("init", "--traffic", stranger.traffic, *labels, "--model", stranger.name, *more)


def written(folder: Path, name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((folder / "policies" / "team" / f"{name}.yaml").read_text())
    return found


@pytest.mark.parametrize("name", [*NAMES, *MORE, *HELD_OUT])
def test_a_stranger_has_a_verdict_after_three_commands(
    brought: dict[str, Stranger], empty: Path, name: str
) -> None:
    first = begun(brought[name])
    assert first.exit_code == 0, first.output
    assert "baseline, unconfirmed:" in first.output
    assert re.search(r"^\d+ (day|week|window)s: .*(met|breached)", first.output, re.MULTILINE)
    watch, status = re.findall(r"^  muster (.+)$", first.output.split("next:\n")[1], re.MULTILINE)
    second = typed(*shlex.split(watch))
    assert second.exit_code in {0, 3}, second.output
    third = typed(*shlex.split(status))
    assert third.exit_code == 0
    assert re.search(r"met|at risk|breached", third.output)
    assert load_policies([empty / "policies"]).faults == ()
    with Ledger.open(load_settings(cwd=empty).database_url) as ledger:
        judged = ledger.windows(f"team.{name}")
        assert ledger.verify().sound
    assert any(each.verdict.status in {"met", "at_risk", "breached"} for each in judged)
    assert {each.reading.baseline.name for each in judged if each.reading.baseline} == {PROPOSED}


def test_at_least_95_of_100_roles_are_inferred_right(brought: dict[str, Stranger], empty: Path) -> None:
    right = 0
    wrong: list[str] = []
    for name in [*NAMES, *MORE, *HELD_OUT]:
        begun(brought[name])
        found, missed = roles_right(brought[name], written(empty, name))
        right, wrong = right + found, [*wrong, *missed]
    assert right >= 0.95 * (right + len(wrong)), wrong


def test_the_file_says_why_each_value_was_guessed(brought: dict[str, Stranger], empty: Path) -> None:
    begun(brought["tumours"])
    text = (empty / "policies" / "team" / "tumours.yaml").read_text()
    said = [line for line in text.splitlines() if ":" in line and not line.startswith("#")]
    plain = [line.split(":")[0].strip() for line in said if "# guessed: " not in line]
    assert plain == [
        "version",
        "model",
        "traffic",
        "path",
        "labels",
        "path",
        "objectives",
        "freshness",
        "performance",
    ]


def test_an_unconfirmed_baseline_is_said_everywhere_until_it_is_confirmed(
    brought: dict[str, Stranger], empty: Path
) -> None:
    begun(brought["diabetes"])
    model = "team.diabetes"
    assert "its baseline is unconfirmed" in typed("status").output
    assert "proposed (unconfirmed)" in typed("why", model).output
    assert "proposed, unconfirmed" in typed("baseline", "list", model).output
    assert f"version {UNVERSIONED}" in typed("status").output

    confirmed = typed("baseline", "set", model)
    assert confirmed.exit_code == 0, confirmed.output
    assert typed("watch", model, "--from", "2026-10-20", "--to", "2026-10-31").exit_code in {0, 3}
    assert "unconfirmed" not in typed("status").output
    assert "superseded" in typed("baseline", "list", model).output
    assert "is compared with the baseline default" in typed("history", model).output
    again = typed("baseline", "set", model)
    assert (again.exit_code, "no baseline of team.diabetes waits" in again.output) == (1, True)


def test_what_cannot_be_inferred_is_one_line_to_fill_in(brought: dict[str, Stranger], empty: Path) -> None:
    stranger = brought["diabetes"]
    import pandas as pd

    rows = (
        pd.read_parquet(stranger.traffic).drop(columns="actual_progress").rename(columns={"expected": "z9"})
    )
    rows.to_parquet(empty / "log.parquet")
    first = typed("init", "--traffic", "log.parquet", "--model", "health.sugar")
    assert first.exit_code == 3
    assert "fill in traffic.prediction: the column with the model's answer, one of" in first.output
    path = empty / "policies" / "health" / "sugar.yaml"
    assert len(re.findall("# fill in:", path.read_text())) == 2  # the task depends on it
    assert load_policies([empty / "policies"]).faults == ()

    path.write_text(path.read_text().replace("FILL_IN_TRAFFIC_PREDICTION", "z9"))
    commands = re.findall(r"^  muster (.+)$", first.output, re.MULTILINE)
    assert typed(*shlex.split(commands[0])).exit_code == 0
    watched = typed("watch", "health.sugar", "--from", "2026-10-20", "--to", "2026-10-25")
    assert "5 days: " in watched.output


def test_init_writes_over_nothing(brought: dict[str, Stranger], empty: Path) -> None:
    begun(brought["wine"])
    again = begun(brought["wine"])
    assert again.exit_code == 1
    assert "is there already" in again.output


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ([], 2, "either --traffic PATH or --from-mlflow"),
        (["--traffic", "x.parquet", "--from-mlflow"], 2, "either --traffic PATH or --from-mlflow"),
        (["--traffic", "nowhere.parquet"], 1, "no file matches nowhere.parquet"),
        (["--traffic", "nowhere"], 1, "neither a file of a known format nor a folder"),
        (["--from-mlflow"], 1, "no version has an alias"),
        (["--traffic", "x.csv", "--model", "a.b", "--team", "c"], 2, "--model says team a"),
    ],
)
def test_what_cannot_be_begun_is_one_message(empty: Path, arguments: list[str], code: int, said: str) -> None:
    result = typed("init", *arguments)
    assert (result.exit_code, said in result.output) == (code, True), result.output
    assert not (empty / "policies").exists()


def test_a_root_that_the_settings_do_not_name_is_refused(installed: Installation) -> None:
    result = installed.run("init", "--traffic", "traffic", "--to", "elsewhere")
    assert result.exit_code == 1
    assert "add" in result.output
    assert not (installed.folder / "elsewhere").exists()


def test_a_folder_of_files_is_a_sample_too(bare: Installation) -> None:
    for day in range(4):
        write_day(bare.folder, day)
    result = bare.run("init", "--traffic", "traffic", "--labels", "labels", "--model", "again")
    assert result.exit_code == 0, result.output
    (loaded,) = (
        e for e in load_policies([bare.folder / "policies"]).policies if e.policy.model == "shop.again"
    )
    assert loaded.policy.traffic.path == "traffic"
    assert loaded.policy.traffic.prediction == "price"
    assert loaded.policy.traffic.format == "parquet"


def test_watch_tells_what_is_due_and_what_it_saw(installed: Installation) -> None:
    again = installed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-03")
    assert "2 days: " in again.output
    assert again.exit_code == 3  # the newest of them is breached
    assert installed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-02").exit_code == 0
    none = installed.run("watch", MODEL, "--from", "2026-03-01T00:00Z", "--to", "2026-03-01T12:00Z")
    assert (none.exit_code, "no window of shop.prices has closed" in none.output) == (0, True)


def test_watching_a_span_again_leaves_the_ledger_as_it_was(installed: Installation) -> None:
    installed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-07")
    with Ledger.open(load_settings(cwd=installed.folder).database_url) as ledger:
        before = ledger.content()
    installed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-07")
    with Ledger.open(load_settings(cwd=installed.folder).database_url) as ledger:
        assert ledger.content() == before


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (["watch", "shop.price"], 1, "did you mean shop.prices?"),
        (["watch", MODEL, "--to", "2026-03-01"], 2, "--to needs --from"),
        (["watch", MODEL, "--from", "March"], 2, "'March' is not a time"),
        (["baseline", "set", MODEL, "--from", "2026-03-01"], 2, "belong together"),
        (["baseline", "set", MODEL, "--from", "2026-03-02", "--to", "2026-03-01"], 2, "before it begins"),
        (["baseline", "set", MODEL, "--from", "2026-03-04", "--to", "2026-03-05"], 1, "has 0 rows"),
        (["baseline", "set", MODEL, "--from", "2026-03-01", "--to", "2099-01-01"], 1, "is not over yet"),
        (["baseline", "set", MODEL, "--name", "proposed"], 1, "cannot be set so"),
        (["baseline", "list", "shop.price"], 1, "did you mean shop.prices?"),
        (["history", "shop.price"], 1, "did you mean shop.prices?"),
    ],
)
def test_what_cannot_be_done_is_one_message(
    installed: Installation, arguments: list[str], code: int, said: str
) -> None:
    result = installed.run(*arguments)
    assert (result.exit_code, said in result.output) == (code, True), result.output


def test_a_long_backlog_is_only_watched_when_asked_for(installed: Installation) -> None:
    result = installed.run("watch", MODEL, "--from", "2020-01-01", "--to", "2026-01-01")
    assert result.exit_code == 1
    assert "2,192 windows of shop.prices are due" in result.output


def test_a_period_becomes_a_baseline_under_a_name_and_who_did_it_is_recorded(installed: Installation) -> None:
    set_ = ["baseline", "set", MODEL, "--from", "2026-03-01", "--to", "2026-03-02", "--name", "spring"]
    assert installed.run(*set_).exit_code == 0
    assert installed.run(*set_).exit_code == 0  # the same again changes nothing
    with Ledger.open(load_settings(cwd=installed.folder).database_url) as ledger:
        (made,) = (each for each in ledger.baselines(MODEL) if each.name == "spring")
        (recorded,) = (each for each in ledger.transitions(MODEL) if each.kind == "baselined")
        assert ledger.verify().sound
    assert (made.version, made.rows, made.kind) == ("1", 240, "period")
    assert made.scores["mae"] == pytest.approx(1.0)
    assert recorded.actor_kind == "person"
    assert recorded.evidence["profile"] == made.profile_digest
    taken = installed.run("baseline", "set", MODEL, "--from", "2026-03-02", "--to", "2026-03-03")
    assert (taken.exit_code, "choose another name" in taken.output) == (1, True)


def test_history_folds_windows_that_stand_alike_and_tells_the_rest(installed: Installation) -> None:
    said = installed.run("history", MODEL).output
    assert re.search(r"policy .*watched by policy sha256:", said)
    assert "adopted: version 1 serves; the alias champion of shop.prices names version 1 (external)" in said
    assert "breached" in said


def test_from_mlflow_writes_a_file_per_served_version_with_lines_to_fill_in(
    empty: Path, mlflow_store: Callable[[Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    store = mlflow_store(empty)
    monkeypatch.setenv("MUSTER_MLFLOW_URI", store)
    registry = MlflowVersions(store, str(empty / "artifacts"))
    registry.register(candidate("Price Model"), alias="live")
    result = typed("init", "--from-mlflow", "--team", "shop")
    assert result.exit_code == 3, result.output
    assert "fill in traffic.path" in result.output
    fleet = load_policies([empty / "policies"])
    assert fleet.faults == ()
    (loaded,) = fleet.policies
    policy = loaded.policy
    assert (policy.model, policy.registered_as, policy.alias) == ("shop.price-model", "Price Model", "live")
    assert (policy.task, policy.traffic.features) == ("regression", ("x",))
    again = typed("init", "--from-mlflow", "--team", "shop")
    assert (again.exit_code, again.output.startswith("kept")) == (0, True)


def test_a_sample_that_tells_nothing_still_gives_a_valid_file_with_every_gap_named(empty: Path) -> None:
    (empty / "log.csv").write_text("x,y2\n" + "".join(f"{i % 7},{i % 5}.5\n" for i in range(90)))
    (empty / "out.csv").write_text("p,q\n" + "".join(f"{i % 3},{i % 2}\n" for i in range(90)))
    result = typed("init", "--traffic", "log.csv", "--labels", "out.csv")
    assert result.exit_code == 3, result.output
    named = set(re.findall(r"^fill in (\S+):", result.output, re.MULTILINE))
    wanted = {"timestamp", "prediction", "request_id"}
    assert named == {"task", *(f"traffic.{each}" for each in wanted), "labels.label", "labels.request_id"}
    assert load_policies([empty / "policies"]).faults == ()
