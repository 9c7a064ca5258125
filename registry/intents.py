"""Intents: recorded once under their key, claimed by compare-and-swap with a lease, ended once."""

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_
from sqlmodel import Session, col, func, select

from policies.intents import Intent, IntentKind
from profiles.errors import LedgerConflict, LedgerUnavailable
from profiles.window import as_utc
from registry.act_tables import IntentEventRow, IntentRow, LeaseRow
from registry.canonical import canonical_json
from registry.chain import record
from registry.intent_records import Claim, IntentStatus, RecordedIntent
from registry.leases import is_first_of_its_queue, lease_of, may_run, remove_lease, swapped
from registry.records import Actor, IntentEvent

_ENDS: tuple[IntentEvent, ...] = ("done", "failed", "declined")
# Others may claim some of what was found; then the next one is tried.
_CANDIDATES = 20


def record_intents(
    session: Session, intents: Iterable[Intent], policy_digest: str | None, at: datetime
) -> None:
    """Record what is wanted under the lock of its model; an intent that is known by its key stands."""
    for intent in intents:
        if session.get(IntentRow, (intent.model, intent.key)) is not None:
            continue
        counted: int = session.exec(select(func.count()).where(IntentRow.model == intent.model)).one()
        row = IntentRow(
            model=intent.model,
            key=intent.key,
            nth=counted + 1,
            at=at,
            kind=intent.kind,
            automation=intent.automation,
            automatic=intent.automatic,
            queue=intent.queue,
            sentence=intent.sentence,
            content=canonical_json(dict(intent.content)),
            policy_digest=policy_digest,
        )
        record(session, intent.model, row, at)
        if intent.automation == "act":
            session.add(lease_of(row, at, automatic=row.automatic))
            session.flush()


def claim(
    session: Session,
    worker: str,
    at: datetime,
    until: datetime,
    kinds: tuple[IntentKind, ...],
    frozen: Collection[str],
    model: str | None = None,
) -> Claim | None:
    """Take the intent that has been due for longest and that nobody carries out; None when there is none.

    A lease that ended before `at` is taken over. `frozen` are the scopes in which nothing automatic happens.
    """
    where = [] if model is None else [LeaseRow.model == model]
    found = session.exec(
        select(LeaseRow)
        .where(col(LeaseRow.kind).in_(kinds), *where)
        .where(col(LeaseRow.due) <= at, or_(col(LeaseRow.until).is_(None), col(LeaseRow.until) <= at))
        .where(is_first_of_its_queue(), may_run(frozen))
        .order_by(col(LeaseRow.due), col(LeaseRow.model), col(LeaseRow.nth))
        .limit(_CANDIDATES)
    ).all()
    for lease in found:
        token, attempts = lease.token + 1, lease.attempts + 1
        changes = {"worker": worker, "until": until, "token": token, "attempts": attempts}
        if swapped(session, lease.model, lease.key, lease.token, changes):
            row = session.get_one(IntentRow, (lease.model, lease.key))
            return Claim(intent_of(row), as_utc(row.at), worker, until, token, attempts)
    return None


def renew(session: Session, claim: Claim, until: datetime) -> None:
    """Keep a claim until a later time; LedgerConflict when another worker has taken it over."""
    _swap(session, claim, {"until": until})


def put_off(session: Session, claim: Claim, due: datetime, note: str, *, counts: bool) -> None:
    """Give a claim back, to be tried again when it is due; `counts` says whether this was an attempt."""
    attempts = claim.attempts if counts else claim.attempts - 1
    free = {"worker": None, "until": None, "token": claim.token + 1}
    changes = {**free, "due": due, "note": note, "attempts": attempts}
    _swap(session, claim, changes)


def end(
    session: Session,
    claim: Claim,
    event: IntentEvent,
    sentence: str,
    result: Mapping[str, Any],
    at: datetime,
) -> None:
    """Record what came of a claimed intent, under its model's lock."""
    intent = claim.intent
    _swap(session, claim, {})
    remove_lease(session, intent.model, intent.key)
    _record_event(
        session, (intent.model, intent.key), event, Actor(claim.worker, "muster"), sentence, result, at
    )


def decide(
    session: Session, model: str, key: str, event: IntentEvent, actor: Actor, reason: str, at: datetime
) -> None:
    """Record that a proposal is approved or declined, under its model's lock; the same again is nothing.

    Raises LedgerUnavailable for an unknown one, and LedgerConflict when it was decided otherwise.
    """
    row = session.get(IntentRow, (model, key))
    if row is None:
        raise LedgerUnavailable(f"the ledger has no proposal {key!r} of {model}")
    told = _events(session, model, key)
    if event in told:
        return
    if row.automation != "propose" or told:
        last = list(told.values())[-1] if told else None
        said = "it is none" if last is None else f"it was {last.event} by {last.actor}: {last.sentence}"
        raise LedgerConflict(f"{key!r} of {model} cannot be {event} as a proposal: {said}")
    _record_event(session, (model, key), event, actor, reason, {}, at)
    if event == "approved":
        session.add(lease_of(row, at, automatic=False))
        session.flush()


def intents_of(
    session: Session, model: str | None, kinds: tuple[IntentKind, ...] | None, *, open_only: bool
) -> tuple[RecordedIntent, ...]:
    """Return intents with what became of them, of one model or of all, in the order they were recorded."""
    query = select(IntentRow, LeaseRow).outerjoin(
        LeaseRow, and_(col(LeaseRow.model) == IntentRow.model, col(LeaseRow.key) == IntentRow.key)
    )
    events = select(IntentEventRow)
    if model is not None:
        query, events = query.where(IntentRow.model == model), events.where(IntentEventRow.model == model)
    if kinds is not None:
        query = query.where(col(IntentRow.kind).in_(kinds))
    told = session.exec(events).all()
    ends = {(row.model, row.key): row for row in told if row.event in _ENDS}
    approved = {
        (row.model, row.key): Actor(row.actor, row.actor_kind)  # type: ignore[arg-type]  # checked by the database
        for row in told
        if row.event == "approved"
    }
    rows = session.exec(query.order_by(col(IntentRow.at), col(IntentRow.model), col(IntentRow.nth))).all()
    found = (
        replace(
            _recorded(row, lease, ends.get((row.model, row.key))),
            approved_by=approved.get((row.model, row.key)),
        )
        for row, lease in rows
    )
    return tuple(each for each in found if not open_only or each.ended_at is None)


def heard(session: Session, model: str, subject: str) -> tuple[str, ...]:
    """Return the names of the channels that were sent something on a subject: the end of their queues."""
    rows = session.exec(
        select(IntentRow.queue).where(
            IntentRow.model == model,
            IntentRow.kind == "send",
            col(IntentRow.queue).endswith(f": {subject}", autoescape=True),
        )
    ).all()
    return tuple(sorted({queue.removesuffix(f": {subject}") for queue in rows if queue is not None}))


def intent_of(row: IntentRow) -> Intent:
    """Return the value of a row."""
    return Intent(
        model=row.model,
        key=row.key,
        kind=row.kind,  # type: ignore[arg-type]  # checked by the database
        sentence=row.sentence,
        content=json.loads(row.content),
        automation=row.automation,  # type: ignore[arg-type]  # checked by the database
        automatic=row.automatic,
        queue=row.queue,
    )


def is_open(row: IntentRow, events: Collection[str]) -> bool:
    """Say whether an intent is to be carried out, by the events that were recorded of it."""
    return not set(_ENDS) & set(events) and (row.automation == "act" or "approved" in events)


def _swap(session: Session, claim: Claim, changes: Mapping[str, Any]) -> None:
    intent = claim.intent
    if swapped(session, intent.model, intent.key, claim.token, changes):
        return
    session.expire_all()
    lease = session.get(LeaseRow, (intent.model, intent.key))
    ended = [row for row in _events(session, intent.model, intent.key).values() if row.event in _ENDS]
    said = "it was put off"
    if lease is not None and lease.worker is not None:
        said = f"{lease.worker} has taken it over"
    if ended:
        said = f"it was {ended[0].event} by {ended[0].actor} already"
    raise LedgerConflict(
        f"{claim.worker} may no longer carry out {intent.key!r} of {intent.model}: {said}. Do nothing more"
    )


def _events(session: Session, model: str, key: str) -> dict[str, IntentEventRow]:
    query = select(IntentEventRow).where(IntentEventRow.model == model, IntentEventRow.key == key)
    return {row.event: row for row in session.exec(query.order_by(col(IntentEventRow.at))).all()}


def _record_event(
    session: Session,
    of: tuple[str, str],
    event: IntentEvent,
    actor: Actor,
    sentence: str,
    result: Mapping[str, Any],
    at: datetime,
) -> None:
    model, key = of
    row = IntentEventRow(
        model=model,
        key=key,
        event=event,
        at=at,
        actor=actor.name,
        actor_kind=actor.kind,
        sentence=sentence,
        result=canonical_json(dict(result)),
    )
    record(session, model, row, at)


def _recorded(row: IntentRow, lease: LeaseRow | None, end: IntentEventRow | None) -> RecordedIntent:
    intent, at = intent_of(row), as_utc(row.at)
    if end is not None:
        status: IntentStatus = end.event  # type: ignore[assignment]  # one of the ends
        result = json.loads(end.result)
        return RecordedIntent(intent, at, status, ended_at=end.at, sentence=end.sentence, result=result)
    if lease is None:
        return RecordedIntent(intent, at, "observed" if row.automation == "observe" else "proposed")
    status = "waiting" if lease.worker is None else "claimed"
    return RecordedIntent(intent, at, status, lease.due, lease.attempts, lease.note)
