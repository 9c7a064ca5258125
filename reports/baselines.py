"""What windows are compared with, and who said so."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.markup import escape

from registry.records import PROPOSED, RegisteredBaseline, Transition
from reports.fitting import table
from reports.words import span

_DIGEST = 19  # characters of a digest that tell it from others: `sha256:` and twelve digits


def baselines_table(
    model: str, baselines: Sequence[RegisteredBaseline], transitions: Sequence[Transition]
) -> RenderableType:
    """Return one row per baseline, in the given order."""
    made = table(f"Baselines of {model}")
    for header in ("version", "name", "kind", "rows", "period", "scores", "profile", "set by"):
        made.add_column(header, justify="right" if header == "rows" else "left", overflow="fold")
    actors = _actors(transitions)
    for each in baselines:
        made.add_row(
            escape(each.version),
            escape(each.name if each.name != PROPOSED else f"{each.name}, {state(each, baselines)}"),
            each.kind,
            f"{each.rows:,}",
            "not known" if each.period is None else span(each.period),
            ", ".join(f"{name} {value:.4g}" for name, value in sorted(each.scores.items())) or "none",
            each.profile_digest[:_DIGEST],
            escape(actors.get((each.version, each.name), "model registry")),
        )
    return made


def baselines_json(
    model: str, baselines: Sequence[RegisteredBaseline], transitions: Sequence[Transition]
) -> dict[str, Any]:
    """Return the shape of `muster baseline list --json`."""
    actors = _actors(transitions)
    return {
        "model": model,
        "baselines": [
            {
                "version": each.version,
                "name": each.name,
                "kind": each.kind,
                "state": state(each, baselines),
                "rows": each.rows,
                "start": None if each.period is None else each.period.start.isoformat(),
                "end": None if each.period is None else each.period.end.isoformat(),
                "scores": dict(each.scores),
                "profile": each.profile_digest,
                "set_by": actors.get((each.version, each.name)),
            }
            for each in baselines
        ],
    }


def state(baseline: RegisteredBaseline, others: Sequence[RegisteredBaseline]) -> str:
    """Return `confirmed`, `unconfirmed`, or `superseded` for a proposal in whose place there is a default."""
    if baseline.name != PROPOSED:
        return "confirmed"
    versions = {each.version for each in others if each.name == "default"}
    return "superseded" if baseline.version in versions else "unconfirmed"


def _actors(transitions: Sequence[Transition]) -> Mapping[tuple[str, str], str]:
    return {
        (each.evidence["version"], each.evidence["baseline"]): each.actor
        for each in transitions
        if each.kind == "baselined"
    }
