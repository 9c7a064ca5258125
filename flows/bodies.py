"""From the kind of an intent to what carries it out. No Prefect here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from flows.ports import Predict
from flows.world import World
from policies.intents import IntentKind
from policies.load import Fleet
from registry.intent_records import RecordedIntent
from registry.settings import Settings


@dataclass(frozen=True)
class Done:
    """What came of an intent: it is done, has failed for good, or waits for something until it is `due`.

    `result` is plain JSON and is kept with the end of an intent.
    """

    sentence: str
    result: Mapping[str, Any] = field(default_factory=dict)
    event: Literal["done", "failed", "waiting"] = "done"
    due: datetime | None = None


# Carries an intent out, again where it was begun before, to the same end. A MusterError is tried again later.
Body: TypeAlias = Callable[[RecordedIntent, World], Done]
Bodies: TypeAlias = Mapping[IntentKind, Body]


def bodies_of(fleet: Fleet, settings: Settings, predict: Predict | None = None) -> Bodies:
    """Return what is carried out here. An intent of another kind waits for whoever can.

    Versions answer by `predict`; without one, every look at a contest starts processes of its own.
    """
    from flows.carrying_out import carry_out
    from flows.promoting import promote_intended
    from flows.responding_bodies import responding_bodies
    from flows.rolling_back import policy_of
    from flows.rollout import open_rollout

    rollout = open_rollout(settings)
    return {
        **responding_bodies(fleet, settings, predict),
        "carry_out": lambda recorded, world: carry_out(
            recorded, policy_of(recorded.intent.model, world), world, rollout
        ),
        "promote": lambda recorded, world: promote_intended(
            recorded, policy_of(recorded.intent.model, world), world
        ),
    }
