"""RESPOND: what a verdict calls for: a challenger, somebody to be told, or nothing, and why not. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from policies.alerting import Alert, channels_for, sends
from policies.diagnosis import Cause
from policies.incidents import IncidentChange
from policies.intents import Intent, Response, Withheld
from policies.objectives.wording import number, span
from policies.policy import Policy
from policies.remediation import Trigger
from policies.verdict import Severity, Verdict
from profiles.window import spelled

MONTH = timedelta(days=30)
# Broken data and missing labels are mended, not learned.
NOT_LEARNED = (Cause.OUTAGE, Cause.PIPELINE, Cause.LABEL_DELAY)
# What stops the clocks of gates and bakes: the rows themselves are not what they should be.
STOPS_CLOCKS = (Cause.OUTAGE, Cause.PIPELINE)
# An incident that goes on asks again, so that a challenger is made once the cooldown is over.
_ASKS = ("opened", "escalated", "extended")
_LEARNED: tuple[Trigger, ...] = ("drift", "performance")

Asked: TypeAlias = Literal["drift", "performance", "burn", "schedule", "new_labels", "comparison"]


@dataclass(frozen=True)
class Retraining:
    """A challenger that was asked for at a time, under its intent's key.

    `settled` is when its challenger left the contest, or when it was clear that none would come; None while
    that is open. `helped` is None while nobody knows: nothing was fitted, the challenger contends still, or
    nothing was shown. `is_open`: it is proposed or under way. What was asked for `by_hand` starts the count
    of useless ones anew; one made only `to_compare` does not enter it.
    """

    key: str
    at: datetime
    helped: bool | None = None
    settled: datetime | None = None
    is_open: bool = False
    by_hand: bool = False
    to_compare: bool = False


@dataclass(frozen=True)
class Situation:
    """How a model stands when a verdict on it is answered.

    `since` is when the champion began to serve. `held` says why Muster may do nothing of itself, `outage`
    what is broken now. `retrainings` are all there were, oldest first; `new_labels` counts the labelled rows
    since the last one, None where the policy does not ask. `contests` are the versions that are followed on
    logged rows, each with whom it is compared with.
    """

    now: datetime
    champion: str | None = None
    since: datetime | None = None
    challenger: str | None = None
    held: str | None = None
    outage: str | None = None
    retrainings: tuple[Retraining, ...] = ()
    new_labels: int | None = None
    contests: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class _Call:
    """What calls for a challenger, and why in words; `short` where an objective falls short."""

    asked: Asked
    why: str
    short: bool = False


def respond(
    verdict: Verdict, changes: Sequence[IncidentChange], situation: Situation, policy: Policy
) -> Response:
    """Return what is wanted in answer to a verdict that made these changes to the model's incidents.

    Every intent has a key that names its cause, so that the same verdict answered again wants nothing new.
    """
    looks = tuple(_look(version, opponent, verdict) for version, opponent in situation.contests)
    call = None if _is_long_ago(verdict, situation, policy) else _call(verdict, changes, situation, policy)
    if call is None:
        return Response(looks)
    useless = _useless(situation.retrainings)
    reason = _withheld(verdict, situation, policy) or _given_up(useless, policy)
    if reason is None:
        return Response((*looks, _retraining(call, verdict, policy)))
    told = _escalation(useless, call, situation, policy) if _gives_up(useless, policy) else ()
    # A schedule that waits is no news in any window.
    withheld = (Withheld("make a challenger", reason),) if call.short else ()
    return Response((*looks, *told), withheld)


def _look(version: str, opponent: str, verdict: Verdict) -> Intent:
    """Want the challenger's answers to logged rows: that reaches nobody, so no freeze holds it."""
    when = "matured" if _is_mature(verdict) else "read"
    return Intent(
        model=verdict.model,
        key=f"look at {version} against {opponent} {when} {_at(verdict)}",
        kind="shadow",
        sentence=f"compare version {version} with version {opponent}",
        content={"version": version, "opponent": opponent},
        automatic=False,
        queue="shadow",
    )


def _is_mature(verdict: Verdict) -> bool:
    performance = verdict.of("performance")
    return performance is None or not performance.provisional


def _is_long_ago(verdict: Verdict, situation: Situation, policy: Policy) -> bool:
    """Say whether this is history that is caught up with: it asks for nothing today."""
    waits = timedelta(0) if policy.labels is None else policy.labels.arrives_within
    late = policy.allowed_lateness + waits + 2 * policy.cadence.length
    return situation.now - verdict.window.end > late


def _call(
    verdict: Verdict, changes: Sequence[IncidentChange], situation: Situation, policy: Policy
) -> _Call | None:
    asked = policy.remediation.retrain
    for change in changes:
        if change.change in _ASKS and (trigger := _trigger(verdict, change)) in asked.when:
            return _Call(trigger, f"{change.after.kind}: {change.sentence}", short=True)
    begun = _begun(situation)
    waited = None if begun is None else situation.now - begun
    if asked.every is not None and waited is not None and waited >= asked.every:
        return _Call("schedule", f"every {spelled(asked.every)}")
    if asked.new_labels is not None and (situation.new_labels or 0) >= asked.new_labels:
        return _Call("new_labels", f"{number(situation.new_labels or 0)} new labelled rows")
    if asked.compare_every is not None and waited is not None and waited >= asked.compare_every:
        why = f"to see every {spelled(asked.compare_every)} whether a better one is to be had"
        return _Call("comparison", why)
    return None


def _trigger(verdict: Verdict, change: IncidentChange) -> Trigger | None:
    incident = change.after
    objective = verdict.of(incident.objective)
    for learned in _LEARNED:
        if incident.kind == learned:
            return "burn" if objective is not None and objective.budget is not None else learned
    return None


def _begun(situation: Situation) -> datetime | None:
    """Return when a challenger was asked for last, else since when the champion serves."""
    return situation.retrainings[-1].at if situation.retrainings else situation.since


def _withheld(verdict: Verdict, situation: Situation, policy: Policy) -> str | None:
    """Return why no challenger is made now, whatever calls for one; the most telling reason first."""
    reasons = (*_by_model(verdict, situation, policy), *_by_limits(situation, policy))
    return next(iter(reasons), None)


def _by_model(verdict: Verdict, situation: Situation, policy: Policy) -> Iterator[str]:
    diagnosis = verdict.diagnosis
    if diagnosis is not None and diagnosis.cause in NOT_LEARNED:
        yield f"{diagnosis.cause.replace('_', ' ')} is mended, not learned: {diagnosis.sentence}"
    if situation.outage is not None:
        yield f"first the outage has to end: {situation.outage}"
    if situation.champion is None:
        yield "no version serves that a challenger could be compared with"
    if policy.labels is None:
        yield "the policy names no labels to learn from"
    if situation.held is not None:
        yield situation.held
    if situation.challenger is not None:
        yield f"version {situation.challenger} contends already"


def _by_limits(situation: Situation, policy: Policy) -> Iterator[str]:
    limits = policy.remediation.retrain
    for each in situation.retrainings:
        if each.is_open:
            yield f"one is asked for already, since {each.at:%Y-%m-%d %H:%M} UTC"
    past = [each.at for each in situation.retrainings]
    # What the last one did is seen from when it was decided.
    ended = max((each.settled or each.at for each in situation.retrainings), default=None)
    if ended is not None and situation.now - ended < limits.cooldown:
        rest = span(limits.cooldown - (situation.now - ended))
        yield f"the last one was decided less than {spelled(limits.cooldown)} ago; {rest} to wait"
    recent = sum(at > situation.now - MONTH for at in past)
    if recent >= limits.per_month:
        yield f"{recent} were asked for within 30 days, {limits.per_month} are allowed"


def _useless(retrainings: Sequence[Retraining]) -> tuple[Retraining, ...]:
    """Return the newest retrainings in a row that did not help, since a person last asked for one."""
    found: list[Retraining] = []
    for each in reversed(retrainings):
        if each.helped or each.by_hand:
            break
        if each.helped is False and not each.to_compare:
            found.append(each)
    return tuple(reversed(found))


def _gives_up(useless: Sequence[Retraining], policy: Policy) -> bool:
    return len(useless) >= policy.remediation.retrain.give_up_after


def _given_up(useless: Sequence[Retraining], policy: Policy) -> str | None:
    if not _gives_up(useless, policy):
        return None
    return f"{len(useless)} in a row did not help; a person has to look, and to ask for the next one"


def _escalation(
    useless: Sequence[Retraining], call: _Call, situation: Situation, policy: Policy
) -> tuple[Intent, ...]:
    """Tell once, after the last of them, that retraining does not help."""
    alert = Alert(
        model=policy.model,
        team=policy.team,
        kind="held",
        severity=Severity.HIGH,
        subject="retraining does not help",
        sentence=f"{len(useless)} challengers in a row were no better, and {call.why}",
        since=situation.now,
        doing=f"Muster makes no more of them; look yourself, then `muster retrain {policy.model}`",
        owners=policy.owners,
    )
    return sends(alert, f"gave up after {useless[-1].key}", channels_for(alert, policy.routes))


def _retraining(call: _Call, verdict: Verdict, policy: Policy) -> Intent:
    cause = None if verdict.diagnosis is None else str(verdict.diagnosis.cause)
    return Intent(
        model=verdict.model,
        key=f"retrain for {call.asked}@{_at(verdict)}",
        kind="retrain",
        sentence=f"make a challenger ({call.why})",
        content={"trigger": call.asked, "window": verdict.window.start.isoformat(), "cause": cause},
        automation=policy.automation,
        queue="retrain",
    )


def _at(verdict: Verdict) -> str:
    return f"{verdict.window.start:%Y-%m-%dT%H:%MZ}"
