"""Writing to the ledger: one transaction under the locks of the models that it is about."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlmodel import Session, select

from profiles.errors import LedgerUnavailable
from registry.questions import Questions
from registry.tables import ModelRow


class Writing(Questions):
    """A ledger that may be written to; see Ledger."""

    @contextmanager
    def _writing(self, what: str, *models: str) -> Iterator[Session]:
        """Give a session that holds the locks of models, always taken in the order of their names."""
        with self._database.writing(what) as session:
            for model in sorted(set(models)):
                lock(session, model)
            yield session


def lock(session: Session, model: str) -> None:
    """Keep other writers of a model's chain waiting; SQLite's write transaction does so for all models."""
    found = session.exec(select(ModelRow.model).where(ModelRow.model == model).with_for_update()).first()
    if found is None:
        raise LedgerUnavailable(f"the ledger knows no model {model}: record its policy first")
