"""What a watch run leaves on Prefect's pages: a table of the run, and a note where a verdict changed.

Copies for reading: the truth stays in the ledger, and nothing is ever read back from them.
"""

import re
from collections.abc import Iterable
from hashlib import sha256

from policies.verdict import Status, Verdict
from reports.words import span, standing, urgency, worst_first, worst_reason

_LARGEST = 90_000  # bytes; Prefect's pages become slow beyond 100 KB
_ROWS = 250  # models in a table; a shard has 200
_REASON = 160  # characters of a reason in a table
_FINDINGS = 20
_KEY = 60
_MARKUP = re.compile(r"[\\`*_{}\[\]<>#|!~&$@]|:(?=//)|(?<=www)\.", re.IGNORECASE)


def run_table(newest: Iterable[Verdict]) -> list[dict[str, str]]:
    """Return a row for each model's newest verdict of a run, the most urgent first.

    Of more than 250 models the least urgent are left out, and the last row says how many.
    """
    ordered = sorted(newest, key=lambda verdict: (urgency(verdict), verdict.model))
    rows = [
        {
            "model": verdict.model,
            "verdict": standing(verdict.status, verdict.severity),
            "worst reason": _cut(worst_reason(verdict), _REASON),
            "window": span(verdict.window),
        }
        for verdict in ordered[:_ROWS]
    ]
    if more := len(ordered) - len(rows):
        rows.append({"model": f"and {more} more", "verdict": "", "worst reason": "", "window": ""})
    return rows


def changed(before: Verdict | None, after: Verdict | None) -> bool:
    """Say whether a model's newest verdict stands otherwise than the newest one before.

    The first verdict of a model is a change unless all is met.
    """
    if after is None:
        return False
    if before is None:
        return after.status is not Status.MET
    return (before.status, before.severity) != (after.status, after.severity)


def change_note(before: Verdict | None, verdict: Verdict) -> str:
    """Return what a model's verdict changed to and why, in Markdown of less than 100 KB.

    Names of columns and models are other people's data: Markdown shows them as they are spelled.
    """
    was = "" if before is None else f", {standing(before.status, before.severity)} before"
    stands = standing(verdict.status, verdict.severity)
    lines = [f"# {plain(verdict.model)}: {stands}", "", f"Window {span(verdict.window)} (UTC){was}.", ""]
    for objective in worst_first(verdict.objectives):
        if objective.status is Status.MET:
            continue
        lines += [f"## {objective.objective}: {standing(objective.status, objective.severity)}", ""]
        counted = [f for f in objective.findings if f.suppressed_by is None]
        said = [finding.sentence for finding in counted[:_FINDINGS]] or [objective.reason]
        said += [f"{len(counted) - _FINDINGS} findings more"] if len(counted) > _FINDINGS else []
        lines += [*(f"- {plain(sentence)}" for sentence in said), ""]
    met = [objective.objective for objective in verdict.objectives if objective.status is Status.MET]
    if met:
        lines += [f"Met: {', '.join(met)}.", ""]
    start = verdict.window.start.strftime("%Y-%m-%dT%H:%M")
    lines.append(f"All of it, recomputed: `muster why {plain(verdict.model, quoted=True)} {start}`")
    text = "\n".join(lines)
    cut = text.encode()[:_LARGEST].decode(errors="ignore")
    return text if cut == text else f"{cut}\n\n(cut)"


def key_of(*parts: str) -> str:
    """Return an artifact's key, lower-case letters, digits and dashes, different for different parts."""
    spelled = "-".join(parts)
    key = re.sub(r"[^a-z0-9]+", "-", spelled.lower()).strip("-")
    if key == spelled and len(key) <= _KEY:
        return key
    # Two names that differ only in what a key cannot hold would share their history.
    return f"{key[:_KEY].strip('-')}-{sha256(spelled.encode()).hexdigest()[:8]}"


def plain(text: str, *, quoted: bool = False) -> str:
    """Return text that Markdown shows as it is: no line of its own, no link, no markup, no HTML."""
    line = " ".join(text.split())
    return line.replace("`", "'") if quoted else _MARKUP.sub(_escaped, line)


def _escaped(found: re.Match[str]) -> str:
    # A bare address becomes a link without any markup, and a backslash does not prevent that.
    return f"&#{ord(found[0])};" if found[0] in "<>&@:." else f"\\{found[0]}"


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"
