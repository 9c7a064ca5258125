"""What a rollback or a promotion leaves on Prefect's pages: what came of it, and what may follow. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from reports.artifacts import plain

_DONE = {"rollback": "Rolled back", "promotion": "Promoted"}


@dataclass(frozen=True)
class Act:
    """What came of an act on one model.

    `left` answered before and `version` does now. `changed` is False where it was so already. `verified`: the
    version was seen to answer; None where nothing had to be carried out. `said` is what was told on the way.
    """

    kind: Literal["rollback", "promotion"]
    model: str
    version: str
    left: str | None
    changed: bool
    verified: bool | None
    said: tuple[str, ...]


def headline(act: Act) -> str:
    """Say in a sentence what was done and whether it was seen."""
    if not act.changed:
        return f"{act.model}: {act.said[0]}"
    moved = f"from version {act.left} to {act.version}" if act.left else f"to version {act.version}"
    done = f"{_DONE[act.kind]} {act.model} {moved}"
    if act.verified is None:
        return done
    return f"{done}: {act.said[-1]}" if act.verified else f"{done}, not seen to answer yet: {act.said[-1]}"


def act_note(act: Act) -> str:
    """Return what came of an act as Markdown: the headline, each step, and the commands that may follow."""
    steps = [f"- {plain(each)}" for each in act.said]
    then = _next(act)
    follow = ["", "What may follow:", "", *then] if then else []
    return "\n".join([f"### {plain(headline(act))}", "", *steps, *follow])


def acts_note(acts: Sequence[Act], refused: Sequence[str]) -> str:
    """Return what came of one act on several models, a line each; those that were refused first."""
    told = [f"- **refused** {plain(each)}" for each in refused]
    return "\n".join([*told, *(f"- {plain(headline(each))}" for each in acts)])


def _next(act: Act) -> list[str]:
    model = plain(act.model, quoted=True)
    looked = "- Is it seen by now? `muster reconcile`, and `muster doctor` for what is wrong"
    unseen = [looked] if act.verified is False else []
    if act.kind == "promotion":
        return [*unseen, f"- Back to version {act.left}: `muster rollback {model}`"] if act.left else unseen
    left = act.left or "that was left"
    again = f"`muster promote {model} --version {left}`"
    return [
        *unseen,
        f"- What version {left} answered, and what else would have been: `muster recall {model} --to FILE`",
        f"- Let Muster act on the model again: `muster unfreeze {model}`",
        f"- Version {left} is not offered again, unless it was not to blame and you say so: {again}",
    ]
