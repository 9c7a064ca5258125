"""Delivery out of the ledger: kills, dead receivers, order, and messages that nobody takes."""

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import numpy as np
import pytest

from alerts.channels import BrokenChannel, Channel, SlackChannel, WebhookChannel
from alerts.deliver import Delivery, deliver
from bench.killing import KILLED, in_child, killed_at
from policies.alerting import alert_of, channels_for, sends
from policies.incidents import Incident, IncidentChange
from policies.policy import Routes
from policies.verdict import Severity
from profiles.effects import observed
from registry.ledger import Ledger
from tests.alerts.conftest import AT, Receiver
from tests.fakes import policy

MINUTE = timedelta(minutes=1)
POLICY = policy(routes=Routes(critical=("slack", "hook")))
INCIDENTS = 4


def record(ledger: Ledger, name: str, at: datetime, *changes: str) -> None:
    """Record what is told when an incident changes."""
    for change in changes:
        incident = Incident(POLICY.model, name, "freshness", "silent", at, at, Severity.CRITICAL, "no rows")
        alert = alert_of(IncidentChange(change, incident, "no rows"), POLICY, "Muster has done nothing")  # type: ignore[arg-type]
        assert alert is not None
        told = ("slack", "hook") if change == "resolved" else ()
        wanted = sends(alert, f"{change} {name}", channels_for(alert, POLICY.routes, told))
        ledger.record_intents(wanted, None, at)


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url) as ledger:
        ledger.record_policy(POLICY, "model: ...", AT)
        yield ledger


def sent_at(url: str, receiver: Receiver, now: datetime, worker: str) -> Delivery:
    """Send what is due, as one process that ends in good order."""
    with Ledger.open(url) as ledger, httpx.Client(timeout=5, trust_env=False) as client:
        slack, hook = f"{receiver.url}/slack", f"{receiver.url}/hook"
        channels: dict[str, Channel] = {
            "slack": SlackChannel(client, slack),
            "hook": WebhookChannel(client, hook, "secret"),
        }
        return deliver(ledger, channels, lambda: now, worker)


def slack_keys(receiver: Receiver) -> list[str]:
    told = [body["blocks"][-1]["elements"][0]["text"] for body in receiver.bodies("/slack")]
    return [text.split(" · ")[-1] for text in told]


def test_slack_dead_for_an_hour_and_a_sender_that_is_killed_lose_no_alert(
    ledger_url: str, ledger: Ledger, receiver: Receiver, tmp_path: Path
) -> None:
    for n in range(INCIDENTS):
        record(ledger, f"silent-{n}", AT + 15 * n * MINUTE, "opened")
        record(ledger, f"silent-{n}", AT + (15 * n + 7) * MINUTE, "resolved")
    ledger.close()
    random, log, kills = np.random.default_rng(7), tmp_path / "kills", 0
    for minute in range(0, 240, 5):
        # For the first hour nobody answers; then a busy receiver asks to be left alone for a while.
        receiver.status = 503 if minute < 60 else 429 if minute < 72 else 200
        receiver.headers = {"Retry-After": "300"} if receiver.status == 429 else {}
        nth = int(random.integers(12)) if random.random() < 0.6 else 10_000
        now = AT + minute * MINUTE

        def send(now: datetime = now, nth: int = nth) -> None:
            with observed(killed_at(nth, log)):
                sent_at(ledger_url, receiver, now, f"sender at {now:%H:%M}")

        code = in_child(send)
        assert code in {0, KILLED}
        kills += code == KILLED
    points = Counter(log.read_text().splitlines())
    lost_marks = points["after alert.send slack"] + points["before ledger.commit intent"]
    assert kills == points.total() > 10
    assert points["after alert.send slack"] > 0, "nobody was killed between the answer and the mark"
    with Ledger.open(ledger_url) as after:
        assert {each.status for each in after.intents(kinds=("send",))} == {"done"}
        assert after.verify().sound
    hooked, slacked = [b["key"] for b in receiver.bodies("/hook")], slack_keys(receiver)
    wanted = 2 * INCIDENTS
    assert len(set(hooked)) == len(set(slacked)) == wanted
    assert len(slacked) - wanted <= lost_marks
    # A receiver that honours the key keeps the first of each: every repeat is the same message.
    kept = {body["key"]: body for body in receiver.bodies("/hook")}
    assert all(kept[body["key"]] == body for body in receiver.bodies("/hook"))
    headers = [headers["Idempotency-Key"] for path, headers, _ in receiver.taken if path == "/hook"]
    assert headers == hooked


@pytest.mark.parametrize("nth", range(12))
def test_a_sender_killed_at_any_point_repeats_at_most_one_message(
    ledger_url: str, ledger: Ledger, receiver: Receiver, tmp_path: Path, nth: int
) -> None:
    record(ledger, "silent", AT, "opened")
    ledger.close()

    def send() -> None:
        with observed(killed_at(nth, tmp_path / "kills")):
            sent_at(ledger_url, receiver, AT, "first")

    assert in_child(send) == KILLED
    point = (tmp_path / "kills").read_text().strip()
    early = sent_at(ledger_url, receiver, AT + MINUTE, "second")
    late = sent_at(ledger_url, receiver, AT + 3 * MINUTE, "second")
    with Ledger.open(ledger_url) as after:
        assert [each.status for each in after.intents(kinds=("send",))] == ["done", "done"]
    assert early.sent + late.sent <= 2
    in_between = point.startswith(("after alert.send", "before ledger.commit intent"))
    repeats = len(receiver.taken) - 2
    assert repeats == (1 if in_between else 0), point


def test_an_end_never_overtakes_its_beginning(ledger_url: str, ledger: Ledger, receiver: Receiver) -> None:
    record(ledger, "silent", AT, "opened")
    receiver.status = 503
    assert sent_at(ledger_url, receiver, AT, "one") == Delivery(put_off=2)
    record(ledger, "silent", AT + MINUTE, "resolved")
    receiver.status = 200
    for minute in range(1, 5):
        sent_at(ledger_url, receiver, AT + minute * MINUTE, "one")
    assert [body["alert"]["kind"] for body in receiver.bodies("/hook")] == ["opened", "resolved"]


def test_a_channel_that_fails_is_asked_once_a_run(ledger_url: str, ledger: Ledger) -> None:
    asked: list[datetime] = []

    class Counting(BrokenChannel):
        def send(self, message: object, at: datetime) -> None:
            asked.append(at)
            super().send(message, at)  # type: ignore[arg-type]

    for n in range(3):
        record(ledger, f"silent-{n}", AT, "opened")
    channels = {"slack": Counting("gone"), "hook": Counting("gone")}
    assert deliver(ledger, channels, lambda: AT, "one") == Delivery(put_off=6)
    assert len(asked) == 2
    assert {each.attempts for each in ledger.intents(kinds=("send",))} == {0, 1}


def test_what_nobody_takes_for_a_week_is_given_up_and_listed(ledger: Ledger) -> None:
    record(ledger, "silent", AT, "opened")
    for hour in range(0, 24 * 7 + 12, 6):
        deliver(ledger, {"hook": BrokenChannel("it answered 404")}, _at(hour), "one")
    dead = {each.intent.content["channel"]: each for each in ledger.dead_letters()}
    assert set(dead) == {"slack", "hook"}
    assert "no channel slack is defined in the settings" in str(dead["slack"].sentence)
    assert "it answered 404" in str(dead["hook"].sentence)
    assert ledger.verify().sound


def _at(hour: int) -> Callable[[], datetime]:
    return lambda: AT + timedelta(hours=hour)
