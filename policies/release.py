"""RELEASE: from what a gate answers to a version's next move: further, back, or wait. Pure."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Literal, TypeAlias

from policies.gate import Answer, GateAnswer
from policies.intents import Intent, IntentKind
from policies.objectives.wording import percent, span
from policies.pace import longest_shadow, next_step, overdue
from policies.policy import Automation, Policy
from policies.verdict import Verdict
from profiles.window import spelled

Stage: TypeAlias = Literal["shadow", "canary", "bake"]
MoveKind: TypeAlias = Literal["wait", "canary", "step", "promote", "reject", "roll_back", "end_bake"]

_KINDS: dict[MoveKind, IntentKind] = {
    "canary": "canary",
    "step": "step",
    "promote": "promote",
    "reject": "reject",
    "roll_back": "roll_back",
}


@dataclass(frozen=True)
class Contest:
    """A version that has to prove itself on the rows of another.

    In a bake `version` is the champion and `opponent` the one before it, else the challenger and the
    champion. It began at `began`, its present stage with these limits at `stage_began`. `weight` is the share
    of the requests that a canary answers, `until` the planned end of a bake. `nth` counts the challengers of
    the calendar month (UTC) in which it began, which share what a gate may err.
    """

    model: str
    version: str
    opponent: str
    stage: Stage
    began: datetime
    stage_began: datetime
    weight: float = 0.0
    until: datetime | None = None
    nth: int = 1


@dataclass(frozen=True)
class Circumstances:
    """What else a move depends on.

    `paused` is how long outages took since the contest began. `held` says why Muster may do nothing of
    itself, `outage` what is broken now, `baking` which version bakes, `budget` which error budget is spent.
    `compared` counts the labelled rows of the contest, `served` the rows that the canary answered at its
    present step. `matured`: the labels of all rows within the bake's time are in. `can_split`: the target can
    give a canary its share. `together` are the models that move together with this one. `rows_a_day` came
    before the contest began; None where nobody knows.
    """

    now: datetime
    paused: timedelta = timedelta(0)
    held: str | None = None
    outage: str | None = None
    baking: str | None = None
    budget: str | None = None
    compared: int = 0
    served: int = 0
    matured: bool = True
    can_split: bool = False
    together: tuple[str, ...] = ()
    rows_a_day: float | None = None


@dataclass(frozen=True)
class Move:
    """What is to happen with a version, as a sentence; `why` tells what speaks for it.

    `caution` says why Muster does not do it of itself although it is to act. `undecided` tells that a version
    is rejected because nothing was shown, neither that it is worse nor that it is not.
    """

    kind: MoveKind
    sentence: str
    why: str
    automation: Automation = "act"
    weight: float = 0.0
    caution: str | None = None
    undecided: bool = False


def spent_budget(verdict: Verdict | None) -> str | None:
    """Return the first objective of the newest verdict whose error budget is spent."""
    objectives = () if verdict is None else verdict.objectives
    return next(
        (each.objective for each in objectives if each.budget is not None and each.budget.spent), None
    )


def next_move(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    """Return the next move of a version that contends or bakes, by what its gate answers now.

    While there is an outage nothing moves. A frozen model moves only by persons.
    """
    if around.outage is not None:
        return _wait(f"clocks stand still while there is an outage: {around.outage}")
    if contest.stage == "bake":
        return _of_bake(contest, answer, policy, around)
    if around.held is not None:
        return _wait(f"{around.held}; {answer.reason}")
    return _of_challenge(contest, answer, policy, around)


def intent_of(move: Move, contest: Contest, revision: int) -> Intent | None:
    """Return the intent that a move is wanted by, or None for one that only waits or takes note.

    Its key names contest and revision: asked for again at the next look it is the same intent, and once who
    serves has changed, or a freeze has come and gone, it is another.
    """
    kind = _KINDS.get(move.kind)
    if kind is None:
        return None
    wished = {"act": "", "propose": "proposed: ", "observe": "observed: "}[move.automation]
    to = f" to {percent(move.weight)}" if move.weight else ""
    undecided = {"undecided": True} if move.undecided else {}
    return Intent(
        model=contest.model,
        key=f"{wished}{move.kind} {contest.version} over {contest.opponent}{to} at revision {revision}",
        kind=kind,
        sentence=move.sentence,
        content={
            "version": contest.version,
            "opponent": contest.opponent,
            "revision": revision,
            "weight": move.weight,
            "why": move.why,
            "caution": move.caution,
            **undecided,
        },
        automation=move.automation,
        queue="release",
    )


def _wait(why: str) -> Move:
    return Move("wait", "wait", why)


def _of_challenge(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    if answer.answer is Answer.ABORT:
        return _reject(contest, policy, answer.reason)
    advances = answer.answer is Answer.ADVANCE
    if contest.stage == "canary" and (advances or _was_shadow(contest, answer)):
        # What was decided in shadow only the proof takes back that it is worse.
        return _of_canary(contest, answer, policy, around)
    if advances:
        return _further(contest, answer, policy, around)
    passed = around.now - contest.began - around.paused
    late = overdue(answer, policy, passed, around.rows_a_day)
    if late is not None:
        return replace(_reject(contest, policy, late), undecided=True)
    return _biased(contest, answer, policy, around) if answer.refused else _wait(answer.reason)


def _was_shadow(contest: Contest, answer: GateAnswer) -> bool:
    """Say whether a gate let a canary go on before it answered anybody; no person began with it."""
    return contest.stage_began > contest.began and not answer.refused


def _of_canary(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    """Return the next move of a version that answers a share: what counts is that it answers."""
    canary, passed = policy.remediation.canary, around.now - contest.stage_began - around.paused
    if around.served == 0 and passed >= longest_shadow(policy):
        why = f"it answered none of its {percent(contest.weight)} within {spelled(longest_shadow(policy))}"
        return replace(_reject(contest, policy, why), undecided=True)
    if around.served < canary.rows and (passed < canary.longest or around.served == 0):
        wanted = f"{canary.rows:,} are wanted, or those of {spelled(canary.longest)}"
        said = f"{around.served:,} rows answered at {percent(contest.weight)}, {wanted}"
        return _wait(f"{said}; {answer.reason}")
    return _further(contest, answer, policy, around)


def _of_bake(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    if answer.answer is Answer.ABORT:
        if around.held is not None:
            return _wait(f"{around.held}; yet {answer.reason}")
        caution = _together(policy, around)
        if caution is None and not policy.remediation.bake.rollback:
            caution = "the policy leaves rollbacks in the bake to persons"
        said = f"roll back from version {contest.version} to version {contest.opponent}"
        return Move("roll_back", said, answer.reason, *_careful(policy, caution))
    end = (contest.until or contest.stage_began) + around.paused
    if around.now < end:
        return _wait(f"bakes until {end:%Y-%m-%d %H:%M} UTC; {answer.reason}")
    if answer.answer is Answer.ADVANCE or around.matured:
        return Move("end_bake", f"end the bake of version {contest.version}", answer.reason)
    return _wait(f"bakes until the labels of its time are in; {answer.reason}")


def _reject(contest: Contest, policy: Policy, why: str) -> Move:
    # Back to who serves anyway: that needs nobody's approval.
    automation: Automation = "observe" if policy.automation == "observe" else "act"
    return Move("reject", f"reject version {contest.version}", why, automation)


def _biased(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    least = policy.remediation.gate.minimum_rows
    if around.compared < least:
        return _wait(f"blind: {around.compared} rows with labels, needs {least}")
    return _promote(contest, answer.reason, policy, answer.reason)


def _further(contest: Contest, answer: GateAnswer, policy: Policy, around: Circumstances) -> Move:
    if around.baking is not None:
        return _wait(f"version {around.baking} bakes still; {answer.reason}")
    if (freeze := _change_freeze(policy, around.now.date())) is not None:
        return _wait(f"{freeze}; {answer.reason}")
    caution = _together(policy, around) or _budget(around) or _foreign(policy)
    splits = around.can_split or contest.stage == "canary"
    share = next_step(contest.weight, policy, around.rows_a_day) if splits else None
    if share is None:
        return _promote(contest, answer.reason, policy, caution)
    kind: MoveKind = "canary" if contest.stage == "shadow" else "step"
    said = f"let version {contest.version} answer {percent(share)} of the requests"
    automation, weight, told = _careful(policy, caution, share)
    return Move(kind, said, answer.reason, automation, weight, told)


def _promote(contest: Contest, why: str, policy: Policy, caution: str | None) -> Move:
    said = f"promote version {contest.version} over version {contest.opponent}"
    return Move("promote", said, why, *_careful(policy, caution))


def _careful(
    policy: Policy, caution: str | None, weight: float = 0.0
) -> tuple[Automation, float, str | None]:
    """Return how far Muster goes by itself: what speaks against acting makes a proposal of it."""
    if policy.automation != "act" or caution is None:
        return policy.automation, weight, caution
    return "propose", weight, caution


def _together(policy: Policy, around: Circumstances) -> str | None:
    others = around.together or policy.remediation.rolls_with
    return f"{policy.model} moves together with {', '.join(others)} or not at all" if others else None


def _budget(around: Circumstances) -> str | None:
    return None if around.budget is None else f"the error budget of {around.budget} is spent"


def _foreign(policy: Policy) -> str | None:
    if policy.authority == "muster":
        return None
    return "authority is external: your own delivery moves the alias"


def _change_freeze(policy: Policy, day: date) -> str | None:
    for each in policy.remediation.change_freezes:
        if each.first <= day <= each.last:
            return f"changes are frozen from {each.first} to {each.last}"
    return None


def in_words(move: Move) -> str:
    """Say a move with what speaks for and against it."""
    against = f" ({move.caution})" if move.caution else ""
    return f"{move.sentence}{against}: {move.why}"


def ahead(answer: GateAnswer) -> str | None:
    """Say how much longer a gate needs if it stays so: `about 600 more rows, 5d`; None where unknown."""
    if answer.expected_rows is None:
        return None
    time = "" if answer.expected_time is None else f", {span(answer.expected_time)}"
    return f"about {answer.expected_rows:,} more rows{time}"
