"""What the ledger offers about intents: to record, claim, put off, end and decide them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from policies.grading import Grade
from policies.intents import MESSAGES, Intent, IntentKind
from profiles.errors import MoveRefused
from registry import freezes, grades, intents
from registry.intent_records import Claim, RecordedIntent
from registry.records import Actor, IntentEvent
from registry.writing import Writing


class Intending(Writing):
    """The part of the ledger that says what is to be done, and by whom; see Ledger."""

    def record_intents(self, wanted: Sequence[Intent], policy_digest: str | None, at: datetime) -> None:
        """Record intents that follow from no verdict; those that are known by their keys stand."""
        for model in dict.fromkeys(intent.model for intent in wanted):
            of_model = [intent for intent in wanted if intent.model == model]
            with self._writing("intent", model) as session:
                intents.record_intents(session, of_model, policy_digest, at)

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

    def record_grade(self, grade: Grade, at: datetime) -> None:
        """Record what an observed act would have gained, once; the first grade of an intent stands."""
        with self._writing("grade", grade.model) as session:
            grades.record_grade(session, grade, at)

    def grades(self, model: str | None = None) -> tuple[Grade, ...]:
        """Return what observed acts would have gained, of one model or of all, in the order of grading."""
        with self._database.reading() as session:
            return grades.grades_of(session, model)

    def ungraded(self) -> tuple[RecordedIntent, ...]:
        """Return the acts that were only observed and are to be graded, by model and oldest first."""
        with self._database.reading() as session:
            return grades.ungraded(session)
