"""Intents are carried out by the body of their kind, whatever happens to their neighbours."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.bodies import Body, Done
from flows.carrying import Carried, Pace, carry_out_due
from flows.world import World
from policies.intents import Intent
from profiles.errors import LedgerConflict, RegistryUnavailable
from registry.intent_records import RecordedIntent
from tests.fakes import DAY, START, FakeVersions, policy, world

HOUR = timedelta(hours=1)
MODELS = ("shop.a", "shop.b", "shop.c")


@pytest.fixture
def at(tmp_path: Path) -> Callable[..., World]:
    """A world with three models, at a time after START."""
    first = world(tmp_path, START, FakeVersions())
    for model in MODELS:
        first.ledger.record_policy(policy(model), "source", START)

    def later(after: timedelta = timedelta(0)) -> World:
        return replace(first, clock=lambda: START + after)

    return later


def want(here: World, kind: Any = "retrain", models: tuple[str, ...] = MODELS, **more: Any) -> None:
    for model in models:
        here.ledger.record_intents([Intent(model, f"{kind} it", kind, f"{kind} it", **more)], None, START)


def carried(here: World, body: Body | None = None, worker: str = "one", **pace: Any) -> list[Carried]:
    bodies = {} if body is None else {"retrain": body}
    return list(carry_out_due(here, bodies, worker, lambda: None, Pace(**pace)))  # type: ignore[arg-type]


def done(intent: RecordedIntent, _world: World) -> Done:
    return Done(f"{intent.intent.model} was retrained", {"version": "2"})


def test_what_is_due_is_done_once_and_keeps_what_came_of_it(at: Callable[..., World]) -> None:
    want(at())
    assert [(each.intent.model, each.came) for each in carried(at(), done)] == [(m, "done") for m in MODELS]
    assert carried(at(), done) == []
    kept = at().ledger.intents("shop.b")[0]
    assert (kept.status, kept.sentence, kept.result) == ("done", "shop.b was retrained", {"version": "2"})


@pytest.mark.parametrize(
    ("error", "note"),
    [
        (RegistryUnavailable("the registry is away"), "the registry is away"),
        (ValueError("a value of a row"), "ValueError, see the log of one"),
        (LedgerConflict("somebody was first"), "somebody was first"),
    ],
)
def test_one_that_fails_stops_no_other_and_is_tried_again(
    at: Callable[..., World], error: Exception, note: str
) -> None:
    def body(intent: RecordedIntent, here: World) -> Done:
        if intent.intent.model == "shop.a":
            raise error
        return done(intent, here)

    want(at())
    came = {each.intent.model: each.came for each in carried(at(), body)}
    assert came == {"shop.a": "put_off", "shop.b": "done", "shop.c": "done"}
    assert at().ledger.intents("shop.a")[0].note == note
    assert [each.came for each in carried(at(HOUR), done)] == ["done"]


def test_an_intent_that_nobody_can_carry_out_waits_and_is_not_an_attempt(at: Callable[..., World]) -> None:
    want(at(), "promote", ("shop.a",))
    assert [each.came for each in carried(at(), done)] == ["put_off"]
    (waiting,) = at().ledger.intents("shop.a", open_only=True)
    assert (waiting.attempts, waiting.note) == (0, "nothing here carries out promote")


def test_what_waits_is_asked_again_when_it_is_due_with_its_own_words(at: Callable[..., World]) -> None:
    def waits(intent: RecordedIntent, here: World) -> Done:
        return Done("requested, not verified", event="waiting", due=here.clock() + HOUR)

    def at_once(intent: RecordedIntent, here: World) -> Done:
        return replace(waits(intent, here), due=None)

    want(at(), models=("shop.a",))
    assert [each.came for each in carried(at(), at_once)] == ["waiting"]
    assert [each.came for each in carried(at(timedelta(minutes=1)), waits)] == ["waiting"]
    assert carried(at(timedelta(minutes=30)), done) == []
    assert at().ledger.intents("shop.a")[0].note == "requested, not verified"
    assert [each.came for each in carried(at(2 * HOUR), done)] == ["done"]


def test_what_fails_for_a_week_or_says_so_has_failed_for_good(at: Callable[..., World]) -> None:
    def fails(_intent: RecordedIntent, _world: World) -> Done:
        raise RegistryUnavailable("still away")

    want(at(), models=("shop.a",))
    want(at(), models=("shop.b",))
    assert [each.came for each in carried(at(), fails)] == ["put_off", "put_off"]
    (given_up,) = (each for each in carried(at(8 * DAY), fails) if each.intent.model == "shop.a")
    assert (given_up.came, given_up.sentence) == ("failed", "given up after 2 attempts: still away")
    want(at(), models=("shop.c",))
    refused = carried(at(), lambda *_: Done("the policy forbids it", event="failed"))
    assert [(each.came, each.sentence) for each in refused] == [("failed", "the policy forbids it")]


def test_a_body_that_takes_long_keeps_its_claim_and_messages_go_out_meanwhile(
    at: Callable[..., World],
) -> None:
    now, told, enough = [timedelta(0)], [], threading.Event()
    here = replace(at(), clock=lambda: START + now[0])
    want(here, models=("shop.a",))

    def meanwhile() -> None:
        told.append(now[0])
        now[0] += timedelta(minutes=2)  # the lease of three minutes would be over in the next beat
        rival = carry_out_due(here, {"retrain": done}, "another", lambda: None)
        assert rival == ()
        if len(told) == 3:
            enough.set()

    def slow(intent: RecordedIntent, world: World) -> Done:
        assert enough.wait(30)
        return done(intent, world)

    pace = Pace(beat=timedelta(milliseconds=5))
    (came,) = carry_out_due(here, {"retrain": slow}, "one", meanwhile, pace)
    assert came.came == "done"
    assert len(told) >= 4


def test_who_lost_a_claim_records_nothing(at: Callable[..., World]) -> None:
    want(at(), models=("shop.a",))

    def overtaken(intent: RecordedIntent, here: World) -> Done:
        assert [each.came for each in carried(at(HOUR), done, "another")] == ["done"]
        return Done("too late")

    assert [each.came for each in carried(at(), overtaken)] == ["taken_over"]
    assert at().ledger.intents("shop.a")[0].sentence == "shop.a was retrained"
