"""What a verdict or a pulse is answered with: intents and alerts, in the transaction that records it."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from policies.alerting import alert_of, channels_for, sends
from policies.incidents import IncidentChange
from policies.intents import Respond, doing
from policies.policy import Policy
from registry.canonical import digest, dump
from registry.intents import heard, record_intents


def answer(
    session: Session,
    changes: Sequence[IncidentChange],
    policy: Policy,
    policy_digest: str,
    respond: Respond,
    at: datetime,
) -> None:
    """Record what is wanted now, and an alert for each change that is news, under the model's lock."""
    response = respond(changes)
    record_intents(session, response.wanted, policy_digest, at)
    for change in changes:
        if (alert := alert_of(change, policy, doing(response))) is None:
            continue
        told = heard(session, policy.model, change.after.name)
        # An incident may be corrected more than once for the same window.
        said = digest(f"{dump(change.after)}\n{change.sentence}").removeprefix("sha256:")[:12]
        key = f"{change.change} {change.after.name} {said}"
        messages = sends(alert, key, channels_for(alert, policy.routes, told))
        record_intents(session, messages, policy_digest, at)
