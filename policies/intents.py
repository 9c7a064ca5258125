"""Intents: what a response asks for and nobody has carried out yet. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from policies.incidents import IncidentChange
from policies.policy import Automation

IntentKind: TypeAlias = Literal[
    "retrain", "shadow", "canary", "step", "promote", "reject", "roll_back", "carry_out", "send"
]
# A freeze stops what Muster does of itself. What was decided already is still carried out and told.
NEVER_HELD: tuple[IntentKind, ...] = ("carry_out", "send")
MESSAGES: tuple[IntentKind, ...] = ("send",)
# How a transition is named after the intent that asked for it: in front of the intent's key.
MOVED_BY, PROMOTED_BY, SHADOWED_FOR = "by ", "promote by ", "shadow for "
# To tell somebody, and to look how a challenger fares, changes nothing.
_NO_DEEDS: tuple[IntentKind, ...] = ("send", "shadow")


@dataclass(frozen=True)
class Intent:
    """An act that is wanted, of one model.

    `key` is unique within the model and names the cause, such as `retrain for drift@2026-03-01T00:00Z`: asked
    for twice under the same key it is one intent. `sentence` says what would be done, as in `retrain on the
    last 90 days`; `content` holds what carrying it out needs, as plain JSON values. With `observe` it is only
    recorded, with `propose` it waits for a person, with `act` it is due at once. Intents of one `queue` are
    carried out one after the other, in the order they were recorded. `automatic` ones wait while the model is
    frozen, those of a person do not.
    """

    model: str
    key: str
    kind: IntentKind
    sentence: str
    content: Mapping[str, Any] = field(default_factory=dict)
    automation: Automation = "act"
    automatic: bool = True
    queue: str | None = None


@dataclass(frozen=True)
class Withheld:
    """An act that is called for and not wanted now, said as in an intent's sentence, and why not."""

    sentence: str
    reason: str


@dataclass(frozen=True)
class Response:
    """What is wanted in answer to a verdict, and what is withheld."""

    wanted: tuple[Intent, ...] = ()
    withheld: tuple[Withheld, ...] = ()


# What the changes that a new verdict made to the model's incidents are answered with.
Respond: TypeAlias = Callable[[Sequence[IncidentChange]], Response]

_SAID: Mapping[Automation, str] = {
    "act": "Muster will {}",
    "propose": "Muster proposes to {}",
    "observe": "Muster only observes, else it would {}",
}


def respond_by_nothing(_changes: Sequence[IncidentChange]) -> Response:
    """Want nothing, whatever happened."""
    return Response()


def doing(response: Response) -> str:
    """Say in a sentence what Muster does, proposes or withholds; messages and looks are no deed."""
    said = [
        _SAID[intent.automation].format(intent.sentence)
        for intent in response.wanted
        if intent.kind not in _NO_DEEDS
    ]
    said += [f"Muster does not {each.sentence}: {each.reason}" for each in response.withheld]
    return "; ".join(said) if said else "Muster has done nothing"
