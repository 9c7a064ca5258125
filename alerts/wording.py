"""What a message says: in one line what is broken, for whom, since when, how bad, and what is done."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from policies.alerting import Alert, AlertKind

_SAID: Mapping[AlertKind, str] = {
    "opened": "{severity}: {subject} on {model} ({team}) since {since}",
    "escalated": "{severity} now: {subject} on {model} ({team}) since {since}",
    "resolved": "Resolved: {subject} on {model} ({team}), began {since}",
    "corrected": "Corrected: {subject} on {model} ({team}) since {since}",
    "moved": "{model} ({team}): {subject} at {since}",
    "held": "{severity}: {subject} on {model} ({team}) at {since}",
}


@dataclass(frozen=True)
class Message:
    """What a channel is given. `key` stays the same however often the message is sent."""

    key: str
    line: str
    alert: Alert
    at: datetime

    @property
    def owners(self) -> str:
        """Who looks after the model, in words."""
        return ", ".join(self.alert.owners) or "nobody is named as owner"


def message_key(model: str, key: str) -> str:
    """Return what receivers know a message by: a digest of its natural key, the same for every attempt."""
    return hashlib.sha256(f"{model}\n{key}".encode()).hexdigest()[:32]


def message(alert: Alert, model: str, key: str, at: datetime) -> Message:
    """Word an alert that was recorded at a time under a key."""
    return Message(message_key(model, key), first_line(alert), alert, at)


def first_line(alert: Alert) -> str:
    """Say an alert in one line."""
    said = _SAID[alert.kind].format(
        severity=alert.severity.capitalize(),
        subject=alert.subject,
        model=alert.model,
        team=alert.team,
        since=f"{alert.since:%Y-%m-%d %H:%M} UTC",
    )
    return " ".join(f"{said}: {alert.sentence}. {alert.doing}.".split())
