"""Races: two long-lived processes that change the same model at the same moment, over and over."""

import multiprocessing
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.synchronize import Barrier
from typing import Literal, TypeAlias

import numpy as np

from policies.intents import Intent
from policies.policy import Policy
from profiles.errors import LedgerConflict
from registry.ledger import Ledger
from registry.moves import Unchanged, Wish, promote, unfreeze
from registry.records import Actor, ModelVersion, TransitionRequest
from tests.fakes import policy

Act: TypeAlias = Literal["promote", "roll_back"]
AT = datetime(2026, 3, 1, tzinfo=UTC)
ANN = Actor("ann", "person")
# Nobody's history grows so long that reading it is what is measured.
RACES_OF_A_MODEL = 20
VERSIONS = ("1", "2", "3", "4")


@dataclass(frozen=True)
class Raced:
    """How one race ended for one racer: what it led to, or why it was lost."""

    race: int
    model: str
    act: Act
    won: bool
    revision: int
    champion: str | None
    told: str


def named(race: int) -> str:
    """The model of a race."""
    return f"shop.prices-{race // RACES_OF_A_MODEL}"


def prepare(url: str, races: int) -> None:
    """Record the models with their versions; the first one serves."""
    with Ledger.open(url) as ledger:
        for first in range(0, races, RACES_OF_A_MODEL):
            known(ledger, policy(model=named(first), registered_as=named(first)))


def known(ledger: Ledger, watched: Policy) -> None:
    """Record a model with four versions, of which the first one serves."""
    ledger.record_policy(watched, "model: ...", AT)
    for version in VERSIONS:
        registered = ModelVersion(watched.model, version, f"run-{version}", f"models:/{version}", AT)
        ledger.record_version(registered, (), AT)
    ledger.move(_request(ledger, watched.model, "1", "the first"), AT)


def race(url: str, acts: tuple[Act, Act], races: int) -> list[Raced]:
    """Run the races between two processes and return how each ended, for both racers."""
    context = multiprocessing.get_context("spawn")
    barrier, results = context.Barrier(2), context.SimpleQueue()
    racers = [
        context.Process(target=_run, args=(url, barrier, results, number, act, races))
        for number, act in enumerate(acts)
    ]
    for racer in racers:
        racer.start()
    ended: list[Raced] = []
    for _ in racers:
        ended += results.get()
    for racer in racers:
        racer.join()
    return sorted(ended, key=lambda raced: raced.race)


def _run(url: str, barrier: Barrier, results: object, number: int, act: Act, races: int) -> None:
    ended: list[Raced] = []
    try:
        with Ledger.open(url) as ledger:
            for nth in range(races):
                model = named(nth)
                if number == 0:
                    _begin(ledger, model, nth)
                barrier.wait(60)
                standing = ledger.standing(model)
                others = [v for v in VERSIONS if v not in {standing.champion, *standing.earlier[:1]}]
                wish = Wish(f"{act} {nth} by {number}", ANN, f"racer {number}")
                barrier.wait(60)
                time.sleep(np.random.default_rng((nth, number)).uniform(0, 0.003))
                ended.append(_raced(ledger, nth, act, promote(standing, others[number], wish), wish))
                barrier.wait(60)
    finally:
        results.put(ended)  # type: ignore[attr-defined]  # a SimpleQueue, which is no class


def _begin(ledger: Ledger, model: str, nth: int) -> None:
    """Make the model one that somebody would want to roll back: promoted a moment ago, and free."""
    at = AT + timedelta(minutes=nth)
    free = unfreeze(ledger.standing(model), Wish(f"unfreeze {nth}", ANN, "once more"))
    if isinstance(free, TransitionRequest):
        ledger.move(free, at)
    standing = ledger.standing(model)
    version = next(v for v in VERSIONS if v not in {standing.champion, *standing.earlier[:1]})
    ledger.move(_request(ledger, model, version, f"begin {nth}"), at)


def _request(ledger: Ledger, model: str, version: str, key: str) -> TransitionRequest:
    request = promote(ledger.standing(model), version, Wish(key, ANN, "to begin with"))
    assert isinstance(request, TransitionRequest)
    return request


def _raced(ledger: Ledger, nth: int, act: Act, request: TransitionRequest | Unchanged, wish: Wish) -> Raced:
    at, model = AT + timedelta(minutes=nth, seconds=30), named(nth)
    if act == "roll_back":
        outcome = ledger.roll_back(model, wish, at)
        after = outcome.assignment
        return Raced(nth, model, act, outcome.changed, after.revision, after.champion, outcome.sentence)
    assert isinstance(request, TransitionRequest)
    try:
        after = ledger.move(request, at)
    except LedgerConflict as lost:
        return Raced(nth, model, act, won=False, revision=0, champion=None, told=str(lost))
    return Raced(nth, model, act, won=True, revision=after.revision, champion=after.champion, told="")


def claim_all(url: str, worker: str, barrier: Barrier | None, results: object) -> None:
    """Carry out every intent there is, and report which ones this worker had."""
    done: list[str] = []
    with Ledger.open(url) as ledger:
        if barrier is not None:
            barrier.wait(60)
        while (claim := ledger.claim(worker, AT, AT + timedelta(minutes=5), ("retrain",))) is not None:
            done.append(claim.intent.key)
            time.sleep(0.003)  # what it does meanwhile
            ledger.end(claim, "done", AT, "done")
    results.put(done)  # type: ignore[attr-defined]  # a SimpleQueue, which is no class


def retrainings(model: str, count: int) -> list[Intent]:
    """So many acts that must not be done twice."""
    return [Intent(model, f"retrain {n}", "retrain", "retrain") for n in range(count)]
