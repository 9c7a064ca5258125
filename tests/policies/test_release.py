"""From a gate's answer to a move: further only by the rules, back only for what the version causes."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.gate import Answer, Gate, GateAnswer
from policies.gate_evidence import Evidence
from policies.pace import gate_of, longest_shadow
from policies.release import (
    Circumstances,
    Contest,
    Move,
    ahead,
    in_words,
    intent_of,
    next_move,
    spent_budget,
)
from policies.remediation import Bake, Canary, ChangeFreeze, GateLimits, Remediation, Shadow
from policies.verdict import ObjectiveVerdict, Status, Verdict
from profiles.window import Cadence
from tests.policies.readings import DAY, POLICY, START, WINDOW
from tests.policies.test_respond import burning

NOW = START + 10 * DAY
CHALLENGE = Contest(POLICY.model, "4", "3", "shadow", START, START)
CANARY = replace(CHALLENGE, stage="canary", weight=0.1, stage_began=START + 5 * DAY)
BAKE = Contest(POLICY.model, "4", "3", "bake", START, START, until=START + 7 * DAY)
ACT = replace(POLICY, automation="act", authority="muster")
ADVANCE = GateAnswer(Answer.ADVANCE, "no worse", 0.05)
HOLD = GateAnswer(Answer.HOLD, "undecided", 0.05, expected_rows=600, expected_time=5 * DAY)
ABORT = GateAnswer(Answer.ABORT, "worse", 0.05)
REFUSED = GateAnswer(Answer.HOLD, "refused: biased", 0.05, refused=True)


def moved(contest: Contest, answer: GateAnswer, policy: Any = ACT, now: Any = NOW, **around: Any) -> Move:
    return next_move(contest, answer, policy, Circumstances(now=now, **around))


def remedy(policy: Any = ACT, **changes: Any) -> Any:
    return replace(policy, remediation=Remediation(**changes))


@pytest.mark.parametrize(
    ("contest", "answer", "around", "kind", "weight"),
    [
        (CHALLENGE, ADVANCE, {}, "promote", 0.0),
        (CHALLENGE, ADVANCE, {"can_split": True}, "canary", 0.1),
        (CHALLENGE, HOLD, {}, "wait", 0.0),
        (CHALLENGE, ABORT, {}, "reject", 0.0),
        (CHALLENGE, HOLD, {"now": START + 90 * DAY}, "reject", 0.0),
        (CHALLENGE, ADVANCE, {"now": START + 90 * DAY}, "promote", 0.0),
        (CHALLENGE, HOLD, {"now": START + 90 * DAY, "paused": DAY}, "wait", 0.0),
        (CHALLENGE, ADVANCE, {"baking": "3"}, "wait", 0.0),
        (CHALLENGE, ADVANCE, {"held": "frozen by ann"}, "wait", 0.0),
        (CHALLENGE, ABORT, {"held": "frozen by ann"}, "wait", 0.0),
        (CHALLENGE, ADVANCE, {"outage": "no rows"}, "wait", 0.0),
        (CANARY, ADVANCE, {"can_split": True, "served": 499}, "wait", 0.0),
        (CANARY, ADVANCE, {"can_split": True, "served": 500}, "step", 0.5),
        (CANARY, HOLD, {"can_split": True, "served": 500}, "step", 0.5),
        (replace(CANARY, stage_began=START), HOLD, {"can_split": True, "served": 500}, "wait", 0.0),
        (replace(CANARY, stage_began=START), ADVANCE, {"can_split": True, "served": 500}, "step", 0.5),
        (CANARY, HOLD, {"now": START + 11 * DAY, "served": 499}, "wait", 0.0),
        (CANARY, HOLD, {"now": START + 12 * DAY, "served": 1}, "step", 0.5),
        (CANARY, HOLD, {"now": START + 12 * DAY, "served": 1, "paused": DAY}, "wait", 0.0),
        (CANARY, HOLD, {"now": START + 94 * DAY, "served": 0}, "wait", 0.0),
        (CANARY, HOLD, {"now": START + 95 * DAY, "served": 0}, "reject", 0.0),
        (CANARY, ADVANCE, {"now": START + 200 * DAY, "served": 1}, "step", 0.5),
        (replace(CANARY, weight=0.5), ADVANCE, {"can_split": True, "served": 500}, "promote", 0.0),
        (CANARY, ABORT, {}, "reject", 0.0),
        (BAKE, HOLD, {}, "end_bake", 0.0),
        (BAKE, HOLD, {"matured": False}, "wait", 0.0),
        (BAKE, ADVANCE, {"matured": False}, "end_bake", 0.0),
        (BAKE, ADVANCE, {"now": START + 6 * DAY}, "wait", 0.0),
        (BAKE, ADVANCE, {"paused": 4 * DAY}, "wait", 0.0),
        (BAKE, ABORT, {}, "roll_back", 0.0),
        (BAKE, ABORT, {"now": START + DAY}, "roll_back", 0.0),
        (BAKE, ABORT, {"outage": "no rows"}, "wait", 0.0),
        (BAKE, ABORT, {"held": "frozen by ann"}, "wait", 0.0),
    ],
)
def test_the_next_move_follows_the_answer(
    contest: Contest, answer: GateAnswer, around: dict[str, Any], kind: str, weight: float
) -> None:
    move = moved(contest, answer, **around)
    assert (move.kind, move.weight) == (kind, weight)
    assert move.automation == "act"


@pytest.mark.parametrize(
    ("policy", "around", "caution"),
    [
        (remedy(rolls_with=("pricing.van",)), {}, "moves together with pricing.van"),
        (ACT, {"budget": "drift"}, "the error budget of drift is spent"),
        (replace(ACT, authority="external"), {}, "your own delivery moves the alias"),
    ],
)
def test_what_speaks_against_acting_makes_a_proposal(
    policy: Any, around: dict[str, Any], caution: str
) -> None:
    for split in (True, False):
        move = moved(CHALLENGE, ADVANCE, policy, can_split=split, **around)
        assert move.automation == "propose"
        assert caution in in_words(move)


@pytest.mark.parametrize(
    ("automation", "promotes", "rejects"),
    [("observe", "observe", "observe"), ("propose", "propose", "act"), ("act", "act", "act")],
)
def test_the_policy_says_who_moves(automation: Any, promotes: str, rejects: str) -> None:
    policy = replace(ACT, automation=automation)
    assert moved(CHALLENGE, ADVANCE, policy, budget=None).automation == promotes
    assert moved(CHALLENGE, ABORT, policy).automation == rejects
    assert moved(BAKE, ABORT, policy).automation == promotes
    tightened = moved(CHALLENGE, ADVANCE, policy, budget="drift").automation
    assert tightened == ("propose" if automation == "act" else automation)


def test_a_rollback_is_left_to_persons_where_the_policy_says_so() -> None:
    for policy in (remedy(bake=Bake(rollback=False)), remedy(rolls_with=("pricing.van",))):
        assert moved(BAKE, ABORT, policy).automation == "propose"
    # neither a spent budget nor a foreign authority keeps a bad version
    assert moved(BAKE, ABORT, replace(ACT, authority="external"), budget="drift").automation == "act"


def test_nothing_is_promoted_in_a_change_freeze_and_rollbacks_go_on() -> None:
    policy = remedy(change_freezes=(ChangeFreeze(NOW.date(), NOW.date()),))
    move = moved(CHALLENGE, ADVANCE, policy)
    assert (move.kind, "changes are frozen from" in move.why) == ("wait", True)
    assert moved(CHALLENGE, ADVANCE, policy, now=NOW + DAY).kind == "promote"
    assert moved(BAKE, ABORT, policy).kind == "roll_back"
    other = remedy(change_freezes=(ChangeFreeze(date(2000, 1, 1), date(2000, 1, 2)),))
    assert moved(CHALLENGE, ADVANCE, other).kind == "promote"


def test_labels_for_some_decisions_only_leave_it_to_a_person() -> None:
    assert moved(CHALLENGE, REFUSED, compared=99).kind == "wait"
    move = moved(CHALLENGE, REFUSED, compared=100)
    assert (move.kind, move.automation) == ("promote", "propose")
    assert "biased" in in_words(move)
    assert moved(CHALLENGE, REFUSED, replace(ACT, automation="observe"), compared=100).automation == "observe"


def test_without_steps_there_is_no_canary() -> None:
    policy = remedy(canary=Canary(steps=()))
    assert moved(CHALLENGE, ADVANCE, policy, can_split=True).kind == "promote"


@pytest.mark.parametrize(
    ("rows_a_day", "kind", "weight"),
    [
        (None, "canary", 0.1),
        (715, "canary", 0.1),
        (714, "canary", 0.5),
        (143, "canary", 0.5),
        (142, "promote", 0),
    ],
)
def test_steps_that_would_not_see_their_rows_in_time_are_left_out(
    rows_a_day: float | None, kind: str, weight: float
) -> None:
    move = moved(CHALLENGE, ADVANCE, can_split=True, rows_a_day=rows_a_day)
    assert (move.kind, move.weight) == (kind, weight)


@pytest.mark.parametrize(
    ("rows_a_day", "sharpest"), [(None, 2_000), (1_000.0, 2_000), (24.0, 336), (1.0, 100), (0.0, 100)]
)
def test_a_gate_is_sharpest_after_two_weeks_where_rows_are_few(
    rows_a_day: float | None, sharpest: int
) -> None:
    assert gate_of(ACT, rows_a_day).tightest_at == sharpest


EVIDENCE = Evidence(1.0, 1.0, -0.1, 0.1, 0.02, False, rows=400, blocks=400, rows_to_tell=None)


@pytest.mark.parametrize(
    ("answer", "days", "kind"),
    [
        # 400 rows in 10 days, and 3,200 in all take the 80 that are left
        (replace(HOLD, evidence=EVIDENCE, expected_rows=3_200), 10, "wait"),
        (replace(HOLD, evidence=EVIDENCE, expected_rows=3_201), 10, "reject"),
        (replace(HOLD, evidence=EVIDENCE, expected_rows=None), 10, "reject"),
        # too few rows to look ahead from
        (replace(HOLD, evidence=replace(EVIDENCE, rows=335), expected_rows=None), 10, "wait"),
        (replace(HOLD, evidence=None), 10, "wait"),
    ],
)
def test_what_will_not_be_decided_in_time_frees_the_place(answer: GateAnswer, days: int, kind: str) -> None:
    move = moved(CHALLENGE, answer, now=START + days * DAY, rows_a_day=24.0)
    assert (move.kind, move.undecided) == (kind, kind == "reject")
    intent = intent_of(move, CHALLENGE, 3)
    if intent is not None:
        assert intent.content["undecided"] is True
        assert "not to be decided within 90d" in str(intent.content["why"])


def test_a_lost_contest_is_not_undecided() -> None:
    intent = intent_of(moved(CHALLENGE, ABORT), CHALLENGE, 3)
    assert intent is not None
    assert "undecided" not in intent.content


def test_no_challenger_is_rejected_for_time_before_its_third_matured_window() -> None:
    monthly = replace(ACT, cadence=Cadence("1mo"))
    assert longest_shadow(ACT) == 90 * DAY
    waits = timedelta(0) if ACT.labels is None else ACT.labels.arrives_within
    assert longest_shadow(monthly) == 3 * monthly.cadence.length + waits
    assert moved(CHALLENGE, HOLD, monthly, now=START + 90 * DAY).kind == "wait"


def test_the_limits_of_the_policy_make_the_gate() -> None:
    policy = remedy(gate=GateLimits(0.05, 0.1, 300), shadow=Shadow(9 * DAY))
    policy = replace(policy, labels=None)
    assert gate_of(policy) == Gate(margin=0.05, alpha=0.1, minimum_rows=300, longest=None)
    assert "undecided after 9d" in moved(CHALLENGE, HOLD, policy).why


def test_an_intent_is_the_same_until_who_serves_changes() -> None:
    move = moved(CHALLENGE, ADVANCE)
    one, same, other = (intent_of(move, CHALLENGE, revision) for revision in (3, 3, 4))
    assert one is not None
    assert one == same
    assert one != other
    assert (one.kind, one.key, one.automation) == ("promote", "promote 4 over 3 at revision 3", "act")
    assert one.content["version"] == "4"
    proposed = intent_of(moved(CHALLENGE, ADVANCE, budget="drift"), CHALLENGE, 3)
    assert proposed is not None
    assert proposed.key == "proposed: promote 4 over 3 at revision 3"
    assert intent_of(moved(CHALLENGE, HOLD), CHALLENGE, 3) is None
    assert intent_of(moved(BAKE, HOLD), BAKE, 3) is None


def test_the_spent_budget_of_a_verdict_is_named() -> None:
    fine = ObjectiveVerdict("volume", Status.MET, "fine")
    spent = Verdict(POLICY.model, WINDOW, Status.BREACHED, None, (fine, burning("drift")))
    assert spent_budget(spent) == "drift"
    assert spent_budget(replace(spent, objectives=(fine,))) is None
    assert spent_budget(None) is None


def test_what_lies_ahead_is_said() -> None:
    assert ahead(HOLD) == "about 600 more rows, 5d"
    assert ahead(ADVANCE) is None


circumstances = st.builds(
    Circumstances,
    now=st.integers(0, 200).map(lambda days: START + days * DAY),
    paused=st.integers(0, 50).map(lambda days: timedelta(days=days)),
    held=st.sampled_from([None, "frozen by ann"]),
    outage=st.sampled_from([None, "no rows"]),
    baking=st.sampled_from([None, "3"]),
    budget=st.sampled_from([None, "drift"]),
    compared=st.integers(0, 1000),
    served=st.integers(0, 1000),
    matured=st.booleans(),
    can_split=st.booleans(),
)


@given(
    contest=st.sampled_from([CHALLENGE, CANARY, BAKE]),
    answer=st.sampled_from([ADVANCE, HOLD, ABORT, REFUSED]),
    around=circumstances,
    automation=st.sampled_from(["observe", "propose", "act"]),
)
def test_an_outage_and_a_freeze_move_nothing_and_only_a_proof_moves_forward(
    contest: Contest, answer: GateAnswer, around: Circumstances, automation: Any
) -> None:
    policy = replace(ACT, automation=automation)
    move = next_move(contest, answer, policy, around)
    if around.outage is not None:
        assert move.kind == "wait"
    if around.held is not None:
        assert move.kind in {"wait", "end_bake"}
    if move.kind in {"canary", "step", "promote"} and move.automation == "act":
        # A canary proved itself in shadow, before it answered anybody.
        assert answer is ADVANCE or (answer is HOLD and contest.stage == "canary")
        assert around.budget is None
        assert around.baking is None
    if move.kind == "roll_back":
        assert (contest.stage, answer) == ("bake", ABORT)
    if automation == "observe" and move.kind not in {"wait", "end_bake"}:
        assert move.automation == "observe"
