import json

import pytest
from rich.cells import cell_len

from registry.ledger import Ledger
from registry.moves import Wish, start_shadow
from registry.records import Actor, ModelVersion
from tests.console.conftest import MODEL, Installation
from tests.fakes import DAY, START

OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance")


def test_without_any_state_it_says_which_models_wait_to_be_watched(bare: Installation) -> None:
    told = bare.run("status")
    assert told.exit_code == 0
    assert MODEL in told.output
    assert "not watched yet" in told.output
    assert told.output.rstrip().endswith("1 model: 1 never watched")


def test_without_models_it_says_what_to_do(bare: Installation) -> None:
    (bare.folder / "policies" / "shop" / "prices.yaml").unlink()
    assert "muster policy check" in bare.run("status").output


def test_a_model_has_a_row_with_who_serves_and_one_line_of_the_worst_reason(installed: Installation) -> None:
    (row,) = (line for line in installed.run("status").output.splitlines() if line.startswith(MODEL))
    assert "version 1" in row
    assert "2026-03-06" in row
    assert "breached critical" in row
    assert "no rows for 24h" in row
    assert row.endswith("…")


def test_the_most_urgent_model_comes_first_and_one_that_was_never_watched_last(
    installed: Installation,
) -> None:
    installed.write("shop.aaa")
    lines = installed.run("status").output.splitlines()
    rows = [line.split()[0] for line in lines if line.startswith("shop.")]
    assert rows == [MODEL, "shop.aaa"]
    assert lines[-1] == "2 models: 1 breached, 1 never watched"


def test_a_model_whose_policy_is_gone_or_broken_says_so(installed: Installation) -> None:
    path = installed.folder / "policies" / "shop" / "prices.yaml"
    path.write_text(path.read_text().replace("cadence", "cadance"))
    told = json.loads(installed.run("status", "--json").stdout)
    assert told["models"][0]["note"] == "its policy has faults"
    assert "2 faults in the policy files" in installed.run("status").output
    path.unlink()
    installed.write("shop.other")
    told = json.loads(installed.run("status", "--json").stdout)
    notes = {each["model"]: each["note"] for each in told["models"]}
    assert notes == {MODEL: "no policy names it now", "shop.other": None}


@pytest.mark.parametrize("columns", [80, 100, 160, 200])
@pytest.mark.parametrize("arguments", [("status",), ("status", MODEL)])
def test_tables_keep_to_the_width_and_cut_no_word_of_a_verdict(
    installed: Installation, monkeypatch: pytest.MonkeyPatch, columns: int, arguments: tuple[str, ...]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = installed.run(*arguments).output.splitlines()
    assert max(cell_len(line) for line in lines) <= columns
    assert not any(line != line.rstrip() for line in lines)
    text = "\n".join(lines)
    assert "breached critical" in text
    header = lines[1]
    if columns >= 160:
        assert all(name in header for name in OBJECTIVES)
    else:
        assert "freshness breached critical" in text
    assert "why" in header


def test_one_model_is_shown_window_by_window_in_the_order_of_time(installed: Installation) -> None:
    rows = [line for line in installed.run("status", MODEL).output.splitlines() if line.startswith("2026")]
    assert [row.split()[0] for row in rows] == [f"2026-03-{day:02}" for day in range(1, 7)]
    assert "…" not in rows[0]
    assert "mae 3" in rows[2]


def test_only_the_last_windows_are_shown_and_it_says_that_there_are_more(installed: Installation) -> None:
    told = installed.run("status", MODEL, "--last", "2").output
    assert [line.split()[0] for line in told.splitlines() if line.startswith("2026")] == [
        "2026-03-05",
        "2026-03-06",
    ]
    assert "--last 4" in told
    assert "--last" not in installed.run("status", MODEL, "--last", "6").output


@pytest.mark.parametrize("arguments", [("status",), ("status", MODEL)])
def test_the_exit_code_tells_a_breach_only_when_asked_to(
    installed: Installation, arguments: tuple[str, ...]
) -> None:
    assert installed.run(*arguments).exit_code == 0
    assert installed.run(*arguments, "--exit-code").exit_code == 3


def test_the_exit_code_of_a_fleet_without_a_breach_is_0(bare: Installation) -> None:
    assert bare.run("status", "--exit-code").exit_code == 0


def test_a_version_that_contends_is_said_beside_who_serves(installed: Installation) -> None:
    with Ledger.open(f"sqlite:///{installed.folder}/state/ledger.db") as ledger:
        at = START + 7 * DAY
        ledger.record_version(ModelVersion(MODEL, "2", None, "models:/2", at), [], at)
        wish = Wish("by hand", Actor("ann", "person"), "to see")
        ledger.move(start_shadow(ledger.standing(MODEL), "2", wish), at)
    (told,) = json.loads(installed.run("status", "--json").stdout)["models"]
    assert told["serves"] == "1"
    assert told["note"].startswith("version 2 in shadow: 0 labelled rows, undecided")
