"""What came of retrainings: read from intents, for who decides whether another one is worth it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from registry.intent_records import RecordedIntent
from registry.records import VersionState

RetrainOutcome: TypeAlias = Literal["retrained", "did_not_help", "refused", "failed"]
_FOUND_WANTING = (VersionState.REJECTED, VersionState.ROLLED_BACK)
_PROVED = (VersionState.CHAMPION, VersionState.RETIRED)


@dataclass(frozen=True)
class Retraining:
    """A retraining that has ended; `version` is the challenger that it made.

    `helped` is None while its challenger still contends, and for those that could not be carried out: bad
    rows and a broken trainer say nothing of whether retraining helps.
    """

    key: str
    at: datetime
    outcome: RetrainOutcome
    helped: bool | None
    sentence: str
    version: str | None = None


def retrainings(
    recorded: Iterable[RecordedIntent], states: Mapping[str, VersionState]
) -> tuple[Retraining, ...]:
    """Return the retrainings of a model that have ended, in that order, by its intents and versions."""
    found = []
    for each in recorded:
        if each.intent.kind != "retrain" or each.ended_at is None or each.status == "declined":
            continue
        told = each.result or {}
        outcome: RetrainOutcome = told.get("outcome", "failed")
        version = told.get("version")
        found.append(
            Retraining(
                each.intent.key,
                each.ended_at,
                outcome,
                _helped(outcome, None if version is None else states.get(version)),
                each.sentence or "",
                version,
            )
        )
    return tuple(sorted(found, key=lambda each: (each.at, each.key)))


def useless_in_a_row(ended: Sequence[Retraining]) -> int:
    """Return how many of the newest retrainings did not help, back to the last one that did."""
    count = 0
    for each in reversed(ended):
        if each.helped:
            return count
        count += each.helped is False
    return count


def _helped(outcome: RetrainOutcome, state: VersionState | None) -> bool | None:
    if outcome == "did_not_help":
        return False
    if outcome != "retrained" or state is None:
        return None
    if state in _FOUND_WANTING:
        return False
    return True if state in _PROVED else None
