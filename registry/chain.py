"""The hash chain that makes a changed ledger visible: one chain of entries per model.

An entry's hash covers the entry before it and the digest of the fact's whole row, so that changing or
removing a row breaks what comes after. Cutting off the end of a chain together with its rows cannot
be seen from inside the database: compare the number of entries with what an earlier check reported.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert
from sqlmodel import Session, col, select

from registry.act_tables import IntentEventRow, IntentRow
from registry.canonical import canonical_json, digest, iso
from registry.contest_tables import PairedReadingRow
from registry.grade_tables import GradeRow
from registry.tables import (
    BaselineRow,
    EntryRow,
    IncidentRow,
    PolicyRow,
    ReadingRow,
    Row,
    SettlementRow,
    TransitionRow,
    VerdictRow,
    VersionRow,
)

GENESIS = f"sha256:{'0' * 64}"
_DOMAIN = "muster.entry.v1"


@dataclass(frozen=True)
class FactKind:
    """How rows of one table stand in the chain: the entries' kind, and the key made of these columns.

    `mutable` columns are not covered by the digest, because they follow from other facts. So that entries
    which older schemas made stay valid, `former` holds the columns of their keys, and a column in `added` is
    left out of the digest where it has the value that those rows were given.
    """

    kind: str
    columns: tuple[str, ...]
    mutable: frozenset[str] = frozenset()
    former: tuple[str, ...] = ()
    added: Mapping[str, Any] = field(default_factory=dict)


FACTS: Mapping[type[Row], FactKind] = {
    PolicyRow: FactKind("policy", ("digest",)),
    VersionRow: FactKind("version", ("version",), frozenset({"state"})),
    BaselineRow: FactKind("baseline", ("version", "name"), added={"held_out_digest": None}),
    TransitionRow: FactKind("transition", ("revision",)),
    ReadingRow: FactKind("reading", ("window_start", "revision")),
    SettlementRow: FactKind("settled", ("window_start", "revision")),
    VerdictRow: FactKind("verdict", ("window_start", "reading_revision", "policy_digest")),
    # The order of an incident's changes is that of their entries.
    IncidentRow: FactKind(
        "incident",
        ("incident", "window_start", "reading_revision", "policy_digest"),
        frozenset({"nth"}),
        former=("incident", "window_start"),
        added={"actor": None},
    ),
    IntentRow: FactKind("intent", ("key",)),
    IntentEventRow: FactKind("intent event", ("key", "event")),
    PairedReadingRow: FactKind(
        "paired reading", ("challenger", "opponent", "window_start", "reading_revision", "began")
    ),
    GradeRow: FactKind("grade", ("key",)),
}


def entry_hash(entry: EntryRow) -> str:
    """Return what an entry's hash has to be: SHA-256 over its domain, its link and its content."""
    return digest(
        canonical_json(
            [
                _DOMAIN,
                entry.prev,
                entry.model,
                entry.seq,
                iso(entry.at),
                entry.kind,
                entry.key,
                entry.content_digest,
            ]
        )
    )


def fact_key(row: Row) -> str:
    """Return the natural key under which a row's entry stands within its model and kind."""
    return _key(row, FACTS[type(row)].columns)


def former_key(row: Row) -> str:
    """Return the key under which older schemas made a row's entry; the present one where it never changed."""
    fact = FACTS[type(row)]
    return _key(row, fact.former or fact.columns)


def row_digest(row: Row) -> str:
    """Return the digest of everything in a row that may never change."""
    fact = FACTS[type(row)]
    values = {
        column.name: getattr(row, column.name)
        for column in table_of(type(row)).columns
        if column.name not in fact.mutable
    }
    covered = {
        name: _plain(value)
        for name, value in values.items()
        if name not in fact.added or value != fact.added[name]
    }
    return digest(canonical_json(covered))


def table_of(kind: type[Row]) -> Table:
    """Return the SQL table of a row class."""
    return cast("Table", kind.__table__)  # type: ignore[attr-defined]


def _key(row: Row, columns: tuple[str, ...]) -> str:
    # What has no reading has revision 0.
    values = (getattr(row, name) for name in columns)
    return "/".join(str(0 if value is None else _plain(value)) for value in values)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso(value)
    return digest(value) if isinstance(value, bytes) else value


def record(session: Session, model: str, row: Row, at: datetime) -> None:
    """Add a fact's row and its entry; the caller holds the model's lock and commits."""
    session.add(row)
    session.flush()
    append(session, model, row, at)


def append(session: Session, model: str, row: Row, at: datetime, nth: int = 1) -> None:
    """Link an entry for `row` to the end of its model's chain; `nth` counts its repetitions.

    Only a policy is repeated: a team may return to an earlier one.
    """
    head = session.exec(
        select(EntryRow).where(EntryRow.model == model).order_by(col(EntryRow.seq).desc()).limit(1)
    ).first()
    key = fact_key(row)
    entry = EntryRow(
        model=model,
        seq=1 if head is None else head.seq + 1,
        at=at,
        kind=FACTS[type(row)].kind,
        key=key if nth == 1 else f"{key}/{nth}",
        content_digest=row_digest(row),
        prev=GENESIS if head is None else head.hash,
        hash="",
    )
    session.exec(insert(EntryRow).values({**entry.model_dump(), "hash": entry_hash(entry)}))
