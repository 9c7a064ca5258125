"""What a person types to roll back, promote, freeze and recall, and what is answered."""

from pathlib import Path
from typing import Any

import pytest

from registry.ledger import Ledger
from registry.records import ModelVersion
from tests.console.conftest import MODEL, POLICY, Installation
from tests.fakes import START

MOVED = POLICY + "authority: muster\ntarget: {{command: 'true'}}\n"


@pytest.fixture
def acting(installed: Installation) -> Installation:
    """The installation under Muster's authority, with a second version."""
    installed.write(MODEL, MOVED)
    with Ledger.open(f"sqlite:///{installed.folder}/state/ledger.db") as ledger:
        from policies.load import load_policies

        (loaded,) = load_policies([installed.folder / "policies"]).policies
        ledger.record_policy(loaded.policy, loaded.source, at=START)
        ledger.record_version(ModelVersion(MODEL, "2", None, "models:/2"), (), START)
    return installed


def serves(acting: Installation) -> Any:
    with Ledger.open(f"sqlite:///{acting.folder}/state/ledger.db") as ledger:
        now = ledger.assignment(MODEL)
        assert now is not None
        return now.champion, now.frozen_by


def test_promote_then_roll_back_then_press_again(acting: Installation) -> None:
    promoted = acting.run("promote", MODEL, "--version", "2", "--wait", "0")
    assert "version 2 of shop.prices serves instead of 1" in promoted.output
    back = acting.run("rollback", MODEL, "--wait", "0", "--reason", "wrong")
    assert back.exit_code == 3, back.output  # done, and not seen: the log names no versions
    assert "nothing says who answers" in back.output
    assert "version 1 of shop.prices serves; promotion is frozen by" in back.output
    champion, frozen_by = serves(acting)
    assert (champion, frozen_by is None) == ("1", False)
    assert "was rolled back already" in acting.run("rollback", MODEL, "--wait", "0").output
    assert "may act on shop.prices again" in acting.run("unfreeze", MODEL).output
    assert serves(acting) == ("1", None)


def test_without_an_earlier_champion_the_refusal_is_plain(acting: Installation) -> None:
    refused = acting.run("rollback", MODEL)
    assert refused.exit_code == 1
    assert "no champion before version 1" in refused.output


def test_a_model_that_is_delivered_by_others_is_refused(installed: Installation) -> None:
    assert "no champion before" in installed.run("rollback", MODEL).output
    promoted = installed.run("promote", MODEL, "--version", "1")
    assert "serves already" in promoted.output


@pytest.mark.parametrize("scope", [[MODEL], ["--team", "shop"], ["--all"]])
def test_freezing_says_what_it_froze(acting: Installation, scope: list[str]) -> None:
    assert acting.run("freeze", *scope).exit_code == 0
    again = acting.run("freeze", *scope)
    assert "already" in again.output
    assert acting.run("unfreeze", *scope).exit_code == 0


@pytest.mark.parametrize(
    "typed", [["freeze"], ["freeze", MODEL, "--all"], ["unfreeze", "--all", "--team", "shop"]]
)
def test_one_scope_is_to_be_said(acting: Installation, typed: list[str]) -> None:
    assert acting.run(*typed).exit_code == 2


def test_unknown_names_are_answered_with_the_nearest(acting: Installation) -> None:
    assert "did you mean shop.prices?" in acting.run("rollback", "prices").output
    assert acting.run("freeze", "--team", "shoe").exit_code == 1


def test_without_proposals_there_is_nothing_to_show(acting: Installation) -> None:
    told = acting.run("proposals").output.splitlines()
    assert told[0] == "no promotion waits for a person"
    assert told[1:3] in ([], ["", "only observed:"])
    refused = acting.run("promote", MODEL)
    assert "nobody contends" in refused.output


def test_recall_wants_a_rollback_and_a_file_it_can_write(acting: Installation, tmp_path: Path) -> None:
    assert "never rolled back" in acting.run("recall", MODEL).output
    assert acting.run("recall", MODEL, "--to", "x.txt").exit_code == 2
