"""How a gate says what it found."""

from policies.gate_evidence import Evidence
from policies.objectives.wording import number, percent
from profiles.paired import PairedLosses


def sentence(found: Evidence, paired: PairedLosses, relative: bool, other: str) -> str:
    """Say difference, bounds, margin, rows and what was clipped; `other` is whom it is compared with."""
    scale = found.champion_loss if relative and found.champion_loss > 0 else None
    far = f"{_apart(found.difference, scale)} than the {other}'s"
    low, high = _apart(found.lower, scale), _apart(found.upper, scale)
    allowed = percent(found.margin / scale) if scale else number(found.margin)
    said = f"{paired.loss} {far} (between {low} and {high} at every look), {allowed} higher is allowed; "
    return f"{said}{found.rows:,} rows in {found.blocks:,} blocks{_clipped(paired)}"


def _apart(difference: float, scale: float | None) -> str:
    size = abs(difference)
    return f"{percent(size / scale) if scale else number(size)} {'higher' if difference > 0 else 'lower'}"


def _clipped(paired: PairedLosses) -> str:
    parts = []
    if paired.champion_clipped or paired.challenger_clipped:
        ours, theirs = (
            percent(count / paired.rows) for count in (paired.challenger_clipped, paired.champion_clipped)
        )
        parts.append(
            f"; clipped at {number(paired.bound)}: {ours} of the challenger's losses, {theirs} of the other's"
        )
    if paired.unanswered:
        parts.append(
            f"; {percent(paired.unanswered / paired.rows)} unanswered, counted as {number(paired.bound)}"
        )
    return "".join(parts)
