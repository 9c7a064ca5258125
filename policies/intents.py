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


# What is wanted in answer to the changes that a new verdict made to the model's incidents.
Respond: TypeAlias = Callable[[Sequence[IncidentChange]], Sequence[Intent]]

_SAID: Mapping[Automation, str] = {
    "act": "Muster will {}",
    "propose": "Muster proposes to {}",
    "observe": "Muster only observes, else it would {}",
}


def respond_by_nothing(_changes: Sequence[IncidentChange]) -> Sequence[Intent]:
    """Want nothing, whatever happened."""
    return ()


def doing(intents: Sequence[Intent]) -> str:
    """Say in a sentence what Muster does or proposes; messages by themselves are no deed."""
    said = [_SAID[intent.automation].format(intent.sentence) for intent in intents if intent.kind != "send"]
    return "; ".join(said) if said else "Muster has done nothing"
