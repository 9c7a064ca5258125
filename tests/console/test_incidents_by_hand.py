"""What persons say of incidents on the command line, and where it is shown."""

import json
import os
import pwd
from typing import Any

import pytest

from tests.console.conftest import MODEL, Installation

ME = pwd.getpwuid(os.getuid()).pw_name
NAME = "silent@2026-03-06T00:00Z"


def listed(installed: Installation) -> dict[str, Any]:
    (found,) = json.loads(installed.run("incidents", "--json").stdout)["incidents"]
    told: dict[str, Any] = found
    return told


def test_a_note_is_shown_wherever_the_incident_is(installed: Installation) -> None:
    told = installed.run("incidents", "annotate", MODEL, NAME, "the provider knows")
    assert (told.exit_code, told.output) == (0, f"{NAME} of {MODEL} is annotated by {ME}\n")
    assert listed(installed)["note"] == f"the provider knows ({ME})"
    for command in (["incidents"], ["why", MODEL, "2026-03-06"], ["history", MODEL], ["status"]):
        assert "the provider knows" in installed.run(*command).output, command
    events = json.loads(installed.run("history", MODEL, "--json").stdout)["events"]
    assert [(e["actor"], e["sentence"]) for e in events if e["what"] == "incident"] == [
        (ME, f"{NAME} annotated: the provider knows")
    ]


@pytest.mark.parametrize("name", ["silent", "freshness", NAME])
def test_an_open_incident_goes_by_its_kind_or_objective_as_well(installed: Installation, name: str) -> None:
    told = installed.run("incidents", "acknowledge", MODEL, name, "--note", "mine")
    assert told.output == f"{NAME} of {MODEL} is acknowledged by {ME}\n"
    assert (listed(installed)["acknowledged_by"], listed(installed)["note"]) == (ME, f"mine ({ME})")
    assert "acknowledged" in installed.run("incidents").output


def test_an_incident_may_be_ended_by_hand_once(installed: Installation) -> None:
    told = installed.run("incidents", "resolve", MODEL, "silent", "--reason", "planned outage")
    assert told.output == f"{NAME} of {MODEL} is resolved by {ME}\n"
    assert installed.run("incidents", "--exit-code").exit_code == 0
    assert f"planned outage ({ME})" in installed.run("incidents", "--all").output
    again = installed.run("incidents", "resolve", MODEL, NAME, "--reason", "planned outage")
    assert again.exit_code == 1
    assert f"{NAME} is over already: planned outage ({ME})" in again.stderr
    assert installed.run("ledger", "verify").exit_code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shop.nothing", NAME), "no model shop.nothing in the ledger"),
        ((MODEL, "drift"), f"{MODEL} has no incident drift; there are: {NAME}"),
    ],
)
def test_what_is_not_there_is_a_message(
    installed: Installation, arguments: tuple[str, str], said: str
) -> None:
    told = installed.run("incidents", "annotate", *arguments, "a note")
    assert told.exit_code == 1
    assert said in told.stderr


def test_without_a_command_incidents_are_listed(installed: Installation) -> None:
    assert installed.run("incidents", "list", MODEL).output == installed.run("incidents", MODEL).output
    assert "annotate" in installed.run("incidents", "--help").output
