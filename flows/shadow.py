"""SHADOW: what follows from how a version fares beside another, on the rows of windows. No Prefect here."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from flows.mirroring import begins, compare, loss_for
from flows.ports import Predict
from flows.world import World
from policies.alerting import Alert, channels_for, sends
from policies.gate import GateAnswer, bake, decide
from policies.intents import Intent
from policies.outages import OUTAGES
from policies.pace import gate_of
from policies.policy import Policy
from policies.release import (
    Circumstances,
    Contest,
    Move,
    in_words,
    intent_of,
    next_move,
    spent_budget,
)
from policies.respond import STOPS_CLOCKS
from policies.verdict import Severity
from profiles.errors import LedgerConflict, MoveRefused
from profiles.paired import PairedLosses, merged
from profiles.window import Window
from registry import moves
from registry.ledger import Ledger
from registry.moves import Unchanged, Wish
from registry.records import Actor, Judged
from registry.shadows import PairedReading

_MUSTER = Actor("muster", "muster")
_A_DAY, _USUAL = timedelta(days=1), timedelta(days=28)


@dataclass(frozen=True)
class Followed:
    """A contest, what its gate answers now, what follows from that, and by how many labelled rows.

    `windows` counts those that were compared just now.
    """

    contest: Contest
    answer: GateAnswer
    move: Move
    rows: int = 0
    windows: int = 0

    @property
    def sentence(self) -> str:
        """All of it in a sentence."""
        against = f"version {self.contest.version} against version {self.contest.opponent}"
        return f"{against}: {in_words(self.move)}"


def shadow(
    policy: Policy, policy_digest: str, world: World, predict: Predict, *, can_split: bool = False
) -> tuple[Followed, ...]:
    """Compare each version that has to prove itself on the windows that matured, and want what follows.

    Killed anywhere and run again it leaves the same: paired readings, intents and the end of a bake have
    natural keys. `can_split` says that the policy's target can give a canary its share. Raises MusterError
    when rows cannot be read or a version does not answer.
    """
    found = []
    for contest in world.ledger.contests(policy.model):
        judged = world.ledger.windows(policy.model, since=begins(contest, policy))
        windows = compare(contest, judged, policy, world, predict)
        stands = _stands(contest, judged, policy, world.ledger, world.clock(), can_split=can_split)
        _want(contest, stands.move, policy, policy_digest, world)
        found.append(replace(stands, windows=windows))
    return tuple(found)


def standings(
    policy: Policy, ledger: Ledger, now: datetime, *, can_split: bool = False
) -> tuple[Followed, ...]:
    """Return how each version that has to prove itself stands by what is recorded; nothing is changed."""
    found = []
    for contest in ledger.contests(policy.model):
        judged = ledger.windows(policy.model, since=begins(contest, policy))
        found.append(_stands(contest, judged, policy, ledger, now, can_split=can_split))
    return tuple(found)


def _stands(
    contest: Contest,
    judged: Sequence[Judged],
    policy: Policy,
    ledger: Ledger,
    now: datetime,
    *,
    can_split: bool,
) -> Followed:
    readings = ledger.paired_readings(contest)
    paused = tuple(each.verdict.window for each in judged if _stops_clocks(each))
    parts = [each.mirrored.paired for each in readings]
    paired = merged(parts) if parts else PairedLosses(loss_for(policy).name, 1.0)
    observed = None if policy.labels is None else policy.labels.observed_when
    usual = _rows_a_day(contest, policy, ledger)
    gate = gate_of(policy, usual)
    if contest.stage == "bake":
        answer = bake(paired, gate, paused=paused, observed_when=observed)
    else:
        answer = decide(paired, gate, challenger=contest.nth, paused=paused, observed_when=observed)
    around = replace(
        _around(contest, readings, judged, policy, ledger, now), can_split=can_split, rows_a_day=usual
    )
    return Followed(contest, answer, next_move(contest, answer, policy, around), around.compared)


def _around(
    contest: Contest,
    readings: Sequence[PairedReading],
    judged: Sequence[Judged],
    policy: Policy,
    ledger: Ledger,
    now: datetime,
) -> Circumstances:
    standing = ledger.standing(policy.model)
    assignment = standing.assignment
    assert assignment is not None  # noqa: S101 - a contest has one
    return Circumstances(
        now=now,
        paused=_overlap([each.verdict.window for each in judged if _stops_clocks(each)], contest.began, now),
        held=standing.held,
        outage=outage_of(policy.model, ledger),
        baking=assignment.champion if assignment.bake_until is not None else None,
        budget=spent_budget(judged[-1].verdict if judged else None),
        compared=sum(each.mirrored.paired.rows for each in readings),
        served=sum(each.mirrored.served for each in readings if each.window.start >= contest.stage_began),
        matured=_has_matured(contest, judged, policy),
        together=tuple(each for each in ledger.together(policy.model) if each != policy.model),
    )


def _rows_a_day(contest: Contest, policy: Policy, ledger: Ledger) -> float | None:
    """Return how many rows a day came in the windows of the four weeks before a contest; None without any.

    The same at every look: what the gate expects must not follow the rows that it judges.
    """
    since = policy.cadence.floor(contest.began - _USUAL)
    windows = ledger.windows(policy.model, since=since, until=contest.began)
    seen = [each.reading for each in windows if each.reading.fault is None]
    seen = [each for each in seen if each.window.end <= contest.began]
    length = sum((each.window.length for each in seen), start=timedelta(0))
    return sum(each.arrivals.rows for each in seen) / (length / _A_DAY) if length else None


def outage_of(model: str, ledger: Ledger) -> str | None:
    """Return what is broken now by a model's open incidents; None while nothing is."""
    found = ledger.incidents(model, open_only=True)
    return next((each.sentence for each in found if each.kind in OUTAGES), None)


def _stops_clocks(judged: Judged) -> bool:
    diagnosis = judged.verdict.diagnosis
    return diagnosis is not None and diagnosis.cause in STOPS_CLOCKS


def _overlap(paused: Sequence[Window], began: datetime, now: datetime) -> timedelta:
    spans = (min(each.end, now) - max(each.start, began) for each in paused)
    return sum((span for span in spans if span > timedelta(0)), start=timedelta(0))


def _has_matured(contest: Contest, judged: Sequence[Judged], policy: Policy) -> bool:
    """Say whether the labels of all windows within a bake's time are in."""
    if policy.labels is None or contest.until is None:
        return True
    within = [each.reading for each in judged if each.reading.window.start < contest.until]
    ripe = all(each.labels is None or each.labels.mature for each in within)
    return ripe and bool(judged) and judged[-1].reading.window.end >= contest.until


def _want(contest: Contest, move: Move, policy: Policy, policy_digest: str, world: World) -> None:
    """Record what a move asks for, and whom it tells, in one transaction; take note of a bake's end."""
    at, standing = world.clock(), world.ledger.standing(policy.model)
    assert standing.assignment is not None  # noqa: S101 - a contest has one
    if move.kind == "end_bake":
        key = f"end the bake of {contest.version} since {contest.began.isoformat()}"
        wish = Wish(key, _MUSTER, move.why, policy_digest=policy_digest)
        try:
            request = moves.end_bake(standing, wish)
            if not isinstance(request, Unchanged):
                world.ledger.move(request, at, then=lambda _: ())
        except (LedgerConflict, MoveRefused):
            return  # somebody moved in between: the next look decides anew
    intent = intent_of(move, contest, standing.assignment.revision)
    if intent is not None:
        world.ledger.record_intents([intent, *_told(move, intent, policy, at)], policy_digest, at)


def _told(move: Move, intent: Intent, policy: Policy, at: datetime) -> tuple[Intent, ...]:
    """Tell that a person has to decide."""
    if move.automation != "propose":
        return ()
    alert = Alert(
        model=policy.model,
        team=policy.team,
        kind="held",
        severity=Severity.HIGH if move.kind == "roll_back" else Severity.LOW,
        subject="your decision is asked for",
        sentence=f"Muster proposes to {in_words(move)}",
        since=at,
        doing=_by_hand(move, policy.model),
        owners=policy.owners,
    )
    return sends(alert, f"told {intent.key}", channels_for(alert, policy.routes))


def _by_hand(move: Move, model: str) -> str:
    command = "rollback" if move.kind == "roll_back" else "promote"
    return f"`muster {command} {model}` does it"
