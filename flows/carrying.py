"""Carrying out what was recorded and is due, whatever became of whoever began it. No Prefect here."""

import logging
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias, get_args

from alerts.schedule import next_attempt
from flows.bodies import Bodies, Done
from flows.world import World
from policies.intents import MESSAGES, Intent, IntentKind
from profiles.errors import LedgerConflict, MusterError
from registry.intent_records import Claim, RecordedIntent

Came: TypeAlias = Literal["done", "failed", "waiting", "put_off", "taken_over"]

KINDS: tuple[IntentKind, ...] = tuple(kind for kind in get_args(IntentKind) if kind not in MESSAGES)
_NOBODY = timedelta(hours=1)
# What waits is not asked again within one run.
_SOONEST = timedelta(seconds=10)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Pace:
    """A claim lasts for `lease`, renewed every `beat`; what fails for `patience` has failed for good."""

    lease: timedelta = timedelta(minutes=3)
    beat: timedelta = timedelta(seconds=30)
    patience: timedelta = timedelta(days=7)


@dataclass(frozen=True)
class Carried:
    """What came of one intent in this run."""

    intent: Intent
    came: Came
    sentence: str


def carry_out_due(
    world: World,
    bodies: Bodies,
    worker: str,
    meanwhile: Callable[[], object],
    pace: Pace | None = None,
) -> tuple[Carried, ...]:
    """Carry out every intent that is due, each by the body of its kind, one after the other.

    One that fails is put off and stops no other. `meanwhile` is called every beat while a body is at work and
    after each: a message does not wait for a retraining. Intents of a kind without a body are put off.
    """
    pace = pace or Pace()
    came: list[Carried] = []
    with ThreadPoolExecutor(1, thread_name_prefix="body") as pool:
        while True:
            at = world.clock()
            claim = world.ledger.claim(worker, at, at + pace.lease, KINDS)
            if claim is None:
                return tuple(came)
            try:
                came.append(_carried(claim, world, bodies, pool, meanwhile, pace))
            except LedgerConflict as error:
                came.append(Carried(claim.intent, "taken_over", str(error)))
            meanwhile()


def _carried(
    claim: Claim,
    world: World,
    bodies: Bodies,
    pool: ThreadPoolExecutor,
    meanwhile: Callable[[], object],
    pace: Pace,
) -> Carried:
    body = bodies.get(claim.intent.kind)
    if body is None:
        note = f"nothing here carries out {claim.intent.kind.replace('_', ' ')}"
        world.ledger.put_off(claim, world.clock() + _NOBODY, note, counts=False)
        return Carried(claim.intent, "put_off", note)
    begun = pool.submit(body, _recorded(claim), world)
    lost = _await(begun, claim, world, meanwhile, pace)
    if lost is not None:
        raise lost
    try:
        done = begun.result()
    except MusterError as error:
        return _failed(claim, str(error), world, pace)
    except Exception as error:  # noqa: BLE001 - whatever a body raises stops no other
        # Its text may hold anything; the log of this machine is read by those who run it.
        _log.exception("%s of %s", claim.intent.key, claim.intent.model)
        return _failed(claim, f"{type(error).__name__}, see the log of {claim.worker}", world, pace)
    return _settled(claim, done, world)


def _await(
    begun: Future[Done], claim: Claim, world: World, meanwhile: Callable[[], object], pace: Pace
) -> LedgerConflict | None:
    """Wait for a body and keep its claim; return why it was lost, once the body is at its end."""
    lost = None
    while wait([begun], timeout=pace.beat.total_seconds()).not_done:
        if lost is None:
            try:
                world.ledger.renew(claim, world.clock() + pace.lease)
            except LedgerConflict as error:
                lost = error
        meanwhile()
    return lost


def _settled(claim: Claim, done: Done, world: World) -> Carried:
    at = world.clock()
    if done.event == "waiting":
        world.ledger.put_off(claim, max(done.due or at, at + _SOONEST), done.sentence)
    else:
        world.ledger.end(claim, done.event, at, done.sentence, done.result)
    return Carried(claim.intent, done.event, done.sentence)


def _failed(claim: Claim, said: str, world: World, pace: Pace) -> Carried:
    at = world.clock()
    if at - claim.recorded_at >= pace.patience:
        sentence = f"given up after {claim.attempts} attempts: {said}"
        world.ledger.end(claim, "failed", at, sentence, {"attempts": claim.attempts})
        return Carried(claim.intent, "failed", sentence)
    due: datetime = next_attempt(claim.intent.key, claim.attempts, at)
    world.ledger.put_off(claim, due, said)
    return Carried(claim.intent, "put_off", said)


def _recorded(claim: Claim) -> RecordedIntent:
    return RecordedIntent(claim.intent, claim.recorded_at, "claimed", attempts=claim.attempts)
