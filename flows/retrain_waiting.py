"""Retrainings that were asked for and wait: asking for one, carrying them out, and what came of them.

No Prefect here.
"""

from datetime import datetime, timedelta

from flows.retraining import RetrainEnd, RetrainPorts, order_of, result_of, retrain
from flows.world import World
from policies.intents import Intent
from policies.load import LoadedPolicy
from policies.policy import Policy
from profiles.errors import LedgerConflict, MusterError
from registry.records import Actor
from registry.retrainings import Retraining, retrainings

# A lease has to outlast every fit; what collecting and registering take comes on top.
_BESIDE_FITS = timedelta(minutes=30)
_LATER = timedelta(minutes=10)


def wanted(policy: Policy, actor: Actor, reason: str, at: datetime) -> Intent:
    """Return the intent of somebody who wants a model retrained, the same within a minute."""
    return Intent(
        model=policy.model,
        key=f"retrain for {actor.name}@{at:%Y-%m-%dT%H:%MZ}",
        kind="retrain",
        sentence="retrain by hand",
        content={"reason": reason, "actor": {"name": actor.name, "kind": actor.kind}},
        automatic=False,
        queue="retrain",
    )


def retrain_waiting(
    loaded: LoadedPolicy, world: World, ports: RetrainPorts, worker: str
) -> tuple[RetrainEnd, ...]:
    """Carry out every retraining of a model that is due and that nobody else carries out, and record its end.

    Raises MusterError when one cannot be carried out now; it is given back, to be tried again.
    """
    ended: list[RetrainEnd] = []
    remediation = loaded.policy.remediation
    fits = len(remediation.recipe.recent) + 2
    lease = fits * remediation.trainer.at_most + _BESIDE_FITS
    while True:
        now = world.clock()
        claim = world.ledger.claim(worker, now, now + lease, ("retrain",), loaded.policy.model)
        if claim is None:
            return tuple(ended)
        try:
            ended.append(retrain(order_of(claim), loaded, world, ports))
        except LedgerConflict:
            raise
        except MusterError as error:
            world.ledger.put_off(claim, world.clock() + _LATER, str(error))
            raise
        event, sentence, result = result_of(ended[-1])
        world.ledger.end(claim, event, world.clock(), sentence, result)


def retrained_before(model: str, world: World) -> tuple[Retraining, ...]:
    """Return what came of every retraining of a model, oldest first."""
    recorded = world.ledger.intents(model, ("retrain",))
    return retrainings(recorded, world.ledger.standing(model).states)
