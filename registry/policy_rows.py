"""Which policy a model is watched by."""

from sqlmodel import Session, col, select

from registry.chain import FACTS
from registry.tables import EntryRow, PolicyRow


def current_policy_digest(session: Session, model: str) -> str | None:
    """Return the digest of the policy that was recorded last for a model."""
    key = session.exec(
        select(EntryRow.key)
        .where(EntryRow.model == model, EntryRow.kind == FACTS[PolicyRow].kind)
        .order_by(col(EntryRow.seq).desc())
        .limit(1)
    ).first()
    return None if key is None else key.split("/")[0]
