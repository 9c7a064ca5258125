"""What a window that is judged again corrects: its earlier verdict, and the incidents it had a part in."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from policies.corrections import Again, Past, concerns, corrected
from policies.incidents import Incident, IncidentChange
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.reading import Reading
from registry.canonical import load
from registry.tables import IncidentRow, ReadingRow, VerdictRow
from registry.windows import reading_of


@dataclass(frozen=True)
class _Opening:
    """How an incident began at first, and whether a window opened it."""

    incident: Incident
    by_window: bool


def corrections(
    session: Session,
    known: Sequence[Incident],
    verdict: Verdict,
    revision: int,
    policy: Policy,
    policy_digest: str,
) -> Iterator[IncidentChange]:
    """Yield what a verdict corrects that is not the first on its window; nothing where it is the first.

    `known` are the model's incidents, all that reach to the window or beyond it among them.
    """
    reached = [incident for incident in known if incident.last >= verdict.window.start]
    before = _before(session, verdict, revision, policy_digest) if reached else None
    if before is None:
        return
    openings = _openings(session, verdict.model)
    affected = [
        incident
        for incident in reached
        if concerns(incident, openings[incident.name].incident.began, verdict, load(Verdict, before.content))
    ]
    if not affected:
        return
    again = _again(session, before, verdict, revision, policy_digest)
    for incident in affected:
        past = _past(session, incident, openings, policy)
        if (change := corrected(past, verdict, again, policy)) is not None:
            yield change


def _before(session: Session, verdict: Verdict, revision: int, policy_digest: str) -> VerdictRow | None:
    """Return the newest verdict on the same window before this one."""
    rows = session.exec(
        select(VerdictRow)
        .where(VerdictRow.model == verdict.model, VerdictRow.window_start == verdict.window.start)
        .order_by(col(VerdictRow.reading_revision).desc(), col(VerdictRow.recorded_at).desc())
        .limit(2)
    ).all()
    others = [row for row in rows if (row.reading_revision, row.policy_digest) != (revision, policy_digest)]
    return others[0] if others else None


def _again(
    session: Session, before: VerdictRow, verdict: Verdict, revision: int, policy_digest: str
) -> Again:
    start = verdict.window.start
    rows = [
        session.get_one(ReadingRow, (verdict.model, start, nth))
        for nth in (before.reading_revision, revision)
    ]
    then, now = (reading_of(row) for row in rows)
    return Again(
        before=load(Verdict, before.content),
        rows=(then.arrivals.rows, now.arrivals.rows),
        labelled=(_labelled(then), _labelled(now)),
        other_policy=before.policy_digest != policy_digest,
    )


def _labelled(reading: Reading) -> int | None:
    return None if reading.labels is None else reading.labels.labelled


def _openings(session: Session, model: str) -> dict[str, _Opening]:
    first = select(IncidentRow).where(IncidentRow.model == model, IncidentRow.nth == 1)
    return {
        row.incident: _Opening(load(Incident, row.content), row.reading_revision is not None)
        for row in session.exec(first).all()
    }


def _past(session: Session, incident: Incident, openings: dict[str, _Opening], policy: Policy) -> Past:
    opening = openings[incident.name]
    began = opening.incident.began
    later = [
        each.incident.began
        for each in openings.values()
        if each.incident.kind == incident.kind and each.incident.began > began
    ]
    return Past(
        incident=incident,
        began=began,
        verdicts=_newest(session, incident.model, policy.cadence.floor(began), min(later, default=None)),
        by_window=opening.by_window,
        ended_by_window=_ended_by_window(session, incident),
    )


def _newest(session: Session, model: str, since: datetime, until: datetime | None) -> tuple[Verdict, ...]:
    """Return the newest verdict on each window that starts in since <= start < until, oldest first."""
    query = select(VerdictRow).where(VerdictRow.model == model, col(VerdictRow.window_start) >= since)
    if until is not None:
        query = query.where(col(VerdictRow.window_start) < until)
    order = (col(VerdictRow.window_start), col(VerdictRow.reading_revision), col(VerdictRow.recorded_at))
    newest = {row.window_start: row for row in session.exec(query.order_by(*order)).all()}
    return tuple(load(Verdict, row.content) for row in newest.values())


def _ended_by_window(session: Session, incident: Incident) -> bool:
    ended = session.exec(
        select(IncidentRow.reading_revision)
        .where(
            IncidentRow.model == incident.model,
            IncidentRow.incident == incident.name,
            IncidentRow.change == "resolved",
        )
        .order_by(col(IncidentRow.nth).desc())
        .limit(1)
    ).all()
    return not ended or ended[0] is not None
