"""The ledger: the truth for what Muster saw, judged and decided."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Self

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col, func, select

from policies.incidents import Incident, IncidentChange
from policies.intents import Respond, respond_by_nothing
from policies.policy import Policy
from policies.pulse import Pulse
from policies.verdict import Verdict
from profiles.errors import LedgerConflict
from profiles.reading import Reading
from registry import assignments, incidents, looks, outbox, pulses, windows
from registry.acting import Acting
from registry.canonical import canonical_json, digest, dump, load
from registry.chain import FACTS, append, record
from registry.database import Database
from registry.policy_rows import current_policy_digest
from registry.questions import baseline_of
from registry.records import (
    Assignment,
    Look,
    ModelVersion,
    RegisteredBaseline,
    TransitionRequest,
    VersionState,
)
from registry.tables import BaselineRow, EntryRow, ModelRow, PolicyRow, VersionRow
from registry.writing import lock


class Ledger(Acting):
    """A ledger database: its questions (see Questions), its acts (see Acting) and the facts it can record.

    Each fact is one transaction under its model's lock, together with its entry in the model's hash
    chain; recording it again changes nothing. Times are passed in. A ledger may be shared by threads.
    """

    @classmethod
    def open(cls, url: str, *, migrate: bool = True) -> Self:
        """Open the ledger at a `sqlite:///` or `postgresql://` URL, making or migrating it where allowed.

        Raises LedgerUnavailable when it cannot be used, or when a newer Muster has migrated it.
        """
        return cls(Database.open(url, migrated=migrate))

    def close(self) -> None:
        """Close all connections."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record_policy(self, policy: Policy, source: str, at: datetime) -> str:
        """Record the policy that a model is now watched by, and return the digest of its resolved form.

        A policy that the model had before becomes the current one again.
        """
        # Which values were defaults does not change what was agreed on.
        resolved = dump(replace(policy, filled=(), filled_by_team=()))
        key = digest(resolved)
        if self._is_current(policy.model, key):
            return key
        with self._database.writing("policy") as session:
            self._add_model(session, policy, at)
            lock(session, policy.model)
            row = session.get(PolicyRow, key)
            if row is None:
                row = PolicyRow(
                    digest=key, model=policy.model, source=source, resolved=resolved, recorded_at=at
                )
                record(session, policy.model, row, at)
            elif current_policy_digest(session, policy.model) != key:
                append(session, policy.model, row, at, nth=_times_recorded(session, row) + 1)
        return key

    def record_version(
        self, version: ModelVersion, baselines: Sequence[RegisteredBaseline], at: datetime
    ) -> None:
        """Record a version with the baselines bound to it; later baselines may be added by other names.

        Raises LedgerConflict when version or baseline are recorded already and were something else.
        """
        with self._writing("version", version.model) as session:
            known = session.get(VersionRow, (version.model, version.version))
            if known is None:
                record(session, version.model, _version_row(version, at), at)
            else:
                _refuse_other_version(known, version)
            for baseline in baselines:
                _bind(session, version, baseline, at)

    def transit(self, request: TransitionRequest, at: datetime) -> Assignment:
        """Change who serves a model, and return the assignment that the request led to.

        Raises LedgerConflict when somebody else changed it since `request.seen_revision`, and
        LedgerUnavailable when a version that is to serve was never recorded.
        """
        with self._writing("transition", request.model) as session:
            return assignments.transit(session, request, at)

    def record_window(
        self,
        reading: Reading,
        verdict: Verdict,
        policy_digest: str,
        at: datetime,
        settles_at: datetime | None = None,
        flow_run: str | None = None,
        respond: Respond = respond_by_nothing,
    ) -> int:
        """Record a window's reading with its verdict, and return the reading's revision (from 1).

        A reading that differs from the window's newest one supersedes it; one that says the same adds
        nothing, but settles it when `at` has reached `settles_at`. Of several verdicts by one policy on
        one reading the first stands. What a new verdict does to the model's incidents is recorded with it,
        and so are the intents that `respond` answers it with and the alerts that the policy routes.
        """
        if (reading.model, reading.window) != (verdict.model, verdict.window):
            raise ValueError(
                f"the verdict is on {verdict.model} {verdict.window}, "
                f"the reading of {reading.model} {reading.window}"
            )
        with self._writing("window", reading.model) as session:
            revision = windows.record_reading(session, reading, at, settles_at, flow_run)
            policy = windows.record_verdict(session, verdict, revision, policy_digest, at)
            if policy is not None:
                changes = incidents.record_changes(session, verdict, policy, revision, policy_digest, at)
                outbox.answer(session, changes, policy, policy_digest, respond, at)
        return revision

    def record_pulse(self, pulse: Pulse, policy: Policy, policy_digest: str) -> None:
        """Record what a pulse changes: incidents, and since when the feed cannot be read.

        One that changes nothing writes nothing. `policy` is the one under `policy_digest`.
        """
        if pulse.fault is not None:
            pulse = replace(pulse, unreadable_since=self.unreadable_since(pulse.model) or pulse.at)
        with self._database.reading() as session:
            if not (pulses.is_news(session, pulse) or incidents.changes_by(session, pulse, policy)):
                return
        with self._writing("pulse", pulse.model) as session:
            pulses.remember(session, pulse)
            changes = incidents.record_pulse(session, pulse, policy, policy_digest)
            outbox.answer(session, changes, policy, policy_digest, respond_by_nothing, pulse.at)

    def record_finding(
        self, model: str, decide: Callable[[Sequence[Incident]], Sequence[IncidentChange]], at: datetime
    ) -> tuple[IncidentChange, ...]:
        """Record what was found outside of windows, under the model's current policy, and return it.

        `decide` is given the model's open incidents, while nobody else can change them.
        """
        with self._writing("finding", model) as session:
            policy_digest = current_policy_digest(session, model)
            known = incidents.incidents_of(session, model, open_only=True)
            changes = incidents.record_found(session, decide(known), str(policy_digest), at)
            policy = load(Policy, session.get_one(PolicyRow, policy_digest).resolved)
            outbox.answer(session, changes, policy, str(policy_digest), respond_by_nothing, at)
        return changes

    def record_look(self, look: Look) -> None:
        """Remember how a model's log was found, for the next look; nothing of it enters the chain."""
        with self._writing("look", look.model) as session:
            looks.remember(session, look)

    def change_incident(
        self, model: str, name: str, decide: Callable[[Incident], IncidentChange], at: datetime
    ) -> IncidentChange:
        """Record what a person does to an incident as it is now, under the model's current policy.

        `decide` is called once, while nobody else can change the incident. Raises LedgerUnavailable when
        the ledger knows no such incident.
        """
        with self._writing("incident", model) as session:
            policy_digest = current_policy_digest(session, model)
            change = incidents.record_by_person(session, model, name, decide, policy_digest, at)
            policy = load(Policy, session.get_one(PolicyRow, policy_digest).resolved)
            outbox.answer(session, (change,), policy, str(policy_digest), respond_by_nothing, at)
        return change

    def _is_current(self, model: str, policy_digest: str) -> bool:
        with self._database.reading() as session:
            return current_policy_digest(session, model) == policy_digest

    def _add_model(self, session: Session, policy: Policy, at: datetime) -> None:
        insert = postgresql.insert if self._database.dialect == "postgresql" else sqlite.insert
        values = {"model": policy.model, "team": policy.team, "created_at": at}
        session.exec(insert(ModelRow).values(values).on_conflict_do_nothing())


def _times_recorded(session: Session, row: PolicyRow) -> int:
    recorded: int = session.exec(
        select(func.count()).where(
            EntryRow.model == row.model,
            EntryRow.kind == FACTS[PolicyRow].kind,
            col(EntryRow.key).startswith(row.digest),
        )
    ).one()
    return recorded


def _version_row(version: ModelVersion, at: datetime) -> VersionRow:
    return VersionRow(
        model=version.model,
        version=version.version,
        run_id=version.run_id,
        source=version.source,
        artifact_digest=version.artifact_digest,
        state=VersionState.CANDIDATE,
        registered_at=version.registered_at or at,
        recorded_at=at,
    )


def _bind(session: Session, version: ModelVersion, baseline: RegisteredBaseline, at: datetime) -> None:
    if (baseline.model, baseline.version) != (version.model, version.version):
        raise ValueError(
            f"baseline {baseline.name!r} belongs to version {baseline.version} of {baseline.model}, "
            f"not to version {version.version} of {version.model}"
        )
    bound = session.get(BaselineRow, (baseline.model, baseline.version, baseline.name))
    if bound is None:
        record(session, baseline.model, _baseline_row(baseline, at), at)
    elif baseline_of(bound) != baseline:
        raise LedgerConflict(
            f"version {baseline.version} of {baseline.model} has another baseline {baseline.name!r} already, "
            f"profile {bound.profile_digest}; a baseline never changes: choose another name"
        )


def _baseline_row(baseline: RegisteredBaseline, at: datetime) -> BaselineRow:
    return BaselineRow(
        model=baseline.model,
        version=baseline.version,
        name=baseline.name,
        profile_digest=baseline.profile_digest,
        kind=baseline.kind,
        rows=baseline.rows,
        period_start=None if baseline.period is None else baseline.period.start,
        period_end=None if baseline.period is None else baseline.period.end,
        scores=canonical_json(dict(baseline.scores)),
        recorded_at=at,
        held_out_digest=baseline.held_out,
    )


def _refuse_other_version(known: VersionRow, version: ModelVersion) -> None:
    """Raise LedgerConflict when the registry now shows something else under a recorded version's number."""
    differing = [
        name
        for name in ("run_id", "source", "artifact_digest")
        if None not in (was := getattr(known, name), now := getattr(version, name)) and was != now
    ]
    if differing:
        raise LedgerConflict(
            f"version {version.version} of {version.model} was recorded with another "
            f"{' and '.join(differing)}: somebody deleted it and registered another under its "
            "number. Register it as a new version"
        )
