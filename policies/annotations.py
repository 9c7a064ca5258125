"""What a person says of an incident: a note, that they look after it, that it is over. Pure."""

from dataclasses import replace
from datetime import datetime

from policies.incidents import Incident, IncidentChange


def annotated(incident: Incident, text: str, actor: str) -> IncidentChange:
    """Return the incident with a person's note."""
    note = f"{text} ({actor})"
    return IncidentChange("annotated", replace(incident, note=note), text, actor)


def acknowledged(incident: Incident, text: str, actor: str) -> IncidentChange:
    """Return the incident as one that a person looks after, with what they say of it, if anything."""
    note = f"{text} ({actor})" if text else incident.note
    after = replace(incident, acknowledged_by=actor, note=note)
    return IncidentChange("acknowledged", after, text or f"{actor} looks after it", actor)


def resolved(incident: Incident, reason: str, actor: str, at: datetime) -> IncidentChange:
    """Return the incident as over from a time on: windows that began before open it no more."""
    after = replace(incident, resolved=f"{reason} ({actor})", last=max(incident.last, at))
    return IncidentChange("resolved", after, reason, actor)
