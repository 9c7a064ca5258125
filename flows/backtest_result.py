"""From a replay that has run to what it found. No Prefect here."""

from collections.abc import Iterator

from flows.backtest import Replay
from policies.verdict import Severity
from profiles.answers import Answers
from registry.intent_records import RecordedIntent
from registry.records import Transition
from reports.backtested import Backtested, Event, EventKind, ReplayedWindow, by_window
from training.peers import PHASES, frozen, scheduled

_MOVES: dict[str, EventKind] = {
    "shadowed": "shadowed",
    "canaried": "canaried",
    "stepped": "canaried",
    "promoted": "promoted",
    "rejected": "rejected",
    "rolled_back": "rolled_back",
}
_PAGES = (Severity.HIGH, Severity.CRITICAL)


def backtested(replay: Replay, answers: Answers) -> Backtested:
    """Return what a replay found, the loop's `answers` beside its peers' on the same windows."""
    model, ledger, contest = replay.policy.model, replay.world.ledger, replay.contest
    events = tuple(_events(replay))
    retrainings = sum(event.kind in {"retrained", "refused"} for event in events)
    schedule = scheduled(contest, replay.span, retrainings)
    loop, still = contest.scores(answers), frozen(contest)
    judged = {each.verdict.window: each for each in ledger.windows(model)}
    windows = []
    happened = by_window(replay.windows, events)
    for k, window in enumerate(replay.windows):
        rows, seen = replay.of.between(window.start, window.end), judged.get(window)
        diagnosis = None if seen is None else seen.verdict.diagnosis
        windows.append(
            ReplayedWindow(
                window=window,
                rows=rows.stop - rows.start,
                version=None if seen is None else seen.reading.version,
                status=None if seen is None else seen.verdict.status,
                severity=None if seen is None else seen.verdict.severity,
                cause=None if diagnosis is None else diagnosis.cause,
                loop=loop.scores[k],
                frozen=still.scores[k],
                schedule=schedule.peer.scores[k],
                events=happened[k],
            )
        )
    return Backtested(
        model=model,
        metric=contest.metric,
        cadence=str(replay.policy.cadence),
        baseline_until=replay.span.start,
        until=replay.span.end,
        seed=replay.order.seed,
        retrainings=retrainings,
        windows=tuple(windows),
        schedule_recipe=schedule.recipe,
        by_recipe=schedule.by_recipe,
        phases=PHASES,
    )


def _events(replay: Replay) -> Iterator[Event]:
    model, ledger = replay.policy.model, replay.world.ledger
    for at, change in ledger.incident_changes(model):
        if change.change == "opened" and change.after.severity in _PAGES:
            yield Event(at, "page", f"{change.after.kind}: {change.sentence}")
    for transition in ledger.transitions(model):
        if transition.kind in _MOVES:
            yield Event(transition.at, _MOVES[transition.kind], _moved(transition))
    for intent in ledger.intents(model, ("retrain",)):
        if (event := _retraining(intent)) is not None:
            yield event


def _moved(transition: Transition) -> str:
    now = transition.after
    named = now.challenger or now.champion
    if transition.kind == "rejected" and transition.before is not None:
        named = transition.before.challenger
    return f"version {named}: {transition.reason}"


def _retraining(intent: RecordedIntent) -> Event | None:
    """Return what came of a retraining; None of one that nobody carried out."""
    if intent.ended_at is None:
        return None
    made = intent.status == "done" and (intent.result or {}).get("version") is not None
    said = intent.sentence or intent.intent.sentence
    return Event(intent.ended_at, "retrained" if made else "refused", said)
