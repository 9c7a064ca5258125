"""ALERT: which changes are told, to which channels, and what exactly. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from policies.incidents import IncidentChange
from policies.intents import Intent
from policies.policy import Policy, Routes
from policies.verdict import Severity

AlertKind: TypeAlias = Literal["opened", "escalated", "resolved", "corrected", "moved", "held"]
# An incident that merely goes on is no news.
_NEWS: Mapping[str, AlertKind] = {
    "opened": "opened",
    "escalated": "escalated",
    "resolved": "resolved",
    "corrected": "corrected",
}


@dataclass(frozen=True)
class Alert:
    """What somebody is told about one model.

    `subject` is what is broken in a word or two (`drift`, `silent`), `sentence` how bad it is, `since` since
    when, `doing` what Muster did or proposes. `incident` is None for what belongs to none: a model that moved
    or an act that was held back.
    """

    model: str
    team: str
    kind: AlertKind
    severity: Severity
    subject: str
    sentence: str
    since: datetime
    doing: str
    owners: tuple[str, ...] = ()
    incident: str | None = None


def alert_of(change: IncidentChange, policy: Policy, doing: str) -> Alert | None:
    """Return what a change to an incident tells, or None when it is no news."""
    kind = _NEWS.get(change.change)
    if kind is None:
        return None
    incident = change.after
    return Alert(
        model=incident.model,
        team=policy.team,
        kind=kind,
        severity=incident.severity,
        subject=incident.kind.replace("_", " "),
        sentence=change.sentence,
        since=incident.began,
        doing=doing if change.actor is None else f"{change.actor} decided so",
        owners=policy.owners,
        incident=incident.name,
    )


def channels_for(alert: Alert, routes: Routes, told: Collection[str] = ()) -> tuple[str, ...]:
    """Return the names of the channels that an alert goes to, each once.

    `told` are those that heard of the incident before: they also hear how it goes on, and only they hear that
    it is over.
    """
    route = () if alert.kind == "resolved" else routes.of(alert.severity)
    return tuple(dict.fromkeys((*route, *sorted(told))))


def sends(alert: Alert, key: str, channels: Sequence[str]) -> tuple[Intent, ...]:
    """Return the intents to tell an alert, one per channel; `key` names within the model what is told.

    Messages on one incident reach a channel in their order: an end never overtakes its beginning.
    """
    return tuple(
        Intent(
            model=alert.model,
            key=f"tell {channel}: {key}",
            kind="send",
            sentence=f"tell {channel}",
            content={"channel": channel, "alert": _plain(alert)},
            queue=f"{channel}: {alert.incident or key}",
        )
        for channel in channels
    )


def _plain(alert: Alert) -> dict[str, Any]:
    return {**vars(alert), "since": alert.since.isoformat(), "owners": list(alert.owners)}


def alert_in(content: Mapping[str, Any]) -> tuple[str, Alert]:
    """Return channel and alert from the content of a `send` intent; inverse of `sends`."""
    written = content["alert"]
    since, owners = datetime.fromisoformat(written["since"]), tuple(written["owners"])
    severity = Severity(written["severity"])
    return content["channel"], Alert(**{**written, "since": since, "owners": owners, "severity": severity})
