"""Writing to the ledger: one transaction under one model's lock."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session, select

from profiles.errors import LedgerUnavailable
from registry.questions import Questions
from registry.tables import ModelRow


class Writing(Questions):
    """A ledger that may be written to; see Ledger."""

    @contextmanager
    def _writing(self, what: str, model: str) -> Iterator[Session]:
        with self._database.writing(what) as session:
            lock(session, model)
            yield session


def lock(session: Session, model: str) -> None:
    """Keep other writers of a model's chain waiting; SQLite's write transaction does so for all models."""
    found = session.exec(select(ModelRow.model).where(ModelRow.model == model).with_for_update()).first()
    if found is None:
        raise LedgerUnavailable(f"the ledger knows no model {model}: record its policy first")
