"""Intents: recorded once with their cause, claimed by one worker at a time, ended once."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from policies.intents import MOVED_BY, Intent, Response
from policies.verdict import Status
from profiles.errors import LedgerConflict, LedgerUnavailable, MoveRefused
from registry.intent_records import Claim
from registry.ledger import Ledger
from registry.moves import Wish, freeze, promote
from registry.records import Actor, TransitionRequest

ANN, BOB = Actor("ann", "person"), Actor("bob", "claimed")
MINUTE = timedelta(minutes=1)
ACTS = ("retrain", "promote", "carry_out", "send")


def intent(facts: Any, key: str = "retrain", **more: Any) -> Intent:
    return Intent(facts.model, key, more.pop("kind", "retrain"), "retrain on 90 days", **more)


def claimed(ledger: Ledger, at: datetime, worker: str = "one", kinds: Any = ACTS) -> Claim | None:
    return ledger.claim(worker, at, at + 5 * MINUTE, kinds)


def sure(ledger: Ledger, at: datetime, worker: str = "one") -> Claim:
    found = claimed(ledger, at, worker)
    assert found is not None
    return found


def statuses(ledger: Ledger) -> list[str]:
    return [each.status for each in ledger.intents()]


def test_an_intent_is_recorded_with_its_verdict_and_once(known: Ledger, facts: Any) -> None:
    digest = known.record_policy(facts.policy(), "model: ...", facts.at(0))
    seen: list[list[str]] = []

    def respond(changes: Any) -> Response:
        seen.append([change.change for change in changes])
        opened = (c for c in changes if c.change == "opened")
        return Response(tuple(intent(facts, f"retrain for {c.after.name}") for c in opened))

    for _ in range(2):
        for day in range(3):
            verdict = facts.verdict(day, Status.BREACHED)
            known.record_window(facts.reading(day), verdict, digest, facts.at(day + 1.5), respond=respond)
    assert seen == [[], ["opened"], ["extended"]]
    (recorded,) = known.intents()
    assert recorded.intent.key == "retrain for drift@2026-03-02T00:00Z"
    assert (recorded.status, recorded.recorded_at) == ("waiting", facts.at(2.5))
    known.record_intents([intent(facts, recorded.intent.key, kind="promote")], None, facts.at(4))
    assert known.intents() == (recorded,)
    assert known.verify().sound


def test_of_two_workers_one_gets_an_intent_and_ends_it(known: Ledger, facts: Any) -> None:
    known.record_intents([intent(facts, content={"rows": 90})], None, facts.at(1))
    assert claimed(known, facts.at(1) - MINUTE) is None
    claim = sure(known, facts.at(1))
    assert claimed(known, facts.at(1), "two") is None
    assert claimed(known, facts.at(1), "two", kinds=("send",)) is None
    assert (claim.intent.content, claim.attempts, claim.recorded_at) == ({"rows": 90}, 1, facts.at(1))
    assert statuses(known) == ["claimed"]
    known.end(claim, "done", facts.at(1), "version 7 is registered", {"version": "7"})
    (ended,) = known.intents()
    assert (ended.status, ended.sentence, ended.result) == (
        "done",
        "version 7 is registered",
        {"version": "7"},
    )
    assert claimed(known, facts.at(9)) is None
    assert known.intents(open_only=True) == ()
    assert known.verify().sound


def test_a_lease_that_is_over_is_taken_over_and_the_former_worker_told(known: Ledger, facts: Any) -> None:
    known.record_intents([intent(facts)], None, facts.at(1))
    former = sure(known, facts.at(1))
    known.renew(former, facts.at(1) + 10 * MINUTE)
    assert claimed(known, facts.at(1) + 9 * MINUTE, "two") is None
    later = sure(known, facts.at(1) + 10 * MINUTE, "two")
    assert later.attempts == 2
    told = r"one may no longer carry out .* two has taken it over"
    with pytest.raises(LedgerConflict, match=told):
        known.end(former, "done", facts.at(2), "done")
    with pytest.raises(LedgerConflict, match=told):
        known.put_off(former, facts.at(3), "later")
    with pytest.raises(LedgerConflict, match=told):
        known.renew(former, facts.at(3))
    known.end(later, "failed", facts.at(2), "no rows")
    with pytest.raises(LedgerConflict, match="it was failed by two already"):
        known.end(former, "done", facts.at(2), "done")
    assert statuses(known) == ["failed"]
    assert known.verify().sound


def test_a_claim_that_is_given_back_is_due_later(known: Ledger, facts: Any) -> None:
    known.record_intents([intent(facts)], None, facts.at(1))
    claim = sure(known, facts.at(1))
    known.put_off(claim, facts.at(2), "the server is away")
    with pytest.raises(LedgerConflict, match="it was put off"):
        known.end(claim, "done", facts.at(2), "done")
    (waiting,) = known.intents()
    assert (waiting.status, waiting.note, waiting.due) == ("waiting", "the server is away", facts.at(2))
    assert claimed(known, facts.at(1.5)) is None
    again = sure(known, facts.at(2))
    assert again.attempts == 2
    known.put_off(again, facts.at(3), "not now", counts=False)
    assert sure(known, facts.at(3)).attempts == 2


def test_intents_of_one_queue_come_one_after_the_other(known: Ledger, facts: Any) -> None:
    wanted = [intent(facts, key, queue=queue) for key, queue in (("a", "q"), ("b", "q"), ("c", None))]
    known.record_intents(wanted, None, facts.at(1))
    first = sure(known, facts.at(1))
    assert first.intent.key == "a"
    other = sure(known, facts.at(1))
    assert other.intent.key == "c"
    known.end(other, "done", facts.at(1), "done")
    assert claimed(known, facts.at(1)) is None
    known.put_off(first, facts.at(2), "later")
    assert claimed(known, facts.at(1.5)) is None
    known.end(sure(known, facts.at(2)), "done", facts.at(2), "done")
    assert sure(known, facts.at(2)).intent.key == "b"


def test_a_proposal_waits_for_a_person(known: Ledger, facts: Any) -> None:
    wanted = [intent(facts, key, automation="propose") for key in ("a", "b")]
    known.record_intents([*wanted, intent(facts, "c", automation="observe")], None, facts.at(1))
    assert statuses(known) == ["proposed", "proposed", "observed"]
    assert claimed(known, facts.at(1)) is None
    with pytest.raises(MoveRefused, match="bob may not approve"):
        known.decide(facts.model, "a", "approved", BOB, "fine", facts.at(2))
    for _ in range(2):
        known.decide(facts.model, "a", "approved", ANN, "fine", facts.at(2))
        known.decide(facts.model, "b", "declined", ANN, "too risky", facts.at(2))
    with pytest.raises(LedgerConflict, match="it was declined by ann: too risky"):
        known.decide(facts.model, "b", "approved", ANN, "after all", facts.at(3))
    with pytest.raises(LedgerConflict, match="cannot be approved as a proposal: it is none"):
        known.decide(facts.model, "c", "approved", ANN, "fine", facts.at(3))
    with pytest.raises(LedgerUnavailable, match="no proposal 'd'"):
        known.decide(facts.model, "d", "approved", ANN, "fine", facts.at(3))
    assert statuses(known) == ["waiting", "declined", "observed"]
    known.end(sure(known, facts.at(3)), "done", facts.at(3), "done")
    assert statuses(known) == ["done", "declined", "observed"]
    assert known.verify().sound


def test_a_rollback_that_was_made_and_not_marked_is_marked_although_it_froze_the_model(
    known: Ledger, facts: Any
) -> None:
    """Who was killed in between left an order that only a person's unfreezing would have ended."""
    for version in ("1", "2"):
        request = promote(known.standing(facts.model), version, Wish(f"promote {version}", ANN, "better"))
        assert isinstance(request, TransitionRequest)
        known.move(request, facts.at(0))
    wanted = [intent(facts, f"roll back {version}", kind="roll_back") for version in ("2", "9")]
    known.record_intents(wanted, None, facts.at(1))
    wish = Wish(f"{MOVED_BY}roll back 2", Actor("muster", "muster"), "worse")
    assert known.roll_back(facts.model, wish, facts.at(1), of="2").assignment.frozen_by == "muster"
    claim = claimed(known, facts.at(2), kinds=("roll_back",))
    assert claim is not None
    assert claim.intent.key == "roll back 2"
    assert not known.roll_back(facts.model, wish, facts.at(2), of="2").changed
    known.end(claim, "done", facts.at(2), "done already")
    assert claimed(known, facts.at(3), kinds=("roll_back",)) is None, "the other one is held"
    assert known.verify().sound


@pytest.mark.parametrize("scope", ["all", "team:pricing", "model", "team:other"])
def test_a_freeze_holds_automatic_acts_but_neither_messages_nor_what_people_want(
    known: Ledger, facts: Any, scope: str
) -> None:
    model = facts.model
    first = promote(known.standing(model), "1", Wish("p", ANN, "good"))
    assert isinstance(first, TransitionRequest)
    known.move(first, facts.at(0))
    wanted = [
        intent(facts, "by itself"),
        intent(facts, "a person's", automatic=False),
        intent(facts, "a proposal", automation="propose"),
        intent(facts, "a message", kind="send"),
    ]
    known.record_intents(wanted, None, facts.at(1))
    if scope == "model":
        request = freeze(known.standing(model), Wish("f", BOB, "a sale"))
        assert isinstance(request, TransitionRequest)
        known.move(request, facts.at(1), then=lambda _after: ())
    else:
        known.freeze(scope, BOB, "a sale", facts.at(1))
    known.decide(model, "a proposal", "approved", ANN, "anyway", facts.at(1))
    found = set()
    while (claim := claimed(known, facts.at(2))) is not None:
        found.add(claim.intent.key)
    stopped = set() if scope == "team:other" else {"by itself"}
    everything = {"carry out revision 1", "a message", "a person's", "a proposal", "by itself"}
    assert found == everything - stopped
