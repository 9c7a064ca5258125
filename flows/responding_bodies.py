"""The bodies of what a verdict asks for: a challenger, a look at those that contend, a move of one."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import TypeAlias

from flows.bodies import Bodies, Done
from flows.moving import MOVES, carry
from flows.ports import Predict
from flows.predicting import open_predictions
from flows.rehearsing import preflight
from flows.retraining import order_of, result_of, retrain
from flows.rolling_back import policy_of
from flows.rollout import open_rollout
from flows.shadow import shadow
from flows.trainers import retrain_ports
from flows.world import World
from policies.load import Fleet
from profiles.errors import LedgerConflict, MoveRefused
from registry.intent_records import RecordedIntent
from registry.settings import Settings

_Answering: TypeAlias = Callable[[], AbstractContextManager[Predict]]


def responding_bodies(fleet: Fleet, settings: Settings, predict: Predict | None = None) -> Bodies:
    """Return what carries out retrainings, looks at contests and moves, as the policies and settings say."""
    answering = partial(_answering, settings, predict)
    moves: Bodies = dict.fromkeys(MOVES, partial(_moved, answering=answering))
    return {
        "retrain": partial(_retrained, fleet=fleet, settings=settings),
        "shadow": partial(_looked, settings=settings, answering=answering),
        **moves,
    }


def _retrained(recorded: RecordedIntent, world: World, *, fleet: Fleet, settings: Settings) -> Done:
    """Retrain by the policy file as it is now; without one there is nothing to retrain by."""
    model = recorded.intent.model
    loaded = next((each for each in fleet.policies if each.policy.model == model), None)
    if loaded is None:
        return Done(f"{model} has no policy file that can be read", event="failed")
    with retrain_ports(settings, world) as ports:
        event, sentence, result = result_of(retrain(order_of(recorded), loaded, world, ports))
    return Done(sentence, result, "failed" if event == "failed" else "done")


def _answering(settings: Settings, predict: Predict | None) -> AbstractContextManager[Predict]:
    """Return what versions answer by: what was passed in, which is left open, else processes of one's own."""
    return open_predictions(settings) if predict is None else nullcontext(predict)


def _looked(recorded: RecordedIntent, world: World, *, settings: Settings, answering: _Answering) -> Done:
    """Compare whoever contends on the windows that matured, and want what follows."""
    model = recorded.intent.model
    policy, current = policy_of(model, world), world.ledger.current_policy(model)
    digest = "" if current is None else current.digest
    with answering() as predict:
        splits = open_rollout(settings).target_of(policy).can.split
        found = shadow(policy, digest, world, predict, can_split=splits)
    return Done("; ".join(each.sentence for each in found) or "nobody contends")


def _moved(recorded: RecordedIntent, world: World, *, answering: _Answering) -> Done:
    """Move a version; a move that is out of date or may not be has failed, and a later look wants anew."""
    intent = recorded.intent
    known = world.ledger.intents(intent.model, (intent.kind,))
    approver = next((each.approved_by for each in known if each.intent.key == intent.key), None)
    try:
        with answering() as predict:
            fit = preflight(world, predict)
            return Done(carry(recorded, policy_of(intent.model, world), world, approver, fit))
    except (MoveRefused, LedgerConflict) as refused:
        return Done(str(refused), event="failed")
