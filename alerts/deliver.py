"""Delivery: messages out of the ledger into their channels, at least once and in order."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.channels import BrokenChannel, Channel, NotDelivered
from alerts.schedule import next_attempt
from alerts.wording import message
from policies.alerting import alert_in
from policies.intents import MESSAGES
from profiles.errors import LedgerConflict
from registry.acting import Acting
from registry.intent_records import Claim

# Longer than any one attempt takes.
LEASE = timedelta(minutes=2)
GIVEN_UP_AFTER = timedelta(days=7)


@dataclass(frozen=True)
class Delivery:
    """What became of the messages that were due; `given_up` are listed by the ledger as dead letters."""

    sent: int = 0
    put_off: int = 0
    given_up: int = 0
    taken_over: int = 0


def deliver(
    outbox: Acting,
    channels: Mapping[str, Channel],
    clock: Callable[[], datetime],
    worker: str,
    lease: timedelta = LEASE,
    patience: timedelta = GIVEN_UP_AFTER,
) -> Delivery:
    """Send every message that is due, and mark what came of each.

    A message is claimed, sent and marked, one after the other: a sender that is killed in between leaves a
    lease that ends, and the message is sent again under the same key. After a failure the other messages of
    that channel rest in this run. One that nobody took for as long as `patience` is given up, which is no
    secret: it becomes a dead letter.
    """
    counted = dict.fromkeys(("sent", "put_off", "given_up", "taken_over"), 0)
    resting: dict[str, tuple[datetime, str]] = {}
    while True:
        now = clock()
        claim = outbox.claim(worker, now, now + lease, MESSAGES)
        if claim is None:
            return Delivery(**counted)
        try:
            counted[_attempt(outbox, claim, channels, resting, now, patience)] += 1
        except LedgerConflict:
            counted["taken_over"] += 1


def _attempt(
    outbox: Acting,
    claim: Claim,
    channels: Mapping[str, Channel],
    resting: dict[str, tuple[datetime, str]],
    now: datetime,
    patience: timedelta,
) -> str:
    intent = claim.intent
    name, alert = alert_in(intent.content)
    if name in resting:
        due, reason = resting[name]
        outbox.put_off(claim, due, reason, counts=False)
        return "put_off"
    unknown = BrokenChannel(f"no channel {name} is defined in the settings")
    told = message(alert, intent.model, intent.key, claim.recorded_at)
    try:
        channels.get(name, unknown).send(told, now)
    except NotDelivered as error:
        return _not_delivered(outbox, claim, name, error, resting, now, patience)
    outbox.end(claim, "done", now, f"{name} took it", {"key": told.key, "attempts": claim.attempts})
    return "sent"


def _not_delivered(
    outbox: Acting,
    claim: Claim,
    name: str,
    error: NotDelivered,
    resting: dict[str, tuple[datetime, str]],
    now: datetime,
    patience: timedelta,
) -> str:
    due = next_attempt(claim.intent.key, claim.attempts, now, error.retry_after)
    resting[name] = due, str(error)
    if now - claim.recorded_at >= patience:
        sentence = f"{name} took it in none of {claim.attempts} attempts: {error}"
        outbox.end(claim, "failed", now, sentence, {"attempts": claim.attempts})
        return "given_up"
    outbox.put_off(claim, due, str(error))
    return "put_off"
