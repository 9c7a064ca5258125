"""PULSE: whether a feed is alive now, told by its newest row alone and between two windows. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from policies.incidents import Incident, IncidentChange
from policies.objectives.feed import FRESHNESS
from policies.objectives.wording import span
from policies.policy import Freshness, Policy
from profiles.window import spelled

# The kind that a window's verdict gives to the same outage, so that there is one incident of it.
_KIND = "silent"


@dataclass(frozen=True)
class Pulse:
    """What was found when a model's feed was looked at, at a moment.

    `newest` is the time of the newest row in since <= t < at, None when there is none. A feed that could
    not be read has a `fault`, and `unreadable_since`: the first pulse of those in a row that could not.
    """

    model: str
    at: datetime
    since: datetime
    newest: datetime | None = None
    fault: str | None = None
    unreadable_since: datetime | None = None


def patience(policy: Policy, target: Freshness) -> timedelta:
    """Return the silence at which a pulse opens an incident.

    It is `at_most`; a policy that asks for breaches in several windows in a row gets as many windows more.
    """
    return target.at_most + (target.persistence - 1) * policy.cadence.length


def furthest_back(policy: Policy, target: Freshness, at: datetime) -> datetime:
    """Return where a pulse's look at the feed begins: one window before a row would come too late."""
    return at - patience(policy, target) - policy.cadence.length


def judge_pulse(pulse: Pulse, known: Sequence[Incident], policy: Policy) -> tuple[IncidentChange, ...]:
    """Return what a pulse changes: a silence of more than its limit opens an incident, rows resolve it.

    `known` holds the model's open incidents, and of the others those that reach to the pulse or beyond it.
    An incident that is open already, by a pulse or a window, is not opened again; one that had a part of
    this moment or of a later one is left alone, so that the same pulse again changes nothing. A feed that
    cannot be read is neither silent nor alive: it opens an incident once it was so for longer than the
    limit, and resolves none.
    """
    target = policy.freshness
    mine = [incident for incident in known if incident.kind == _KIND]
    if target is None or any(incident.last >= pulse.at for incident in mine):
        return ()
    began, sentence = _silence(pulse, target)
    open_now = [incident for incident in mine if incident.resolved is None]
    if pulse.at - began > patience(policy, target):
        return () if open_now else (_opened(pulse, began, sentence, policy, target),)
    if pulse.fault is not None:
        return ()
    return tuple(_resolved(incident, pulse) for incident in open_now)


def _silence(pulse: Pulse, target: Freshness) -> tuple[datetime, str]:
    """Return since when nothing is known of the feed, and a sentence on it."""
    if pulse.fault is not None:
        began = pulse.unreadable_since or pulse.at
        said = f"the feed cannot be read since {began:%Y-%m-%d %H:%M} UTC: {pulse.fault}"
        return began, f"{said}; at most {spelled(target.at_most)} without rows are allowed"
    began = pulse.newest or pulse.since
    silent = span(pulse.at - began)
    length = f"no rows for {silent}" if pulse.newest is not None else f"no rows for {silent} or longer"
    allowed = f"at most {spelled(target.at_most)} are allowed"
    return began, f"{length} from {began:%Y-%m-%d %H:%M} UTC; {allowed}"


def _opened(
    pulse: Pulse, began: datetime, sentence: str, policy: Policy, target: Freshness
) -> IncidentChange:
    incident = Incident(
        model=policy.model,
        name=f"{_KIND}@{pulse.at:%Y-%m-%dT%H:%MZ}",
        objective=FRESHNESS,
        kind=_KIND,
        began=began,
        last=pulse.at,
        severity=target.severity,
        sentence=sentence,
    )
    return IncidentChange("opened", incident, sentence)


def _resolved(incident: Incident, pulse: Pulse) -> IncidentChange:
    reason = f"no longer silent: the newest row is from {pulse.newest:%Y-%m-%d %H:%M} UTC"
    return IncidentChange("resolved", replace(incident, last=pulse.at, resolved=reason), reason)
