"""What a backtest carries out, and how: the bodies of production, with versions in this very process."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from flows.backtest import Replay
from flows.bodies import Done
from flows.moving import MOVES, carry
from flows.promoting import promote_intended
from flows.retraining import RetrainPorts, order_of, result_of, retrain
from flows.shadow import shadow
from flows.world import World
from policies.intents import MESSAGES, IntentKind
from profiles.columns import dense
from profiles.errors import LedgerConflict, MoveRefused, MusterError, TrainerFailed
from registry.intent_records import Claim, RecordedIntent
from registry.model_registry import NewVersion, ServedVersion
from training.in_process import answers_of, refitted
from training.orders import FitOrder, Fitted

_KINDS: tuple[IntentKind, ...] = tuple(kind for kind in get_args(IntentKind) if kind not in MESSAGES)
# Nobody else is there to take a claim over.
_LEASE = timedelta(days=1)
_WORKER = "backtest"


def act(replay: Replay, world: World) -> None:
    """Carry out everything that is due at the world's moment, and what follows from it."""
    at = world.clock()
    while (claim := world.ledger.claim(_WORKER, at, at + _LEASE, _KINDS, replay.policy.model)) is not None:
        done = _carried_out(claim, replay, world)
        world.ledger.end(
            claim, "failed" if done.event == "failed" else "done", at, done.sentence, done.result
        )


def _carried_out(claim: Claim, replay: Replay, world: World) -> Done:
    """Carry out one intent; what cannot be done has failed, as nothing is outside that could come back."""
    try:
        return _done(claim, replay, world)
    except (MoveRefused, LedgerConflict) as refused:
        return Done(str(refused), event="failed")
    except MusterError as error:
        return Done(f"{claim.intent.sentence} failed: {error}", event="failed")


def _done(claim: Claim, replay: Replay, world: World) -> Done:
    kind, policy = claim.intent.kind, replay.policy
    asked = RecordedIntent(claim.intent, claim.recorded_at, "claimed")
    if kind == "retrain":
        loaded = replace(replay.order.loaded, policy=policy)
        event, sentence, result = result_of(retrain(order_of(claim), loaded, world, _ports(replay, world)))
        return Done(sentence, result, "failed" if event == "failed" else "done")
    if kind == "shadow":
        recorded = world.ledger.current_policy(policy.model)
        digest = "" if recorded is None else recorded.digest
        found = shadow(policy, digest, world, replay.predict, can_split=True)
        return Done("; ".join(each.sentence for each in found) or "nobody contends")
    if kind == "promote":
        return promote_intended(asked, policy, world)
    if kind in MOVES:
        return Done(carry(asked, policy, world))
    # Whoever is assigned answers the rows of the next moment: the replay is its own target.
    return Done("answers from now on")


def _ports(replay: Replay, world: World) -> RetrainPorts:
    """Fit and ask in this process, and keep versions in memory."""

    def register(new: NewVersion) -> ServedVersion:
        told: Mapping[str, str] = {name: str(value) for name, value in new.lineage.items()}
        return replay.shelf.put(new.model, tuple(new.baselines), world.clock(), new.recipe, told)

    return RetrainPorts(
        fit=lambda order: _fitted(order, replay),
        predict=replay.predict,
        register=register,
        made_by=lambda _name, recipe: replay.shelf.made_by(recipe),
    )


def _fitted(order: FitOrder, replay: Replay) -> Fitted:
    try:
        made = refitted(
            replay.first, order.rows.select(list(order.features)), dense(order.rows.column(order.label))
        )
        return Fitted(made, answers_of(made, order.asked, replay.policy.traffic.answers))
    except ValueError as error:
        raise TrainerFailed(f"the estimator cannot be fitted on {order.recipe}: {error}") from error
