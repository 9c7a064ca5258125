import json

import pytest

from tests.console.conftest import MODEL, Installation


def test_open_incidents_are_listed_with_since_when_how_urgent_and_what(installed: Installation) -> None:
    told = installed.run("incidents")
    assert told.exit_code == 0
    (row,) = (line for line in told.output.splitlines() if line.startswith(MODEL))
    assert row.split()[1:5] == ["2026-03-06", "critical", "freshness", "open"]
    assert "no rows for 24h" in row
    assert installed.run("incidents", MODEL).output == told.output


def test_those_that_are_over_follow_on_request_and_say_why(installed: Installation) -> None:
    rows = [
        line for line in installed.run("incidents", "--all").output.splitlines() if line.startswith(MODEL)
    ]
    assert [row.split()[4] for row in rows] == ["open", *["over"] * (len(rows) - 1)]
    since = [row.split()[1] for row in rows]
    assert since == sorted(since, reverse=True)
    assert any("performance is met again" in row for row in rows)


def test_json_has_what_the_table_cuts(installed: Installation) -> None:
    told = json.loads(installed.run("incidents", "--json").stdout)["incidents"]
    assert [(each["kind"], each["resolved"]) for each in told] == [("silent", None)]
    everything = json.loads(installed.run("incidents", "--all", "--json").stdout)["incidents"]
    assert told[0] == everything[0]
    assert {each["objective"] for each in everything} == {"freshness", "performance", "quality"}


@pytest.mark.parametrize(
    ("arguments", "code"), [((), 0), (("--exit-code",), 3), (("--json", "--exit-code"), 3)]
)
def test_the_exit_code_tells_an_open_incident_only_when_asked_to(
    installed: Installation, arguments: tuple[str, ...], code: int
) -> None:
    assert installed.run("incidents", *arguments).exit_code == code


def test_without_any_it_says_so(bare: Installation) -> None:
    told = bare.run("incidents", "--exit-code")
    assert (told.exit_code, told.output) == (0, "no open incident; `--all` shows those that are over\n")
    assert bare.run("incidents", "--all").output == "no incident\n"


def test_an_unknown_model_is_a_message(installed: Installation) -> None:
    told = installed.run("incidents", "prices")
    assert told.exit_code == 1
    assert f"did you mean {MODEL}?" in told.stderr


def test_status_counts_what_is_open_and_what_was_spent(installed: Installation) -> None:
    text = installed.run("status").output
    assert "1 open" in text
    assert "5/1 in 90d" in text
    installed.write("shop.new")
    models = json.loads(installed.run("status", "--json").stdout)["models"]
    told = {each["model"]: (each["incidents_open"], each["false_pages"]) for each in models}
    assert told == {MODEL: (1, {"opened": 5, "allow": 1, "over": "90d"}), "shop.new": (0, None)}


def test_why_names_the_incidents_that_a_window_belongs_to(installed: Installation) -> None:
    text = installed.run("why", MODEL, "2026-03-06").output
    assert text.splitlines()[2] == ("incident silent@2026-03-06T00:00Z: critical, since 2026-03-06 UTC, open")
    told = json.loads(installed.run("why", MODEL, "2026-03-01", "--json").stdout)
    assert told["incidents"] == []
    told = json.loads(installed.run("why", MODEL, "2026-03-02", "--json").stdout)
    assert [each["kind"] for each in told["incidents"]] == ["quality"]
