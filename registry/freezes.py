"""Freezes of a team or of everything: a chain of their own, because no single model's chain holds them."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlmodel import Session, col, select

from registry.act_tables import FreezeRow
from registry.canonical import canonical_json, digest, iso
from registry.chain import GENESIS
from registry.records import Actor, Fault
from registry.tables import AssignmentRow, ModelRow

ALL = "all"
_DOMAIN = "muster.freeze.v1"
# Any number but that of the migrations, as long as every Muster takes the same one.
_ADVISORY_LOCK = 6_878_737_265


def team_scope(team: str) -> str:
    """Return the scope that stands for a team."""
    return f"team:{team}"


def lock(session: Session) -> None:
    """Keep others from freezing or acting of themselves meanwhile; on SQLite every writer is alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.connection().execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ADVISORY_LOCK})


def frozen_scopes(session: Session) -> dict[str, FreezeRow]:
    """Return the scopes that are frozen now, with the rows that say so."""
    rows = session.exec(select(FreezeRow).order_by(col(FreezeRow.seq))).all()
    newest = {row.scope: row for row in rows}
    return {scope: row for scope, row in newest.items() if row.frozen}


def held(session: Session, model: str) -> str | None:
    """Say why nothing may happen to a model automatically; None when it may."""
    known = session.get(ModelRow, model)
    scopes = [ALL] if known is None else [ALL, team_scope(known.team)]
    frozen = frozen_scopes(session)
    for scope in scopes:
        if (row := frozen.get(scope)) is not None:
            what = "everything is" if scope == ALL else f"team {scope.removeprefix('team:')} is"
            return f"{what} frozen by {row.actor} since {row.at:%Y-%m-%d %H:%M} UTC: {row.reason}"
    assigned = session.get(AssignmentRow, model)
    return None if assigned is None or assigned.frozen_by is None else f"it is frozen by {assigned.frozen_by}"


def record_freeze(session: Session, row: FreezeRow) -> bool:
    """Record a freeze or unfreeze under the lock; False when the scope is like that already."""
    if (row.scope in frozen_scopes(session)) is row.frozen:
        return False
    last = session.exec(select(FreezeRow).order_by(col(FreezeRow.seq).desc()).limit(1)).first()
    row.seq = 1 if last is None else last.seq + 1
    row.prev = GENESIS if last is None else last.hash
    row.hash = _hash(row)
    session.add(row)
    session.flush()
    return True


def freeze_row(scope: str, actor: Actor, reason: str, at: object, *, frozen: bool) -> FreezeRow:
    """Return a row that still has to find its place in the chain."""
    return FreezeRow(
        seq=0,
        scope=scope,
        frozen=frozen,
        at=at,  # type: ignore[arg-type]
        actor=actor.name,
        actor_kind=actor.kind,
        reason=reason,
        prev="",
        hash="",
    )


def freeze_faults(session: Session) -> Iterator[Fault]:
    """Find what was altered or removed among the freezes."""
    seq, prev = 0, GENESIS
    for row in session.exec(select(FreezeRow).order_by(col(FreezeRow.seq))).all():
        where = ("the fleet", "freeze", f"{row.seq}")
        if row.seq != seq + 1:
            yield Fault(*where, f"gap: freeze {row.seq} follows freeze {seq}; those between were removed")
        elif row.prev != prev:
            yield Fault(*where, f"broken link: freeze {row.seq} does not continue freeze {seq}")
        if row.hash != _hash(row):
            yield Fault(*where, "altered row: it does not have its hash")
        seq, prev = row.seq, row.hash


def _hash(row: FreezeRow) -> str:
    facts = [row.prev, row.seq, row.scope, row.frozen, iso(row.at), row.actor, row.actor_kind, row.reason]
    return digest(canonical_json([_DOMAIN, *facts]))
