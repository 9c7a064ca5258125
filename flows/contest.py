"""Champion against challenger, as the person reads it who approves a proposal. No Prefect here."""

from collections.abc import Mapping
from typing import Any

from flows.promoting import Proposal
from flows.world import World

# What the heading, the table and the name say already.
_SAID = frozenset({"version", "opponent", "revision"})


def contest(proposal: Proposal, world: World) -> str:
    """Return a proposal as markdown: what would change, the scores of both versions, and the evidence."""
    model, challenger = proposal.model, proposal.version
    now = world.ledger.assignment(model)
    champion = None if now is None else now.champion
    intent, since = proposal.recorded.intent, f"{proposal.recorded.recorded_at:%Y-%m-%d %H:%M} UTC"
    lines = [
        f"### {model}: {intent.sentence}?",
        "",
        f"Waits since {since}. Its name in forms: `{proposal.id}`",
        "",
        f"| | champion {champion} | challenger {challenger} |",
        "|---|---|---|",
        *_scores(_known(model, champion, world), _known(model, challenger, world)),
    ]
    evidence = [
        f"- {key.replace('_', ' ')}: {value}"
        for key, value in intent.content.items()
        if key not in _SAID and value and isinstance(value, str | int | float)
    ]
    return "\n".join([*lines, "", *evidence]).rstrip()


def _known(model: str, version: str | None, world: World) -> Mapping[str, float]:
    baseline = None if version is None else world.ledger.baseline(model, version)
    return {} if baseline is None else baseline.scores


def _scores(champion: Mapping[str, float], challenger: Mapping[str, float]) -> list[str]:
    names = dict.fromkeys([*champion, *challenger])
    if not names:
        return ["| scores at registration | none known | none known |"]
    return [
        f"| {name} at registration | {_said(champion, name)} | {_said(challenger, name)} |" for name in names
    ]


def _said(scores: Mapping[str, Any], name: str) -> str:
    return f"{scores[name]:.4g}" if name in scores else "not known"
