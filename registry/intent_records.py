"""What the ledger answers about intents: frozen values, free of SQL."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

from policies.intents import Intent
from registry.records import Actor

IntentStatus: TypeAlias = Literal["observed", "proposed", "waiting", "claimed", "done", "failed", "declined"]


@dataclass(frozen=True)
class Claim:
    """The right of one worker to carry out an intent until a time; `attempts` counts this one.

    Whoever does not end it, put it off or renew it in time may be overtaken: then its claim is worth nothing.
    """

    intent: Intent
    recorded_at: datetime
    worker: str
    until: datetime
    token: int
    attempts: int


@dataclass(frozen=True)
class RecordedIntent:
    """An intent and what became of it so far.

    `note` says why the last attempt did not succeed; `ended_at`, `sentence` and `result` are of its end.
    `approved_by` is who approved a proposal.
    """

    intent: Intent
    recorded_at: datetime
    status: IntentStatus
    due: datetime | None = None
    attempts: int = 0
    note: str | None = None
    ended_at: datetime | None = None
    sentence: str | None = None
    result: Mapping[str, Any] | None = None
    approved_by: Actor | None = None
