"""`muster reconcile`: what a watch recorded reaches those who are to be told, once and signed."""

import hashlib
import hmac
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from policies.intents import Intent
from registry.ledger import Ledger
from tests.alerts.conftest import Receiver, receiver  # noqa: F401 - fixture
from tests.console.conftest import MODEL, Installation
from tests.fakes import write_day

SECRET = "made up for this test"  # noqa: S105 - it opens nothing
CHANNELS = """
[channels.on-call]
kind = "webhook"
url = "{url}/hook"
secret = "env:ON_CALL_SECRET"
"""
AT = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def routed(bare: Installation, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> Installation:  # noqa: F811
    """A team whose incidents go to a webhook and to the console, and a day on which everything moved."""
    monkeypatch.setenv("ON_CALL_SECRET", SECRET)
    settings = bare.folder / "muster.toml"
    settings.write_text(settings.read_text() + CHANNELS.format(url=receiver.url))
    team = bare.folder / "policies" / "shop" / "team.yaml"
    team.write_text(
        "version: 1\nteam: shop\nroutes: {critical: [on-call, console], high: [on-call, console]}\n"
    )
    for day in range(-5, 0):
        write_day(bare.folder, day)
    write_day(bare.folder, 0, shift=3.0)
    told = bare.run("baseline", "set", MODEL, "--from", "2026-02-24", "--to", "2026-03-01")
    assert told.exit_code == 0, told.output
    return bare


def test_a_breach_that_was_watched_reaches_the_webhook_of_its_team_once_and_signed(
    routed: Installation,
    receiver: Receiver,  # noqa: F811
) -> None:
    watched = routed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-02")
    assert watched.exit_code == 3, watched.output
    assert receiver.taken == []
    told = routed.run("reconcile")
    assert (told.exit_code, told.stderr) == (0, "")
    bodies = receiver.bodies("/hook")
    assert any("quality on shop.prices (shop) since 2026-03-01 00:00 UTC" in body["text"] for body in bodies)
    assert told.output.count("quality on shop.prices") == 1
    assert told.output.splitlines()[-1] == f"nothing to do; messages: {2 * len(bodies)} sent"
    for _, headers, body in receiver.taken:
        stamp = headers["Muster-Timestamp"]
        wanted = hmac.new(SECRET.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
        assert headers["Muster-Signature"] == f"v1={wanted}"
        assert headers["Idempotency-Key"] == json.loads(body)["key"]
    assert routed.run("reconcile").output == "nothing to do\n"
    assert len(receiver.taken) == len(bodies)


def test_a_receiver_that_is_away_is_told_later_and_keeps_no_other_waiting(
    routed: Installation,
    receiver: Receiver,  # noqa: F811
) -> None:
    receiver.status = 503
    routed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-02")
    told = routed.run("reconcile")
    assert told.exit_code == 3
    assert "quality on shop.prices" in told.output
    assert "put off" in told.output.splitlines()[-1]
    assert SECRET not in told.output


def test_a_secret_that_is_not_set_is_named_and_the_message_waits(
    routed: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ON_CALL_SECRET")
    routed.run("watch", MODEL, "--from", "2026-03-01", "--to", "2026-03-02")
    assert routed.run("reconcile").exit_code == 3
    with Ledger.open(f"sqlite:///{routed.folder / 'state' / 'ledger.db'}") as ledger:
        notes = {each.note for each in ledger.intents(kinds=("send",), open_only=True)}
    assert notes == {"channel on-call: env:ON_CALL_SECRET is not set: give it the secret"}


def test_an_act_that_can_no_longer_be_is_told_and_has_failed(installed: Installation) -> None:
    with Ledger.open(f"sqlite:///{installed.folder / 'state' / 'ledger.db'}") as ledger:
        content = {"version": "2", "opponent": "1", "weight": 0.5, "why": "shown no worse"}
        step = Intent(MODEL, "step 1", "step", "give it half of the requests", content)
        ledger.record_intents([step], None, AT)
        told = installed.run("reconcile")
        assert told.exit_code == 3
        assert f"{MODEL}: step 1: failed, version 2 of {MODEL} no longer contends" in told.output
        assert [each.status for each in ledger.intents(MODEL, ("step",))] == ["failed"]
    assert Path(installed.folder / "state").exists()
