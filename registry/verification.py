"""Questions about the whole ledger: is it as it was written, and what does it say."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from sqlmodel import Session, col, func, select

from registry.act_tables import FreezeRow, IntentEventRow, IntentRow, LeaseRow
from registry.assignments import states_of, transition_of
from registry.canonical import dump, iso
from registry.chain import FACTS, GENESIS, entry_hash, fact_key, former_key, row_digest, table_of
from registry.freezes import freeze_faults
from registry.intents import is_open
from registry.records import Fault, Verification
from registry.tables import (
    AssignmentRow,
    EntryRow,
    IncidentRow,
    ModelRow,
    ReadingRow,
    Row,
    TransitionRow,
    VersionRow,
)
from registry.windows import reading_of

R = TypeVar("R", bound=Row)

_JSON = frozenset({"resolved", "scores", "evidence", "before", "after", "content", "result"})
# When and by which run something was recorded, and what depends on that.
_CIRCUMSTANCES = frozenset(
    {"created_at", "recorded_at", "registered_at", "at", "flow_run", "content_digest", "seq", "prev", "hash"}
)


def verify(session: Session) -> Verification:
    """Recompute every chain and every row's digest.

    Found are altered and missing rows, rows without an entry, altered entries, broken links and gaps;
    besides, assignments and version states that do not follow from the transitions, and leases that do not
    follow from the intents.
    """
    models = session.exec(select(ModelRow.model).order_by(ModelRow.model)).all()
    chains = {*session.exec(select(EntryRow.model).distinct()).all()}
    faults: list[Fault] = []
    for model in sorted({*models, *chains}):
        try:
            faults += _faults(session, model)
        except ValueError as error:
            faults.append(Fault(model, "entry", "", f"altered row: the chain cannot be read: {error}"))
    faults += freeze_faults(session)
    counted = session.exec(select(func.count()).select_from(EntryRow)).one()
    return Verification(entries=counted, chains=len(chains), faults=tuple(faults))


def _faults(session: Session, model: str) -> list[Fault]:
    entries = session.exec(select(EntryRow).where(EntryRow.model == model).order_by(col(EntryRow.seq))).all()
    faults = [*_chain_faults(entries), *_row_faults(session, model, entries)]
    if not any(fault.kind == "incident" for fault in faults):
        faults += _order_faults(session, model, entries)
    if not any(fault.kind == "transition" for fault in faults):
        faults += _serving_faults(session, model)
    faults += _lease_faults(session, model)
    return faults


def _chain_faults(entries: Sequence[EntryRow]) -> Iterator[Fault]:
    seq, prev = 0, GENESIS
    for entry in entries:
        where = (entry.model, entry.kind, entry.key)
        if entry.seq != seq + 1:
            yield Fault(*where, f"gap: entry {entry.seq} follows entry {seq}; those between were removed")
        elif entry.prev != prev:
            yield Fault(*where, f"broken link: entry {entry.seq} does not continue entry {seq}")
        if entry.hash != entry_hash(entry):
            yield Fault(*where, f"altered entry: entry {entry.seq} does not have its hash")
        seq, prev = entry.seq, entry.hash


def _row_faults(session: Session, model: str, entries: Sequence[EntryRow]) -> Iterator[Fault]:
    recorded: dict[tuple[str, str], list[EntryRow]] = {}
    for entry in entries:
        # A policy that came back has a further entry, its key followed by a count.
        key = entry.key.split("/")[0] if entry.kind == "policy" else entry.key
        recorded.setdefault((entry.kind, key), []).append(entry)
    for kind, fact in FACTS.items():
        try:
            for row in _rows(session, kind, model):
                key, found = fact_key(row), row_digest(row)
                linked = recorded.pop((fact.kind, key), []) or recorded.pop((fact.kind, former_key(row)), [])
                if not linked:
                    yield Fault(model, fact.kind, key, "row without entry: it was added past the ledger")
                elif any(entry.content_digest != found for entry in linked):
                    yield Fault(model, fact.kind, key, "altered row: it is not what its entry was made for")
        except ValueError as error:
            yield Fault(model, fact.kind, "", f"altered row: a {fact.kind} cannot be read: {error}")
    for entry_kind, key in recorded:
        yield Fault(model, entry_kind, key, "missing row: there is an entry for it, but the row was removed")


def _order_faults(session: Session, model: str, entries: Sequence[EntryRow]) -> Iterator[Fault]:
    """Find incidents whose changes are not numbered in the order of their entries."""
    at = {entry.key: entry.seq for entry in entries if entry.kind == FACTS[IncidentRow].kind}
    order: dict[str, list[tuple[int, int]]] = {}
    for row in _rows(session, IncidentRow, model):
        order.setdefault(row.incident, []).append((at.get(fact_key(row)) or at[former_key(row)], row.nth))
    for incident, changes in order.items():
        if [nth for _, nth in sorted(changes)] != [*range(1, len(changes) + 1)]:
            yield Fault(
                model, "incident", incident, "altered row: its changes are not in their entries' order"
            )


def _rows(session: Session, kind: type[R], model: str) -> Iterator[R]:
    """Read rows in batches, because a model's readings may be many."""
    of_model = table_of(kind).columns["model"] == model
    yield from session.exec(select(kind).where(of_model).execution_options(yield_per=500))


def _serving_faults(session: Session, model: str) -> Iterator[Fault]:
    rows = session.exec(
        select(TransitionRow).where(TransitionRow.model == model).order_by(col(TransitionRow.revision))
    ).all()
    transitions = [transition_of(row) for row in rows]
    assigned = session.get(AssignmentRow, model)
    expected = transitions[-1].after if transitions else None
    found = None if assigned is None else assigned.model_dump()
    if found != (None if expected is None else asdict(expected)):
        yield Fault(
            model, "assignment", model, "altered row: who serves does not follow from the last transition"
        )
    states = states_of(transitions)
    for version in session.exec(select(VersionRow).where(VersionRow.model == model)).all():
        if version.state != states.get(version.version, "candidate"):
            yield Fault(
                model,
                "version",
                version.version,
                "altered row: its state does not follow from the transitions",
            )


def _lease_faults(session: Session, model: str) -> Iterator[Fault]:
    """Find what would make an intent disappear, or be carried out a second time."""
    events: dict[str, list[str]] = {}
    for event in session.exec(select(IntentEventRow).where(IntentEventRow.model == model)).all():
        events.setdefault(event.key, []).append(event.event)
    leased = {*session.exec(select(LeaseRow.key).where(LeaseRow.model == model)).all()}
    for row in session.exec(select(IntentRow).where(IntentRow.model == model)).all():
        if is_open(row, events.get(row.key, ())) is not (row.key in leased):
            said = "open, but nobody can claim it" if row.key not in leased else "over, but can be claimed"
            yield Fault(model, "lease", row.key, f"altered row: the intent is {said}")


def content(session: Session) -> dict[str, Any]:
    """Return every table as a sorted list of plain rows without the circumstances of recording.

    Two ledgers that were told the same facts have the same content, in whatever order and whenever
    they were told; except for revisions, which count in the order of arrival.
    """
    kinds: tuple[type[Row], ...] = (ModelRow, AssignmentRow, EntryRow, FreezeRow, *FACTS)
    return {
        table_of(kind).name: sorted((_plain(row) for row in session.exec(select(kind)).all()), key=repr)
        for kind in kinds
    }


def _plain(row: Row) -> dict[str, Any]:
    plain = {}
    for column in table_of(type(row)).columns:
        if column.name not in _CIRCUMSTANCES:
            plain[column.name] = _value(row, column.name)
    return plain


def _value(row: Row, name: str) -> Any:
    value = getattr(row, name)
    if isinstance(row, ReadingRow) and name == "packed":
        return json.loads(dump(reading_of(row)))
    if isinstance(value, datetime):
        return iso(value)
    return json.loads(value) if name in _JSON and value is not None else value
