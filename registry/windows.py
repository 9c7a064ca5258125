"""Recording windows: readings with revisions, verdicts on them, and when a reading settles."""

import zlib
from datetime import datetime

from sqlmodel import Session, col, select

from policies.policy import Policy
from policies.verdict import Verdict
from profiles.errors import LedgerUnavailable
from profiles.reading import Reading
from registry.canonical import digest, dump, load
from registry.chain import record
from registry.tables import PolicyRow, ReadingRow, SettlementRow, VerdictRow


def record_reading(
    session: Session, reading: Reading, at: datetime, settles_at: datetime | None, flow_run: str | None
) -> int:
    """Record a reading under its model's lock unless the newest one says the same; return its revision."""
    content = dump(reading)
    newest = session.exec(
        select(ReadingRow)
        .where(ReadingRow.model == reading.model, ReadingRow.window_start == reading.window.start)
        .order_by(col(ReadingRow.revision).desc())
        .limit(1)
    ).first()
    if newest is not None and newest.content_digest == digest(content):
        _settle(session, newest, at, settles_at)
        return newest.revision
    row = ReadingRow(
        model=reading.model,
        window_start=reading.window.start,
        revision=1 if newest is None else newest.revision + 1,
        window_end=reading.window.end,
        version=reading.version,
        profile_digest=reading.profile,
        measured=reading.fault is None,
        content_digest=digest(content),
        recorded_at=at,
        settles_at=settles_at,
        flow_run=flow_run,
        packed=zlib.compress(content.encode()),
    )
    record(session, reading.model, row, at)
    return row.revision


def _settle(session: Session, row: ReadingRow, at: datetime, settles_at: datetime | None) -> None:
    """Record that an unchanged reading is final, once: what was still open at its time has come."""
    if row.settles_at is None or row.recorded_at >= row.settles_at:
        return
    if settles_at is not None and at < settles_at:
        return
    key = (row.model, row.window_start, row.revision)
    if session.get(SettlementRow, key) is not None:
        return
    settlement = SettlementRow(
        model=row.model, window_start=row.window_start, revision=row.revision, recorded_at=at
    )
    record(session, row.model, settlement, at)


def record_verdict(
    session: Session, verdict: Verdict, revision: int, policy_digest: str, at: datetime
) -> Policy | None:
    """Record the verdict on a reading's revision under its model's lock; the first one by a policy stands.

    Returns the policy when the verdict is a new one.
    """
    policy = session.get(PolicyRow, policy_digest)
    if policy is None or policy.model != verdict.model:
        raise LedgerUnavailable(
            f"policy {policy_digest} of {verdict.model} is not in the ledger: record the policy first"
        )
    if session.get(VerdictRow, (verdict.model, verdict.window.start, revision, policy_digest)) is not None:
        return None
    row = VerdictRow(
        model=verdict.model,
        window_start=verdict.window.start,
        reading_revision=revision,
        policy_digest=policy_digest,
        status=verdict.status,
        severity=verdict.severity,
        recorded_at=at,
        content=dump(verdict),
    )
    record(session, verdict.model, row, at)
    return load(Policy, policy.resolved)


def reading_of(row: ReadingRow) -> Reading:
    """Unpack the reading of a row."""
    return load(Reading, zlib.decompress(row.packed))
