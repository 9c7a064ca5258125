"""The bodies of what a verdict asks for: a challenger, a look at those that contend, a move of one."""

from contextlib import nullcontext
from functools import partial

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


def responding_bodies(fleet: Fleet, settings: Settings, predict: Predict | None = None) -> Bodies:
    """Return what carries out retrainings, looks at contests and moves, as the policies and settings say."""
    moves: Bodies = dict.fromkeys(MOVES, partial(_moved, settings=settings))
    return {
        "retrain": partial(_retrained, fleet=fleet, settings=settings),
        "shadow": partial(_looked, settings=settings, answering=predict),
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


def _looked(recorded: RecordedIntent, world: World, *, settings: Settings, answering: Predict | None) -> Done:
    """Compare whoever contends on the windows that matured, and want what follows."""
    model = recorded.intent.model
    policy, current = policy_of(model, world), world.ledger.current_policy(model)
    digest = "" if current is None else current.digest
    with nullcontext(answering) if answering is not None else open_predictions(settings) as predict:
        splits = open_rollout(settings).target_of(policy).can.split
        found = shadow(policy, digest, world, predict, can_split=splits)
    return Done("; ".join(each.sentence for each in found) or "nobody contends")


def _moved(recorded: RecordedIntent, world: World, *, settings: Settings) -> Done:
    """Move a version; a move that is out of date or may not be has failed, and a later look wants anew."""
    intent = recorded.intent
    known = world.ledger.intents(intent.model, (intent.kind,))
    approver = next((each.approved_by for each in known if each.intent.key == intent.key), None)
    try:
        with open_predictions(settings) as predict:
            fit = preflight(world, predict)
            return Done(carry(recorded, policy_of(intent.model, world), world, approver, fit))
    except (MoveRefused, LedgerConflict) as refused:
        return Done(str(refused), event="failed")
