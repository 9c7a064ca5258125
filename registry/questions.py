"""What can be asked of the ledger; answers are frozen values, never rows."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from policies.incidents import Incident, IncidentChange
from policies.policy import Policy
from policies.release import Contest
from profiles.errors import LedgerUnavailable
from profiles.window import Window
from registry import groups, incidents, shadows
from registry.assignments import assignment_of, transition_of
from registry.budget_questions import BudgetQuestions
from registry.canonical import load
from registry.chain import FACTS
from registry.contests import contests
from registry.policy_rows import current_policy_digest
from registry.records import (
    DEFAULT,
    PROPOSED,
    Assignment,
    ModelVersion,
    RecordedModel,
    RecordedPolicy,
    RegisteredBaseline,
    Transition,
    Verification,
    VersionState,
)
from registry.tables import (
    AssignmentRow,
    BaselineRow,
    EntryRow,
    ModelRow,
    PolicyRow,
    TransitionRow,
    UnreadableRow,
    VersionRow,
)


class Questions(BudgetQuestions):
    """Everything that reads the ledger; each question sees one snapshot and raises LedgerUnavailable."""

    def models(self) -> tuple[RecordedModel, ...]:
        """Return every model that a policy was recorded for, by name."""
        with self._database.reading() as session:
            rows = session.exec(select(ModelRow).order_by(col(ModelRow.model))).all()
        return tuple(RecordedModel(**row.model_dump()) for row in rows)

    def policy(self, digest: str) -> RecordedPolicy:
        """Return the policy under a digest; LedgerUnavailable when there is none."""
        with self._database.reading() as session:
            row = session.get(PolicyRow, digest)
        if row is None:
            raise LedgerUnavailable(f"the ledger at {self._database.where} has no policy {digest}")
        return _policy_of(row)

    def current_policy(self, model: str) -> RecordedPolicy | None:
        """Return the policy that was recorded last for a model, be it for the second time."""
        with self._database.reading() as session:
            digest = current_policy_digest(session, model)
            row = None if digest is None else session.get(PolicyRow, digest)
        return None if row is None else _policy_of(row)

    def assignment(self, model: str) -> Assignment | None:
        """Return who serves a model, or None before its first transition."""
        with self._database.reading() as session:
            row = session.get(AssignmentRow, model)
        return None if row is None else assignment_of(row)

    def served_at(self, model: str, at: datetime) -> str | None:
        """Return the version that served at a time, as far as is known.

        See `assigned_at`.
        """
        assigned = self.assigned_at(model, at)
        return None if assigned is None else assigned.champion

    def assigned_at(self, model: str, at: datetime) -> Assignment | None:
        """Return who was assigned at a time, as far as is known.

        A version that was adopted had been serving before anybody noticed: before a first transition of
        that kind, what that led to is the answer.
        """
        of_model = select(TransitionRow).where(TransitionRow.model == model)
        with self._database.reading() as session:
            past = of_model.where(col(TransitionRow.at) <= at).order_by(col(TransitionRow.revision).desc())
            row = session.exec(past.limit(1)).first()
            if row is None:
                row = session.exec(of_model.order_by(col(TransitionRow.revision)).limit(1)).first()
                if row is None or row.kind != "adopted":
                    return None
        return transition_of(row).after

    def transitions(self, model: str) -> tuple[Transition, ...]:
        """Return every change of who serves a model, oldest first."""
        with self._database.reading() as session:
            rows = session.exec(
                select(TransitionRow)
                .where(TransitionRow.model == model)
                .order_by(col(TransitionRow.revision))
            ).all()
        return tuple(transition_of(row) for row in rows)

    def together(self, model: str) -> tuple[str, ...]:
        """Return the models that move together with one, and itself, by name; the latter alone for most.

        Those are all that its policy names in `rolls_with`, all whose policies name it, theirs, and so on. A
        name that the ledger does not know is among them.
        """
        with self._database.reading() as session:
            return groups.together(session, model)

    def contests(self, model: str) -> tuple[Contest, ...]:
        """Return the contests that go on: the challenger's with the champion, and the bake of a promotion."""
        return contests(self.transitions(model))

    def paired_readings(self, contest: Contest) -> tuple[shadows.PairedReading, ...]:
        """Return what is recorded of a contest, one newest reading per window, oldest first."""
        with self._database.reading() as session:
            return shadows.paired_of(session, contest)

    def version(self, model: str, version: str) -> ModelVersion | None:
        """Return a recorded version with its state."""
        with self._database.reading() as session:
            row = session.get(VersionRow, (model, version))
        if row is None:
            return None
        fields = row.model_dump(exclude={"recorded_at"})
        return ModelVersion(**{**fields, "state": VersionState(row.state)})

    def baseline(self, model: str, version: str, name: str = DEFAULT) -> RegisteredBaseline | None:
        """Return a baseline of a version by its name; in place of a missing default the proposed one."""
        with self._database.reading() as session:
            row = session.get(BaselineRow, (model, version, name))
            if row is None and name == DEFAULT:
                row = session.get(BaselineRow, (model, version, PROPOSED))
        return None if row is None else baseline_of(row)

    def baselines(self, model: str) -> tuple[RegisteredBaseline, ...]:
        """Return every baseline of a model's versions, in the order they were recorded."""
        query = select(BaselineRow).where(BaselineRow.model == model)
        with self._database.reading() as session:
            rows = session.exec(query.order_by(col(BaselineRow.recorded_at), BaselineRow.version)).all()
        return tuple(baseline_of(row) for row in rows)

    def policies(self, model: str) -> tuple[tuple[datetime, RecordedPolicy], ...]:
        """Return every policy that a model was watched by and since when, oldest first.

        One that came back after another had been current is there twice.
        """
        query = select(EntryRow.at, EntryRow.key).where(
            EntryRow.model == model, EntryRow.kind == FACTS[PolicyRow].kind
        )
        with self._database.reading() as session:
            changes = [(at, key.split("/")[0]) for at, key in session.exec(query.order_by(col(EntryRow.seq)))]
            rows = session.exec(select(PolicyRow).where(PolicyRow.model == model)).all()
        recorded = {row.digest: _policy_of(row) for row in rows}
        return tuple((at, recorded[digest]) for at, digest in changes)

    def incidents(self, model: str | None = None, *, open_only: bool = False) -> tuple[Incident, ...]:
        """Return incidents as they are now, of one model or of all, the last changed one last."""
        with self._database.reading() as session:
            return incidents.incidents_of(session, model, open_only=open_only)

    def incident_changes(self, model: str) -> tuple[tuple[datetime, IncidentChange], ...]:
        """Return what happened to a model's incidents and when it was recorded, in that order."""
        with self._database.reading() as session:
            return incidents.changes_of(session, model)

    def incidents_opened(self, model: str, since: datetime, until: datetime) -> int:
        """Return how many incidents of a model were opened by windows that start in since <= start < until.

        Beside the policy's `false_pages` this is the most that can have been for nothing.
        """
        with self._database.reading() as session:
            return incidents.opened_in(session, model, since, until)

    def openings(self) -> Mapping[str, tuple[datetime, ...]]:
        """Return per model the times at which its incidents were opened, oldest first, in a single query.

        The time is the start of the window, or of the pulse, that opened it.
        """
        with self._database.reading() as session:
            return incidents.openings(session)

    def unreadable_since(self, model: str) -> datetime | None:
        """Return the first of the pulses in a row that could not read the feed; None when the last could."""
        with self._database.reading() as session:
            row = session.get(UnreadableRow, model)
        return None if row is None else row.since

    def verify(self) -> Verification:
        """Recompute every chain and every row's digest, and say where the ledger was tampered with."""
        from registry.verification import verify

        with self._database.reading() as session:
            return verify(session)

    def content(self) -> dict[str, Any]:
        """Return all facts without wall times, hashes and flow runs, to compare two ledgers."""
        from registry.verification import content

        with self._database.reading() as session:
            return content(session)


def _policy_of(row: PolicyRow) -> RecordedPolicy:
    return RecordedPolicy(row.digest, load(Policy, row.resolved), row.source, row.recorded_at)


def baseline_of(row: BaselineRow) -> RegisteredBaseline:
    """Return the value of a row."""
    known = row.period_start is not None and row.period_end is not None
    return RegisteredBaseline(
        model=row.model,
        version=row.version,
        profile_digest=row.profile_digest,
        rows=row.rows,
        kind=row.kind,
        name=row.name,
        period=Window(row.period_start, row.period_end) if known else None,  # type: ignore[arg-type]
        scores=json.loads(row.scores),
        held_out=row.held_out_digest,
    )
