"""Incidents as a person on call reads them: what is wrong, since when, how urgent."""

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.markup import escape

from policies.corrections import STILL
from policies.incidents import Incident
from policies.verdict import SEVERITIES
from profiles.window import Window
from reports.fitting import Cut, table
from reports.words import moment

_LINES = 2  # of a sentence; --json has all of it


def in_order(incidents: Sequence[Incident]) -> list[Incident]:
    """Sort open incidents first, the most urgent and then the newest of them; of the others the newest."""

    def first(incident: Incident) -> tuple[bool, int, float, str, str]:
        is_over = incident.resolved is not None
        urgency = 0 if is_over else -SEVERITIES.index(incident.severity)
        return is_over, urgency, -incident.began.timestamp(), incident.model, incident.name

    return sorted(incidents, key=first)


def incidents_table(incidents: Sequence[Incident]) -> RenderableType:
    """Return one row per incident, in the given order."""
    made = table("Incidents")
    made.add_column("model", overflow="fold")
    for header in ("since (UTC)", "severity", "objective", "state"):
        made.add_column(header, no_wrap=True)
    made.add_column("what")
    for each in incidents:
        cells = (escape(each.model), moment(each.began), str(each.severity), each.objective, _state(each))
        made.add_row(*cells, Cut(news_of(each), _LINES))
    return made


def news_of(incident: Incident) -> str:
    """Return what there is to say of an incident: its note first, where it is news, then what is wrong."""
    said = (news(incident), incident.resolved or incident.sentence)
    return "; ".join(dict.fromkeys(each for each in said if each))


def news(incident: Incident) -> str | None:
    """Return an incident's note, unless it only says that a window says the same with other numbers."""
    return None if incident.note is None or incident.note.endswith(STILL) else incident.note


def _state(incident: Incident) -> str:
    if incident.resolved is not None:
        return f"over {moment(incident.last)}"
    return "open" if incident.acknowledged_by is None else "acknowledged"


def incidents_json(incidents: Sequence[Incident]) -> dict[str, Any]:
    """Return the shape of `muster incidents --json`."""
    return {"incidents": [{"model": each.model, **incident_json(each)} for each in incidents]}


def incident_json(incident: Incident) -> dict[str, Any]:
    """Return the shape of one incident of a model."""
    return {
        "name": incident.name,
        "objective": incident.objective,
        "kind": incident.kind,
        "severity": str(incident.severity),
        "began": incident.began.isoformat(),
        "last": incident.last.isoformat(),
        "windows": incident.windows,
        "columns": list(incident.columns),
        "sentence": incident.sentence,
        "resolved": incident.resolved,
        "note": incident.note,
        "acknowledged_by": incident.acknowledged_by,
    }


def of_window(incidents: Sequence[Incident], window: Window) -> tuple[Incident, ...]:
    """Return the incidents that a window belongs to, in order; the window that resolved one does not."""

    def belongs(each: Incident) -> bool:
        went_on = each.last > window.start or (each.last == window.start and each.resolved is None)
        return each.began < window.end and went_on

    return tuple(in_order([each for each in incidents if belongs(each)]))
