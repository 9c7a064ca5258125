"""What happened to a fleet, told from its ledger alone: facts in, a table and sentences out."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from rich.console import RenderableType
from rich.markup import escape

from policies.diagnosis import Cause
from policies.incidents import Incident
from policies.outages import OUTAGES
from policies.verdict import SEVERITIES, Finding, Severity, Status
from registry.ledger import Ledger
from registry.records import Judged
from reports.fitting import Cut, table
from reports.words import cause_word, counted, moment

_SENTENCES = 3
_HAPPENED = {
    "silent": "lost its feed at {began}",
    "volume_collapse": "lost more than half of its rows from {began} on",
    "labels_stopped": "got no labels any more from {began} on",
    "duplicated_batch": "got a batch twice after {began}",
    "unit_changed": "got {columns} in another unit from {began} on",
    "all_null": "got {columns} without any value from {began} on",
    "constant": "got {columns} with a single value from {began} on",
    "kind_changed": "got {columns} with values of another kind from {began} on",
    "column_missing": "got no {columns} any more from {began} on",
}
_CAUSES = {
    "silent": "feed silent",
    "volume_collapse": "too few rows",
    "performance": "score beyond its limit",
    "quality": "values it was not trained on",
    "drift": "inputs moved",
}
_NEXT = {
    "silent": "find out why no rows came",
    "volume_collapse": "find out where the rows went",
    "labels_stopped": "get the labels going again",
    "duplicated_batch": "have the shipper send rows once",
    "unit_changed": "have the old unit sent, or converted",
    "all_null": "have the column filled again",
    "performance": "retrain on recent rows",
    "quality": "look whether the model knows such values",
    "drift": "watch the score, retrain if it falls",
}
_DRIFTS = {Cause.DATA_DRIFT, Cause.CONCEPT_DRIFT, Cause.BOTH}
_LOOK = "look at its source"


@dataclass(frozen=True)
class Chapter:
    """All that the ledger holds of one model: who serves, its windows, its incidents and when they opened."""

    model: str
    serves: str | None
    windows: tuple[Judged, ...]
    incidents: tuple[Incident, ...]
    opened: dict[str, datetime]

    @property
    def main(self) -> Incident | None:
        """The incident that a person has to see first: open before over, then by severity, outages first."""
        return max(self.incidents, key=_importance, default=None)


def read_chapter(ledger: Ledger, model: str) -> Chapter:
    """Read what the ledger holds of a model."""
    assignment = ledger.assignment(model)
    return Chapter(
        model=model,
        serves=None if assignment is None else assignment.champion,
        windows=ledger.windows(model),
        incidents=ledger.incidents(model),
        opened={
            change.after.name: at
            for at, change in ledger.incident_changes(model)
            if change.change == "opened"
        },
    )


def fleet_table(chapters: Iterable[Chapter]) -> RenderableType:
    """Return a row per model: who serves, windows, breached, blind, the cause and what to do next."""
    made = table("Fleet")
    for header in ("model", "who serves"):
        made.add_column(header, no_wrap=True)
    for header in ("windows", "breached", "blind"):
        made.add_column(header, no_wrap=True, justify="right")
    made.add_column("cause")
    made.add_column("what to do next")
    for each in chapters:
        statuses = [judged.verdict.status for judged in each.windows]
        made.add_row(
            escape(each.model),
            "nobody" if each.serves is None else f"version {each.serves}",
            f"{len(statuses)}",
            f"{statuses.count(Status.BREACHED) or ''}",
            f"{statuses.count(Status.INCONCLUSIVE) or ''}",
            Cut(_cause(each), 2),
            _next(each),
        )
    return made


def sentences(chapters: Sequence[Chapter], most: int = _SENTENCES) -> list[str]:
    """Tell the gravest outages of the fleet, one of a kind and the newest of it: when, and what it explains.

    As in `pricing.bike lost its feed at 14:00, critical at 14:05, 6 drift findings suppressed because of it.`
    """
    outages = [
        (incident, chapter)
        for chapter in chapters
        for incident in chapter.incidents
        if incident.kind in _HAPPENED
    ]
    outages.sort(key=lambda each: (SEVERITIES.index(each[0].severity), each[0].began), reverse=True)
    told: dict[str, str] = {}
    for incident, chapter in outages:
        told.setdefault(incident.kind, _sentence(incident, chapter))
    return list(told.values())[:most]


def _sentence(incident: Incident, chapter: Chapter) -> str:
    columns = " and ".join(incident.columns)
    said = _HAPPENED[incident.kind].format(began=moment(_began(incident, chapter)), columns=columns)
    told = [f"{chapter.model} {said}"]
    if (at := chapter.opened.get(incident.name)) is not None:
        told.append(f"{incident.severity} at {moment(at)}")
    if explained := _explained(incident, chapter):
        told.append(f"{counted(len(explained), 'drift finding')} suppressed because of it")
    return f"{', '.join(told)}."


def _began(incident: Incident, chapter: Chapter) -> datetime:
    """Return when it began: a silence within its window, everything else with its window."""
    first = next((each for each in chapter.windows if each.reading.window.start == incident.began), None)
    if first is None or incident.kind != "silent":
        return incident.began
    return first.reading.arrivals.silence_began


def _explained(incident: Incident, chapter: Chapter) -> list[Finding]:
    """Return the findings in the incident's windows that it suppressed."""
    return list(_suppressed(incident, chapter))


def _suppressed(incident: Incident, chapter: Chapter) -> Iterator[Finding]:
    for judged in chapter.windows:
        if incident.began <= judged.reading.window.start <= incident.last:
            for objective in judged.verdict.objectives:
                for finding in objective.findings:
                    by = finding.suppressed_by
                    if by is not None and by.split(" of ")[0] == incident.kind:
                        yield finding


def _importance(incident: Incident) -> tuple[bool, int, bool, datetime, str]:
    return (
        incident.resolved is None,
        SEVERITIES.index(incident.severity),
        incident.kind in OUTAGES,
        incident.last,
        incident.kind,
    )


def _cause(chapter: Chapter) -> str:
    incident = chapter.main
    if incident is None:
        return ""
    said = _CAUSES.get(incident.kind, incident.kind.replace("_", " "))
    columns = incident.kind in OUTAGES and ", ".join(incident.columns)
    what = f"{columns}: {said}" if columns else said
    if incident.kind not in OUTAGES and (drift := _drift(incident, chapter)) is not None:
        what = f"{drift}: {what}"
    if incident.resolved is not None:
        return f"{what}, {moment(incident.began)}, over"
    return f"{what} since {moment(incident.began)}"


def _drift(incident: Incident, chapter: Chapter) -> str | None:
    """Return what the newest diagnosis of the incident's windows found to have moved, if it found that."""
    found = None
    for judged in chapter.windows:
        diagnosis = judged.verdict.diagnosis
        here = incident.began <= judged.reading.window.start <= incident.last
        if here and diagnosis is not None and diagnosis.cause in _DRIFTS:
            found = cause_word(judged.verdict)
    return found


def _next(chapter: Chapter) -> str:
    incident = chapter.main
    if incident is None:
        statuses = {judged.verdict.status for judged in chapter.windows[-1:]}
        return "nothing" if statuses <= {Status.MET, Status.AT_RISK} else "wait for more rows"
    if incident.resolved is not None:
        return "nothing now" if incident.severity is not Severity.CRITICAL else "ask its owners what happened"
    return _NEXT.get(incident.kind, _LOOK)
