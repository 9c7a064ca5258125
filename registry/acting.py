"""What the ledger offers to those who act: moves and freezes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlmodel import Session, col, select

from policies.intents import Intent
from profiles.errors import MoveRefused
from registry import assignments, freezes, intents, moves
from registry.intending import Intending
from registry.limits import BlastRadius
from registry.moves import Standing, Unchanged, Wish
from registry.records import Actor, Assignment, TransitionRequest, VersionState
from registry.restraint import restrained
from registry.shadows import PairedReading, record_paired
from registry.succession import earlier_champions, was_restored
from registry.tables import AssignmentRow, TransitionRow, VersionRow

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


@dataclass(frozen=True)
class Back:
    """One model's part in a rollback; `fallback`, `of` and `unfit` as in `moves.roll_back`."""

    model: str
    wish: Wish
    fallback: str | None = None
    of: str | None = None
    unfit: Collection[str] = ()
    then: Then = carried_out


class Acting(Intending):
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
        return self.move_together([(request, then)], at, radius)[0]

    def move_together(
        self, wanted: Sequence[tuple[TransitionRequest, Then]], at: datetime, radius: BlastRadius = _RADIUS
    ) -> tuple[Assignment, ...]:
        """Carry out the moves of several models, all of them or none; see `move`.

        It is one transaction under the locks of all of them: a move that is refused, or was decided on
        another revision than the current one, leaves every model as it is.
        """
        requests = [request for request, _ in wanted]
        with self._writing("transition", *(each.model for each in requests)) as session:
            refused = _restrained(session, requests, radius, at)
            if refused is None:
                afters = tuple(_carry_out(session, request, then, at) for request, then in wanted)
        if refused is not None:
            raise MoveRefused(refused)
        return afters

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
        return self.roll_back_together([Back(model, wish, fallback, of, then=then)], at, radius)[0]

    def roll_back_together(
        self, parts: Sequence[Back], at: datetime, radius: BlastRadius = _RADIUS
    ) -> tuple[Outcome, ...]:
        """Roll several models back, all of them or none, in one transaction; see `roll_back`.

        Raises MoveRefused when one of them has nothing to go back to; one that was rolled back already, or
        whose version `of` no longer answers, stays as it is and keeps nobody.
        """
        with self._writing("transition", *(each.model for each in parts)) as session:
            decided = [_decided(session, each) for each in parts]
            requests = [each for each in decided if isinstance(each, TransitionRequest)]
            refused = _restrained(session, requests, radius, at)
            if refused is None:
                outcomes = tuple(
                    each if isinstance(each, Outcome) else _gone_back(session, each, part.then, at)
                    for each, part in zip(decided, parts, strict=True)
                )
        if refused is not None:
            raise MoveRefused(refused)
        return outcomes

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

    def record_paired(self, paired: PairedReading, at: datetime) -> None:
        """Record what a window tells of a version beside another, once under its natural key."""
        with self._writing("paired reading", paired.model) as session:
            record_paired(session, paired, at)


def _restrained(
    session: Session, requests: Sequence[TransitionRequest], radius: BlastRadius, at: datetime
) -> str | None:
    """Return why Muster may not make the first of these moves that it may not make; a group counts as one."""
    said = (restrained(session, request, radius, at) for request in requests)
    return next((each for each in said if each is not None), None)


def _decided(session: Session, part: Back) -> TransitionRequest | Outcome:
    if (before := _replayed(session, part.model, part.wish.key)) is not None:
        return Outcome(before, changed=False, sentence="this rollback was carried out already")
    standing = _standing(session, part.model)
    request = moves.roll_back(standing, part.wish, part.fallback, part.of, part.unfit)
    if isinstance(request, Unchanged):
        assert standing.assignment is not None  # noqa: S101 - else it was refused
        return Outcome(standing.assignment, changed=False, sentence=request.sentence)
    return request


def _gone_back(session: Session, request: TransitionRequest, then: Then, at: datetime) -> Outcome:
    after = _carry_out(session, request, then, at)
    said = f"version {after.champion} of {after.model} serves; promotion is frozen by {after.frozen_by}"
    return Outcome(after, changed=True, sentence=said)


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
