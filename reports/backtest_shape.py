"""The shape that `muster backtest --json` prints; docs/backtest.md describes it field by field."""

from collections.abc import Sequence
from typing import Any

from reports.backtested import EVENT_KINDS, Backtested, Event, ReplayedWindow


def backtests_json(found: Sequence[Backtested]) -> dict[str, Any]:
    """Return the shape of `muster backtest --json`."""
    return {"backtests": [_one(each) for each in found]}


def _one(found: Backtested) -> dict[str, Any]:
    return {
        "model": found.model,
        "metric": found.metric,
        "cadence": found.cadence,
        "baseline_until": found.baseline_until.isoformat(),
        "until": found.until.isoformat(),
        "seed": found.seed,
        "compared_windows": len(found.compared),
        "loop": found.mean("loop"),
        "frozen": found.mean("frozen"),
        "schedule": found.mean("schedule"),
        "loop_vs_frozen": found.against("frozen"),
        "loop_vs_schedule": found.against("schedule"),
        "schedule_retrainings": found.retrainings,
        "schedule_refitted_on": found.schedule_recipe,
        "schedule_phases": found.phases,
        "events": {kind: found.count(kind) for kind in EVENT_KINDS},
        "windows": [_window(each) for each in found.windows],
    }


def _window(each: ReplayedWindow) -> dict[str, Any]:
    return {
        "start": each.window.start.isoformat(),
        "end": each.window.end.isoformat(),
        "rows": each.rows,
        "version": each.version,
        "status": None if each.status is None else str(each.status),
        "severity": None if each.severity is None else str(each.severity),
        "diagnosis": None if each.cause is None else str(each.cause),
        "loop": each.loop,
        "frozen": each.frozen,
        "schedule": each.schedule,
        "events": [_event(event) for event in each.events],
    }


def _event(event: Event) -> dict[str, Any]:
    return {"at": event.at.isoformat(), "kind": event.kind, "sentence": event.sentence}
