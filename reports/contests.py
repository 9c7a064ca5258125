"""How a version stands that has to prove itself, in few words."""

from policies.gate import Answer, GateAnswer
from policies.release import Contest, ahead


def contest_said(contest: Contest, answer: GateAnswer, rows: int) -> str:
    """Say version, stage, rows and what the gate says or still needs: `version 7 in shadow: 43 rows, ...`."""
    where = {"shadow": "in shadow", "canary": f"as canary at {contest.weight:.0%}", "bake": "bakes"}
    said = {Answer.ADVANCE: "no worse", Answer.ABORT: "worse"}.get(answer.answer) or ahead(answer)
    told = [f"{rows:,} labelled rows", *([said] if said else ["undecided"])]
    return f"version {contest.version} {where[contest.stage]}: {', '.join(told)}"
