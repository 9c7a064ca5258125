"""Incidents: what each window's verdict or pulse did to them, recorded once and folded back."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from policies.incidents import Incident, IncidentChange, follow, persistence
from policies.policy import Policy
from policies.pulse import Pulse, judge_pulse
from policies.verdict import Status, Verdict
from profiles.errors import LedgerUnavailable
from registry.canonical import dump, load
from registry.chain import record
from registry.corrections import corrections
from registry.tables import IncidentRow, VerdictRow

# Blind windows in between do not count: so many windows are looked through for each judged one.
_LOOKED_THROUGH = 8


def record_changes(
    session: Session, verdict: Verdict, policy: Policy, revision: int, policy_digest: str, at: datetime
) -> tuple[IncidentChange, ...]:
    """Record what a new verdict does to its model's incidents, under the model's lock, and return it.

    A change that the ledger has for the same incident by the same verdict stands.
    """
    known = _reaching(session, verdict.model, verdict.window.start)
    breached = [each.objective for each in verdict.objectives if each.status is Status.BREACHED]
    if not known and not breached:
        return ()
    longest = max((persistence(policy, objective) for objective in breached), default=1)
    found = (
        *follow(known, verdict, _recent(session, verdict, longest), policy),
        *corrections(session, known, verdict, revision, policy, policy_digest),
    )
    start = verdict.window.start
    return tuple(each for each in found if _record(session, each, start, revision, policy_digest, at))


def changes_by(session: Session, pulse: Pulse, policy: Policy) -> tuple[IncidentChange, ...]:
    """Return what a pulse would do to its model's incidents."""
    return judge_pulse(pulse, _reaching(session, pulse.model, pulse.at), policy)


def record_pulse(
    session: Session, pulse: Pulse, policy: Policy, policy_digest: str
) -> tuple[IncidentChange, ...]:
    """Record what a pulse does to its model's incidents, under the model's lock, and return it."""
    return tuple(
        change
        for change in changes_by(session, pulse, policy)
        if _record(session, change, pulse.at, None, policy_digest, pulse.at)
    )


def record_by_person(
    session: Session,
    model: str,
    name: str,
    decide: Callable[[Incident], IncidentChange],
    policy_digest: str | None,
    at: datetime,
) -> IncidentChange:
    """Record what a person decides about an incident as it is now, under the model's lock."""
    found = _incidents(session, col(IncidentRow.model) == model, col(IncidentRow.incident) == name)
    if not found or policy_digest is None:
        raise LedgerUnavailable(f"the ledger knows no incident {name} of {model}")
    change = decide(found[0])
    _record(session, change, at, None, policy_digest, at)
    return change


def record_found(
    session: Session, changes: Sequence[IncidentChange], policy_digest: str, at: datetime
) -> tuple[IncidentChange, ...]:
    """Record changes that belong to no window, under the model's lock, and return those that are new."""
    return tuple(change for change in changes if _record(session, change, at, None, policy_digest, at))


def _record(
    session: Session,
    change: IncidentChange,
    start: datetime,
    revision: int | None,
    policy_digest: str,
    at: datetime,
) -> bool:
    incident = change.after
    earlier = session.exec(
        select(IncidentRow.window_start, IncidentRow.reading_revision, IncidentRow.policy_digest).where(
            IncidentRow.model == incident.model, IncidentRow.incident == incident.name
        )
    ).all()
    if (start, revision, policy_digest) in {tuple(each) for each in earlier}:
        return False
    row = IncidentRow(
        model=incident.model,
        incident=incident.name,
        nth=len(earlier) + 1,
        window_start=start,
        reading_revision=revision,
        policy_digest=policy_digest,
        change=change.change,
        kind=incident.kind,
        severity=incident.severity,
        is_open=incident.resolved is None,
        actor=change.actor,
        recorded_at=at,
        sentence=change.sentence,
        content=dump(incident),
    )
    record(session, incident.model, row, at)
    return True


def incidents_of(session: Session, model: str | None, *, open_only: bool) -> tuple[Incident, ...]:
    """Return incidents as they are now, of one model or of all, the newest last."""
    where: list[ColumnElement[bool]] = [] if model is None else [col(IncidentRow.model) == model]
    if open_only:
        where.append(col(IncidentRow.is_open).is_(True))
    return _incidents(session, *where)


def changes_of(session: Session, model: str) -> tuple[tuple[datetime, IncidentChange], ...]:
    """Return what happened to a model's incidents and when it was recorded, in that order."""
    rows = session.exec(
        select(IncidentRow)
        .where(IncidentRow.model == model)
        .order_by(
            col(IncidentRow.recorded_at),
            col(IncidentRow.window_start),
            col(IncidentRow.incident),
            col(IncidentRow.nth),
        )
    ).all()
    return tuple(
        (
            row.recorded_at,
            IncidentChange(row.change, load(Incident, row.content), row.sentence, row.actor),  # type: ignore[arg-type]
        )
        for row in rows
    )


def opened_in(session: Session, model: str, since: datetime, until: datetime) -> int:
    """Return how many incidents of a model were opened by windows that start in since <= start < until."""
    counted: int = session.exec(
        select(func.count()).where(
            IncidentRow.model == model,
            IncidentRow.change == "opened",
            col(IncidentRow.window_start) >= since,
            col(IncidentRow.window_start) < until,
        )
    ).one()
    return counted


def openings(session: Session) -> Mapping[str, tuple[datetime, ...]]:
    """Return per model the times at which its incidents were opened: starts of windows, or of pulses."""
    opened: dict[str, tuple[datetime, ...]] = {}
    rows = session.exec(
        select(IncidentRow.model, IncidentRow.window_start)
        .where(IncidentRow.change == "opened")
        .order_by(col(IncidentRow.window_start))
    ).all()
    for model, at in rows:
        opened[model] = (*opened.get(model, ()), at)
    return opened


def _reaching(session: Session, model: str, start: datetime) -> tuple[Incident, ...]:
    """Return the model's open incidents, and of the others those that had a part of `start` or later."""
    other = aliased(IncidentRow)
    later = select(other.nth).where(
        other.model == IncidentRow.model,
        other.incident == IncidentRow.incident,
        col(other.window_start) >= start,
    )
    return _incidents(session, col(IncidentRow.model) == model, or_(col(IncidentRow.is_open), later.exists()))


def _incidents(session: Session, *where: ColumnElement[bool]) -> tuple[Incident, ...]:
    """Return incidents by their newest change, where that fits."""
    other = aliased(IncidentRow)
    newest = select(func.max(other.nth)).where(
        other.model == IncidentRow.model, other.incident == IncidentRow.incident
    )
    rows = session.exec(
        select(IncidentRow)
        .where(col(IncidentRow.nth) == newest.correlate(IncidentRow).scalar_subquery(), *where)
        .order_by(col(IncidentRow.window_start), col(IncidentRow.model), col(IncidentRow.incident))
    ).all()
    return tuple(load(Incident, row.content) for row in rows)


def _recent(session: Session, verdict: Verdict, longest: int) -> Sequence[Verdict]:
    """Return the newest verdict on each of the windows before this one, as many as may be asked for."""
    if longest <= 1:
        return ()
    rows = session.exec(
        select(VerdictRow)
        .where(VerdictRow.model == verdict.model, col(VerdictRow.window_start) < verdict.window.start)
        .order_by(
            col(VerdictRow.window_start).desc(),
            col(VerdictRow.reading_revision),
            col(VerdictRow.recorded_at),
        )
        .limit(longest * _LOOKED_THROUGH)
    ).all()
    # Of several verdicts on one window the last one counts: the newest reading's, the newest by time.
    newest = {row.window_start: row for row in rows}
    return [load(Verdict, row.content) for row in newest.values()]
