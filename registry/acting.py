"""What the ledger offers to those who act: moves, freezes, and intents to claim."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

from sqlmodel import Session, col, select

from policies.intents import MESSAGES, Intent, IntentKind
from profiles.errors import MoveRefused
from registry import assignments, freezes, intents, moves
from registry.intent_records import Claim, RecordedIntent
from registry.limits import BlastRadius
from registry.moves import Standing, Unchanged, Wish
from registry.records import Actor, Assignment, IntentEvent, TransitionRequest, VersionState
from registry.restraint import restrained
from registry.shadows import PairedReading, record_paired
from registry.succession import earlier_champions, was_restored
from registry.tables import AssignmentRow, TransitionRow, VersionRow
from registry.writing import Writing

Then: TypeAlias = Callable[[Assignment], Sequence[Intent]]
_RADIUS = BlastRadius()


@dataclass(frozen=True)
class Outcome:
    """What came of a wish: who serves now, whether that changed, and the reason in a sentence."""

    assignment: Assignment
    changed: bool
    sentence: str


def nothing(_assignment: Assignment) -> Sequence[Intent]:
    """Want nothing more after a move."""
    return ()


def carried_out(assignment: Assignment) -> Sequence[Intent]:
    """Want the model's target to follow a move.

    Whoever carries it out goes by the assignment as it is then: a later revision makes this one obsolete.
    """
    return (
        Intent(
            model=assignment.model,
            key=f"carry out revision {assignment.revision}",
            kind="carry_out",
            sentence=f"make version {assignment.champion} answer",
            content={"revision": assignment.revision},
            queue="target",
        ),
    )


class Acting(Writing):
    """The half of the ledger that changes who serves and says what is to be done; see Ledger."""

    def standing(self, model: str) -> Standing:
        """Return all that moves of a model are decided on."""
        with self._database.reading() as session:
            return _standing(session, model)

    def move(
        self,
        request: TransitionRequest,
        at: datetime,
        then: Then = carried_out,
        radius: BlastRadius = _RADIUS,
    ) -> Assignment:
        """Carry out a move, record what it calls for in the same transaction, and return who serves then.

        The same request again returns the same answer. Raises LedgerConflict when who serves has changed
        since the request was decided, and MoveRefused when Muster may not act of itself: a freeze came in
        between, or the blast radius was reached. The latter freezes the model or everything and pages.
        """
        with self._writing("transition", request.model) as session:
            refused = restrained(session, request, radius, at)
            if refused is None:
                after = _carry_out(session, request, then, at)
        if refused is not None:
            raise MoveRefused(refused)
        return after

    def roll_back(
        self,
        model: str,
        wish: Wish,
        at: datetime,
        fallback: str | None = None,
        of: str | None = None,
        then: Then = carried_out,
        radius: BlastRadius = _RADIUS,
    ) -> Outcome:
        """Restore the champion before the last promotion and freeze the model; see `moves.roll_back`.

        It loses no race: what stands is read under the lock that a promotion needs as well.
        """
        with self._writing("transition", model) as session:
            if (before := _replayed(session, model, wish.key)) is not None:
                return Outcome(before, changed=False, sentence="this rollback was carried out already")
            standing = _standing(session, model)
            request = moves.roll_back(standing, wish, fallback, of)
            if isinstance(request, Unchanged):
                assert standing.assignment is not None  # noqa: S101 - else it was refused
                return Outcome(standing.assignment, changed=False, sentence=request.sentence)
            refused = restrained(session, request, radius, at)
            if refused is None:
                after = _carry_out(session, request, then, at)
        if refused is not None:
            raise MoveRefused(refused)
        said = f"version {after.champion} of {model} serves; promotion is frozen by {after.frozen_by}"
        return Outcome(after, changed=True, sentence=said)

    def freeze(self, scope: str, actor: Actor, reason: str, at: datetime) -> bool:
        """Stop everything automatic in a scope, `all` or `team:NAME`; False when it is frozen already."""
        with self._database.writing("freeze") as session:
            freezes.lock(session)
            row = freezes.freeze_row(scope, actor, reason, at, frozen=True)
            return freezes.record_freeze(session, row)

    def unfreeze(self, scope: str, actor: Actor, reason: str, at: datetime) -> bool:
        """Allow automatic acts in a scope again; False when it is not frozen. Only a person may."""
        if actor.kind != "person":
            raise MoveRefused(f"{actor.name} may not unfreeze: only a person who is known may")
        with self._database.writing("freeze") as session:
            freezes.lock(session)
            row = freezes.freeze_row(scope, actor, reason, at, frozen=False)
            return freezes.record_freeze(session, row)

    def frozen(self) -> Mapping[str, str]:
        """Return the frozen scopes, `all` and `team:NAME`, with who froze them and why."""
        with self._database.reading() as session:
            found = freezes.frozen_scopes(session)
        return {scope: f"{row.actor}: {row.reason}" for scope, row in found.items()}

    def record_intents(self, wanted: Sequence[Intent], policy_digest: str | None, at: datetime) -> None:
        """Record intents that follow from no verdict; those that are known by their keys stand."""
        for model in dict.fromkeys(intent.model for intent in wanted):
            of_model = [intent for intent in wanted if intent.model == model]
            with self._writing("intent", model) as session:
                intents.record_intents(session, of_model, policy_digest, at)

    def record_paired(self, paired: PairedReading, at: datetime) -> None:
        """Record what a window tells of a version beside another, once under its natural key."""
        with self._writing("paired reading", paired.model) as session:
            record_paired(session, paired, at)

    def claim(
        self,
        worker: str,
        at: datetime,
        until: datetime,
        kinds: tuple[IntentKind, ...],
        model: str | None = None,
    ) -> Claim | None:
        """Take the intent that has been due for longest, for one worker and until a time.

        Of several who ask at once, only one gets it. A lease that is over is taken over. None means that
        there is nothing to do, or nothing that a freeze allows.
        """
        with self._database.writing("claim") as session:
            frozen = freezes.frozen_scopes(session)
            return intents.claim(session, worker, at, until, kinds, frozen, model)

    def renew(self, claim: Claim, until: datetime) -> None:
        """Keep a claim until a later time; LedgerConflict when it was taken over."""
        with self._database.writing("claim") as session:
            intents.renew(session, claim, until)

    def put_off(self, claim: Claim, due: datetime, note: str, *, counts: bool = True) -> None:
        """Give a claim back, to be tried again when it is `due`; `note` says why and holds no secret."""
        with self._database.writing("claim") as session:
            intents.put_off(session, claim, due, note, counts=counts)

    def end(
        self,
        claim: Claim,
        event: IntentEvent,
        at: datetime,
        sentence: str,
        result: Mapping[str, Any] | None = None,
    ) -> None:
        """Record that a claimed intent is `done` or has `failed` for good, and what came of it.

        Raises LedgerConflict when the claim was taken over: then its new owner answers for the intent.
        """
        with self._writing("intent", claim.intent.model) as session:
            intents.end(session, claim, event, sentence, result or {}, at)

    def decide(
        self,
        model: str,
        key: str,
        event: IntentEvent,
        actor: Actor,
        reason: str,
        at: datetime,
        *,
        trusted: bool = False,
    ) -> None:
        """Record that a proposal is `approved`, so that it can be claimed, or `declined`.

        Raises MoveRefused when Muster itself approves, or a name that is only claimed and not `trusted`.
        """
        if event == "approved" and actor.kind not in (("person", "claimed") if trusted else ("person",)):
            raise MoveRefused(f"{actor.name} may not approve: only a person who is known may")
        with self._writing("intent", model) as session:
            intents.decide(session, model, key, event, actor, reason, at)

    def intents(
        self,
        model: str | None = None,
        kinds: tuple[IntentKind, ...] | None = None,
        *,
        open_only: bool = False,
    ) -> tuple[RecordedIntent, ...]:
        """Return intents with what became of them, in the order they were recorded."""
        with self._database.reading() as session:
            return intents.intents_of(session, model, kinds, open_only=open_only)

    def dead_letters(self) -> tuple[RecordedIntent, ...]:
        """Return the messages that were given up, with the reason: somebody has to be told otherwise."""
        return tuple(each for each in self.intents(kinds=MESSAGES) if each.status == "failed")


def _carry_out(session: Session, request: TransitionRequest, then: Then, at: datetime) -> Assignment:
    if (before := _replayed(session, request.model, request.key)) is not None:
        return before
    after = assignments.transit(session, request, at)
    intents.record_intents(session, then(after), request.policy_digest, at)
    return after


def _replayed(session: Session, model: str, key: str) -> Assignment | None:
    row = session.exec(
        select(TransitionRow).where(TransitionRow.model == model, TransitionRow.request_key == key)
    ).first()
    return None if row is None else assignments.transition_of(row).after


def _standing(session: Session, model: str) -> Standing:
    rows = session.exec(
        select(TransitionRow)
        .where(TransitionRow.model == model, col(TransitionRow.kind).in_(_CHAMPIONS_CHANGE))
        .order_by(col(TransitionRow.revision))
    ).all()
    transitions = [assignments.transition_of(row) for row in rows]
    versions = session.exec(select(VersionRow).where(VersionRow.model == model)).all()
    assigned = session.get(AssignmentRow, model)
    return Standing(
        model=model,
        assignment=None if assigned is None else assignments.assignment_of(assigned),
        states={row.version: VersionState(row.state) for row in versions},
        earlier=earlier_champions(transitions),
        restored=was_restored(transitions),
        held=freezes.held(session, model),
    )


_CHAMPIONS_CHANGE = ("adopted", "promoted", "rolled_back")
