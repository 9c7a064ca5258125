"""What happened to a model, in the order in which Muster recorded it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, Literal, TypeAlias

from rich.console import RenderableType
from rich.markup import escape

from policies.incidents import IncidentChange
from policies.verdict import Verdict
from profiles.window import Window
from registry.records import Judged, RecordedPolicy, Transition
from reports.fitting import Cut, table
from reports.words import counted, marked, moment, span, standing, worst_reason

What: TypeAlias = Literal["verdict", "transition", "policy", "incident"]
_DIGEST = 19  # characters of a digest that tell it from others: `sha256:` and twelve digits


@dataclass(frozen=True)
class Event:
    """One thing that was recorded: when, what kind of thing, and a sentence.

    `window` and `verdict` are there for verdicts, `actor` for transitions and what a person did.
    """

    at: datetime
    what: What
    sentence: str
    actor: str | None = None
    window: Window | None = None
    verdict: Verdict | None = None


def events(
    judged: Sequence[Judged],
    transitions: Sequence[Transition],
    policies: Sequence[tuple[datetime, RecordedPolicy]],
    changes: Sequence[tuple[datetime, IncidentChange]] = (),
) -> tuple[Event, ...]:
    """Return everything in the order of recording; at the same moment policies first, incidents last.

    Of the changes of incidents those are told that do not follow from a verdict beside them: corrections,
    and what persons did.
    """
    happened = [
        *(Event(at, "policy", f"watched by policy {policy.digest[:_DIGEST]}") for at, policy in policies),
        *(Event(each.at, "transition", _changed(each), each.actor) for each in transitions),
        *(
            Event(
                each.recorded_at,
                "verdict",
                worst_reason(each.verdict),
                window=each.verdict.window,
                verdict=each.verdict,
            )
            for each in judged
        ),
        *(
            Event(at, "incident", f"{change.after.name} {change.change}: {change.sentence}", change.actor)
            for at, change in changes
            if change.change == "corrected" or change.actor is not None
        ),
    ]
    order = ("policy", "transition", "verdict", "incident")
    return tuple(
        sorted(happened, key=lambda e: (e.at, order.index(e.what), e.window.start if e.window else e.at))
    )


def history_table(model: str, happened: Sequence[Event]) -> RenderableType:
    """Return one row per event; windows in a row that stand alike share one."""
    made = table(f"History of {model}")
    for header in ("recorded (UTC)", "what", "window"):
        made.add_column(header, no_wrap=True)
    made.add_column("", overflow="fold")
    for group in _folded(happened):
        first, last = group[0], group[-1]
        if first.verdict is None or first.window is None or last.window is None:
            who = f" ({first.actor})" if first.actor else ""
            made.add_row(moment(first.at), first.what, "", escape(first.sentence + who))
            continue
        many = len(group) > 1
        windows = span(Window(first.window.start, last.window.end)) if many else span(first.window)
        said = f"{counted(len(group), 'window')}" if many else first.sentence
        made.add_row(moment(last.at), marked(first.verdict), windows, Cut(said, 1))
    return made


def history_json(model: str, happened: Sequence[Event]) -> dict[str, Any]:
    """Return the shape of `muster history --json`; nothing is folded."""
    return {
        "model": model,
        "events": [
            {
                "at": each.at.isoformat(),
                "what": each.what,
                "sentence": each.sentence,
                "actor": each.actor,
                "start": None if each.window is None else each.window.start.isoformat(),
                "end": None if each.window is None else each.window.end.isoformat(),
                "status": None if each.verdict is None else str(each.verdict.status),
                "severity": None
                if each.verdict is None or each.verdict.severity is None
                else str(each.verdict.severity),
            }
            for each in happened
        ],
    }


def _changed(transition: Transition) -> str:
    if transition.kind == "baselined":
        return transition.reason
    before = None if transition.before is None else transition.before.champion
    after = transition.after.champion
    serves = (
        f"version {after} serves" if before in {None, after} else f"version {after} serves after {before}"
    )
    return f"{transition.kind}: {serves}; {transition.reason}"


def _folded(happened: Sequence[Event]) -> Iterator[list[Event]]:
    """Yield runs of verdicts with one standing and adjoining windows together, all else alone."""

    def alike(pair: tuple[int, Event]) -> object:
        number, event = pair
        verdict = event.verdict
        return number if verdict is None else standing(verdict.status, verdict.severity)

    for _, group in groupby(enumerate(happened), key=alike):
        run: list[Event] = []
        for _, event in group:
            if run and event.window and run[-1].window and run[-1].window.end != event.window.start:
                yield run
                run = []
            run.append(event)
        yield run
