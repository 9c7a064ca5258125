"""How a verdict is answered: the situation is taken from the ledger, policies decide. No Prefect here."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial

from flows.shadow import outage_of
from flows.world import World
from policies.incidents import IncidentChange
from policies.intents import Respond, Response
from policies.policy import Policy
from policies.respond import Retraining, Situation, respond
from policies.verdict import Verdict
from registry.contests import contests
from registry.intent_records import IntentStatus, RecordedIntent
from registry.moves import Standing
from registry.records import Transition, VersionState

_OPEN: tuple[IntentStatus, ...] = ("proposed", "waiting", "claimed")
_HELPED = (VersionState.CHAMPION, VersionState.RETIRED)
_DID_NOT_HELP = (VersionState.REJECTED, VersionState.ROLLED_BACK)


def answer_to(verdict: Verdict, policy: Policy, world: World) -> Respond:
    """Return what the ledger asks when it records a verdict, by the model's situation as it is now."""
    return partial(_answer, verdict, situation_of(policy, world), policy)


def _answer(
    verdict: Verdict, situation: Situation, policy: Policy, changes: Sequence[IncidentChange]
) -> Response:
    return respond(verdict, changes, situation, policy)


def situation_of(policy: Policy, world: World) -> Situation:
    """Return all that the answer to a verdict depends on beside the verdict."""
    standing = world.ledger.standing(policy.model)
    now = standing.assignment
    retrainings = retrainings_of(standing, world)
    transitions = world.ledger.transitions(policy.model)
    since = _serving_since(transitions)
    return Situation(
        now=world.clock(),
        champion=standing.champion,
        since=since,
        challenger=None if now is None else now.challenger,
        held=standing.held,
        outage=outage_of(policy.model, world.ledger),
        retrainings=retrainings,
        new_labels=_new_labels(policy, retrainings[-1].at if retrainings else since, world),
        contests=tuple((each.version, each.opponent) for each in contests(transitions)),
    )


def retrainings_of(standing: Standing, world: World) -> tuple[Retraining, ...]:
    """Return every challenger that was asked for, oldest first, and whether it helped.

    It helped when its version became champion, and did not when its version was shown to be worse or rolled
    back, or when the newest rows ruled out that any would help. What was left undecided says neither.
    """
    asked = world.ledger.intents(standing.model, ("retrain",))
    ended = _ended(world.ledger.transitions(standing.model))
    return tuple(_retraining(each, standing, ended) for each in asked)


def _retraining(asked: RecordedIntent, standing: Standing, ended: Mapping[str, Transition]) -> Retraining:
    intent, version = asked.intent, (asked.result or {}).get("version")
    end = None if version is None else ended.get(str(version))
    return Retraining(
        key=intent.key,
        at=asked.recorded_at,
        helped=_helped(asked, standing, end),
        settled=asked.ended_at if version is None else None if end is None else end.at,
        is_open=asked.status in _OPEN,
        by_hand=not intent.automatic,
        to_compare=intent.content.get("trigger") == "comparison",
    )


def _helped(asked: RecordedIntent, standing: Standing, end: Transition | None) -> bool | None:
    if asked.status != "done":
        # One that broke says nothing of what a challenger would have done.
        return None
    told = asked.result or {}
    version = told.get("version")
    if version is None:
        return False if told.get("ruled_out", True) else None
    if end is not None and end.evidence.get("undecided"):
        return None
    state = standing.states.get(str(version))
    if state in _HELPED:
        return True
    return False if state in _DID_NOT_HELP else None


def _ended(transitions: Sequence[Transition]) -> Mapping[str, Transition]:
    """Return how each version that once contended ceased to."""
    return {
        each.before.challenger: each
        for each in transitions
        if each.before is not None
        and each.before.challenger is not None
        and each.before.challenger != each.after.challenger
    }


def _serving_since(transitions: Sequence[Transition]) -> datetime | None:
    changes = [
        each.at for each in transitions if each.before is None or each.before.champion != each.after.champion
    ]
    return changes[-1] if changes else None


def _new_labels(policy: Policy, since: datetime | None, world: World) -> int | None:
    """Return how many rows that were asked since then have labels; None where the policy does not ask."""
    if policy.remediation.retrain.new_labels is None:
        return None
    judged = world.ledger.windows(policy.model, since=since)
    return sum(each.reading.labels.labelled for each in judged if each.reading.labels is not None)
