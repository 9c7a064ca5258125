"""Rehearsing a rollback: what would be restored loads and answers today's rows. No Prefect here."""

from dataclasses import dataclass
from datetime import timedelta
from time import perf_counter

from flows.ports import Predict
from flows.rolling_back import Fitness, Preflight
from flows.world import World
from policies.policy import Policy
from policies.rollout import RolloutKind, found, over
from profiles.errors import ColumnMissing, MusterError, RegistryUnavailable, ServiceFailed, TrafficUnavailable
from profiles.newest import Flips, flips, newest_rows

# Rows of a rehearsal, and of the test right before a rollback, for which a person waits.
ROWS, FEW_ROWS = 500, 20
_BACK = timedelta(days=90)
_NOT_READY: tuple[RolloutKind, ...] = ("not_ready",)


@dataclass(frozen=True)
class Rehearsal:
    """How the version that a rollback would restore does with the newest logged rows.

    `ready` is None where it could not be tried. `milliseconds` is per row, without loading.
    """

    model: str
    version: str
    ready: bool | None
    sentence: str
    flips: Flips | None = None
    milliseconds: float | None = None


def predecessor(policy: Policy, world: World) -> str | None:
    """Return the version that a rollback would restore now; None when there is none."""
    standing = world.ledger.standing(policy.model)
    target = next(iter(standing.earlier), policy.remediation.fallback)
    return None if target == standing.champion else target


def rehearse(policy: Policy, version: str, world: World, predict: Predict, rows: int = ROWS) -> Rehearsal:
    """Let a version answer the newest logged rows; raises nothing that a version may do."""
    at, what = world.clock(), f"version {version}"
    model = policy.model
    try:
        logged = newest_rows(world.sight(policy), rows, policy.cadence.length, _BACK, at)
    except TrafficUnavailable as error:
        return Rehearsal(model, version, None, f"{what} could not be tried: {error}")
    if not logged.num_rows:
        return Rehearsal(
            model, version, None, f"{what} could not be tried: nothing was logged in {_BACK.days} days"
        )
    try:
        predict(policy, version, logged[:1])  # what loading costs is not what a row costs
        begun = perf_counter()
        answers = predict(policy, version, logged)
        spent = perf_counter() - begun
    except (ServiceFailed, ColumnMissing) as error:
        return Rehearsal(model, version, False, f"{what} is not ready: {error}")
    except RegistryUnavailable as error:
        return Rehearsal(model, version, None, f"{what} could not be tried: {error}")
    given = logged.column(policy.traffic.prediction)
    differing = flips(given, answers.prediction, classes=policy.task == "classification")
    failed = logged.num_rows - differing.answered
    if failed:
        sentence = f"{what} is not ready: it fails on {failed} of the {logged.num_rows} newest rows"
        return Rehearsal(model, version, False, sentence, differing)
    each = 1000 * spent / logged.num_rows
    answered = f"it answers the {logged.num_rows} newest rows, {each:.2g} ms each"
    sentence = f"{what} is ready: {answered}, {_said(differing)}"
    return Rehearsal(model, version, True, sentence, differing, each)


def rehearse_model(policy: Policy, world: World, predict: Predict) -> Rehearsal | None:
    """Rehearse the rollback of a model and record the finding; None when there is nothing to go back to.

    *Not ready* opens an incident of low severity, which a later rehearsal that goes well ends.
    """
    version = predecessor(policy, world)
    if version is None:
        return None
    done, at = rehearse(policy, version, world, predict), world.clock()
    if done.ready is False:
        world.ledger.record_finding(
            policy.model,
            lambda known: found(
                known, policy.model, "not_ready", f"a rollback would fail: {done.sentence}", at
            ),
            at,
        )
    elif done.ready:
        world.ledger.record_finding(
            policy.model, lambda known: over(known, _NOT_READY, done.sentence, at), at
        )
    return done


def preflight(world: World, predict: Predict) -> Preflight:
    """Return the test before a rollback: the version loads, and its signature fits today's rows."""

    def test(policy: Policy, version: str) -> Fitness:
        try:
            done = rehearse(policy, version, world, predict, FEW_ROWS)
        except MusterError as error:
            return Fitness(None, f"version {version} could not be tried: {error}")
        return Fitness(done.ready, done.sentence)

    return test


def _said(differing: Flips) -> str:
    if differing.flipped is not None:
        return f"{differing.flipped:.1%} of them with another decision than was given"
    return f"on average {differing.moved:.4g} away from what was answered then"
