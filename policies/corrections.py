"""CORRECT: what a window that is judged again changes of an incident that it had a part in. Pure.

Nothing is undone: the incident stays, gets a note, and from then on is what it would have been, had its
windows been judged at first as they are now.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from policies.incidents import Breach, Incident, IncidentChange, breaches, follow, persistence
from policies.objectives.feed import FRESHNESS
from policies.policy import Policy
from policies.verdict import SEVERITIES, ObjectiveVerdict, Status, Verdict

# The outcome of a window that says with other numbers what it said before.
STILL = "still breached"
_UNKNOWN = (Status.INCONCLUSIVE, Status.ERRORED)
# Verdicts before a breach that are looked at for persistence, for each that it asks for: some may be blind.
_LOOKED_THROUGH = 8


@dataclass(frozen=True)
class Again:
    """A window's verdict before it was judged again, and what is different: each pair is before and now.

    `labelled` holds None where there are no labels.
    """

    before: Verdict
    rows: tuple[int, int]
    labelled: tuple[int | None, int | None] = (None, None)
    other_policy: bool = False


@dataclass(frozen=True)
class Past:
    """An incident with what is known now of the time since it began.

    `began` is when it began at first, `verdicts` are the newest on each window from then on until the next
    incident of its kind, oldest first. `by_window`: a window opened it; `ended_by_window`: no pulse and no
    person resolved it.
    """

    incident: Incident
    began: datetime
    verdicts: Sequence[Verdict]
    by_window: bool = True
    ended_by_window: bool = True


def concerns(incident: Incident, began: datetime, verdict: Verdict, before: Verdict) -> bool:
    """Say whether a second verdict on a window changes what the first one meant for an incident.

    `began` is when the incident began at first. A window of which nothing is known now changes nothing.
    """
    if not (began < verdict.window.end and verdict.window.start <= incident.last):
        return False
    now, then = (breaches(each).get(incident.kind) for each in (verdict, before))
    if now is not None and then is not None:
        is_shown = then.sentence == incident.sentence
        return (now.severity, now.columns) != (then.severity, then.columns) or (
            is_shown and now.sentence != then.sentence
        )
    if now is not None:
        return True
    objective, earlier = (each.of(incident.objective) for each in (verdict, before))
    if objective is None or objective.status in _UNKNOWN:
        return False
    same = earlier is not None and _standing(earlier) == _standing(objective)
    return then is not None or not same


def corrected(past: Past, verdict: Verdict, again: Again, policy: Policy) -> IncidentChange | None:
    """Return the correction of an incident by a window that was judged again, or None without one.

    The incident is followed once more through `past.verdicts`, in which `verdict` is. Where it would not
    have been opened it is resolved; but where a pulse had opened it, or nothing is known of one of its
    windows, it only gets the note. What a pulse or a person resolved stays so.
    """
    incident = past.incident
    found = _followed_again(past, policy)
    note = _note(verdict, again, incident)
    if found:
        after = _as_found(past, found)
        if after == incident:
            return None
    elif not past.by_window or _is_unknown(past):
        after = incident
    else:
        after = replace(incident, resolved=note if past.ended_by_window else incident.resolved)
    return IncidentChange("corrected", replace(after, note=note), note)


def _followed_again(past: Past, policy: Policy) -> list[Incident]:
    """Return the incidents of the kind that the verdicts of the time would open now, oldest first."""
    incident = past.incident
    kept = (incident.objective, FRESHNESS)
    verdicts = [
        replace(verdict, objectives=tuple(each for each in verdict.objectives if each.objective in kept))
        for verdict in past.verdicts
    ]
    back = _LOOKED_THROUGH * persistence(policy, incident.objective)
    known: dict[str, Incident] = {}
    for index, verdict in enumerate(verdicts):
        mine = [each for each in known.values() if each.resolved is None]
        for change in follow(mine, verdict, verdicts[max(0, index - back) : index], policy):
            if change.after.kind == incident.kind:
                known[change.after.name] = change.after
    return sorted(known.values(), key=lambda each: each.began)


def _as_found(past: Past, found: Sequence[Incident]) -> Incident:
    """Return the incident with what was found again; where that falls apart it stays one."""
    incident, last = past.incident, found[-1]
    return replace(
        incident,
        began=found[0].began if past.by_window else incident.began,
        last=max(incident.last, last.last),
        severity=max((each.severity for each in found), key=SEVERITIES.index),
        sentence=last.sentence,
        windows=sum(each.windows for each in found),
        columns=tuple(sorted({column for each in found for column in each.columns})),
        resolved=last.resolved if past.ended_by_window else incident.resolved,
    )


def _is_unknown(past: Past) -> bool:
    incident = past.incident
    within = (each for each in past.verdicts if each.window.start <= incident.last)
    objectives = (each.of(incident.objective) for each in within)
    return any(each is not None and each.status in _UNKNOWN for each in objectives)


def _standing(objective: ObjectiveVerdict) -> tuple[Status, bool]:
    return objective.status, objective.provisional


def _note(verdict: Verdict, again: Again, incident: Incident) -> str:
    changed = _changed(again)
    start = f"{verdict.window.start:%Y-%m-%d %H:%M} UTC"
    now, then = (breaches(each).get(incident.kind) for each in (verdict, again.before))
    return f"judged again{changed} (window of {start}): {_outcome(now, then, verdict.of(incident.objective))}"


def _changed(again: Again) -> str:
    for (before, now), what in ((again.rows, "rows"), (again.labelled, "labels")):
        if before is not None and now is not None and before != now:
            return f" with {now:,} {what} instead of {before:,}"
    return " by another policy" if again.other_policy else ""


def _outcome(now: Breach | None, then: Breach | None, objective: ObjectiveVerdict | None) -> str:
    if now is None:
        if then is None:
            return "no objective" if objective is None else f"{objective.status}: {objective.reason}"
        own = objective is None or then.kind == objective.objective
        return "no longer breached" if own else f"no longer {then.kind.replace('_', ' ')}"
    if then is None:
        return f"breached as well: {now.sentence}"
    if now.severity is not then.severity:
        return f"{now.severity} instead of {then.severity}: {now.sentence}"
    return STILL
