"""How Muster's values are spelled on screens, and what a person has to see first."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from policies.diagnosis import Cause
from policies.verdict import SEVERITIES, ObjectiveVerdict, Severity, Status, Verdict
from profiles.window import Window

# `inconclusive` is our word for the judge's answer; a person reads that the objective is blind.
_STATUS = {
    Status.MET: "met",
    Status.AT_RISK: "at risk",
    Status.BREACHED: "breached",
    Status.INCONCLUSIVE: "blind",
    Status.ERRORED: "errored",
}
_COLOUR = {
    Status.MET: "green",
    Status.AT_RISK: "yellow",
    Status.BREACHED: "red",
    Status.INCONCLUSIVE: "cyan",
    Status.ERRORED: "magenta",
}
_CAUSE = {
    Cause.PIPELINE: "broken pipeline",
    Cause.BOTH: "data and concept drift",
    Cause.UNCLEAR: "cause unclear",
}
_WORST_FIRST = (Status.BREACHED, Status.ERRORED, Status.AT_RISK, Status.INCONCLUSIVE, Status.MET)


def status_word(status: Status) -> str:
    """Return the word that screens use for a status."""
    return _STATUS[status]


def standing(status: Status, severity: Severity | None) -> str:
    """Return a status with its severity, as in `breached high`."""
    word = status_word(status)
    return word if severity is None else f"{word} {severity}"


def marked(verdict: ObjectiveVerdict | Verdict) -> str:
    """Return a verdict's standing with its colour in rich markup; the word always says it too."""
    return f"[{_COLOUR[verdict.status]}]{standing(verdict.status, verdict.severity)}[/]"


def urgency(verdict: ObjectiveVerdict | Verdict) -> tuple[int, int]:
    """Return a key that sorts what a person has to see first to the front: by status, then severity."""
    severity = -1 if verdict.severity is None else SEVERITIES.index(verdict.severity)
    return _WORST_FIRST.index(verdict.status), -severity


def worst_first(objectives: Iterable[ObjectiveVerdict]) -> list[ObjectiveVerdict]:
    """Sort objectives by urgency; of equals the one that the judge examines first, outages, comes first."""
    return sorted(objectives, key=urgency)


def worst_reason(verdict: Verdict) -> str:
    """Return the reason of the objective that speaks for the window; empty when all is met."""
    worst = next(iter(worst_first(verdict.objectives)), None)
    return "" if worst is None or worst.status is Status.MET else worst.reason


def cause_word(verdict: Verdict) -> str | None:
    """Return why a window stands as it does in a word or two; None where there is nothing to explain."""
    diagnosis = verdict.diagnosis
    if diagnosis is None or diagnosis.cause is Cause.NONE:
        return None
    return _CAUSE.get(diagnosis.cause) or str(diagnosis.cause).replace("_", " ")


def caused_reason(verdict: Verdict) -> str:
    """Return the worst reason with its cause before it, as in `outage: no rows for 8h`."""
    reason, cause = worst_reason(verdict), cause_word(verdict)
    return f"{cause}: {reason}" if cause and reason else reason


def counted(number: int, one: str, many: str = "") -> str:
    """Write a number with its noun: `1 model`, `2 models`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def moment(at: datetime) -> str:
    """Write a time to the minute, in UTC, without the part that is midnight."""
    return f"{at:%Y-%m-%d}" if (at.hour, at.minute) == (0, 0) else f"{at:%Y-%m-%d %H:%M}"


def span(window: Window) -> str:
    """Write a window as a person would: a month, a week or a day by its name, else its two ends (UTC)."""
    start, end = window.start, window.end
    if (start.hour, start.minute, end.hour, end.minute) == (0, 0, 0, 0):
        months = (end.year * 12 + end.month) - (start.year * 12 + start.month)
        if (start.day, end.day, months) == (1, 1, 1):
            return f"{start:%Y-%m}"
        if window.length == timedelta(days=1):
            return f"{start:%Y-%m-%d}"
        if window.length == timedelta(days=7):
            return f"week of {start:%Y-%m-%d}"
    if end - start <= timedelta(days=1) and start.date() == (end - timedelta(minutes=1)).date():
        return f"{start:%Y-%m-%d %H:%M}-{end:%H:%M}"
    return f"{moment(start)} to {moment(end)}"
