"""Which models move together, by the policies that they are watched by now."""

import json
from collections.abc import Sequence

from sqlmodel import Session, col, select

from registry.canonical import canonical_json
from registry.policy_rows import current_policy_digest
from registry.tables import PolicyRow


def together(session: Session, model: str) -> tuple[str, ...]:
    """Return a model and all that are tied to it by `rolls_with`, whichever of the two policies says so."""
    found: set[str] = set()
    waiting = [model]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found.add(each)
            waiting += [*_named_by(session, each), *_naming(session, each)]
    return tuple(sorted(found))


def _named_by(session: Session, model: str) -> Sequence[str]:
    digest = current_policy_digest(session, model)
    row = None if digest is None else session.get(PolicyRow, digest)
    return () if row is None else _ties(row)


def _naming(session: Session, model: str) -> Sequence[str]:
    """Return the models whose current policy names this one; only texts that hold its name are read."""
    rows = session.exec(
        select(PolicyRow).where(
            PolicyRow.model != model, col(PolicyRow.resolved).contains(canonical_json(model), autoescape=True)
        )
    ).all()
    return [
        row.model
        for row in rows
        if model in _ties(row) and row.digest == current_policy_digest(session, row.model)
    ]


def _ties(row: PolicyRow) -> Sequence[str]:
    # A policy of an older schema has none.
    ties: Sequence[str] = json.loads(row.resolved).get("remediation", {}).get("rolls_with", ())
    return ties
