"""From drift to recovery and back, day by day: retrained, shadowed, promoted, baked, rolled back, refused."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.respond import retrainings_of
from flows.shadow import standings
from policies.remediation import Bake, Canary, Remediation, Retrain, Shadow
from policies.respond import STOPS_CLOCKS
from registry.moves import Unchanged, Wish, freeze, reject, start_canary
from tests.fakes import DAY
from tests.flows.loop import ANN, MODEL, MUSTER, Loop, acting


def rises(day: int) -> Callable[[Any], Any]:
    """From the third day on everything costs 3 more."""
    return lambda x: 10 * x + (3 if day >= 2 else 0)


@pytest.fixture
def begun(tmp_path: Path) -> Iterator[Callable[..., Loop]]:
    opened: list[Loop] = []

    def begin(**how: Any) -> Loop:
        opened.append(Loop(tmp_path / str(len(opened)), **how))
        return opened[-1]

    yield begin
    for loop in opened:
        loop.ledger.close()


def better(x: Any) -> Any:
    return 10 * x + 3


def test_a_drifted_model_is_retrained_shadowed_promoted_and_recovers(begun: Callable[..., Loop]) -> None:
    loop = begun(truth=rises, fitted={"2": better})
    loop.days(24)
    assert loop.told == ["adopted", "shadowed", "promoted", "baked"]
    assignment = loop.ledger.assignment(MODEL)
    assert assignment is not None
    assert (assignment.champion, assignment.previous, assignment.bake_until) == ("2", "1", None)
    assert [key for key, _ in loop.intents("retrain")] == ["retrain for performance@2026-03-03T00:00Z"]
    scores = {
        each.reading.window.start.day: each.reading.scores["mae"].value
        for each in loop.ledger.windows(MODEL)
        if each.reading.scores
    }
    assert scores[4] > 2.5
    assert scores[20] < 1.0
    assert loop.ledger.verify().sound
    # the champion's logged answers stand where it served: nobody is asked again for them
    first = next(each for _, each in loop.looks)
    assert (first.contest.version, first.contest.opponent, first.contest.nth) == ("2", "1", 1)


def test_what_is_carried_out_twice_leaves_the_same(begun: Callable[..., Loop]) -> None:
    loop = begun(truth=rises, fitted={"2": better})
    loop.days(20)
    once = loop.ledger.content()
    loop.watch()
    loop.watch()
    assert loop.ledger.content() == once


def test_a_worse_challenger_is_rejected(begun: Callable[..., Loop]) -> None:
    loop = begun(truth=rises, fitted={"2": lambda x: 10 * x - 3})
    loop.days(16)
    assert loop.told[:3] == ["adopted", "shadowed", "rejected"]
    assert loop.ledger.assignment(MODEL).champion == "1"  # type: ignore[union-attr]
    assert "promote" not in {each.intent.kind for each in loop.ledger.intents(MODEL)}


def test_a_target_that_can_split_ramps_before_it_promotes(begun: Callable[..., Loop]) -> None:
    keys = Remediation(canary=Canary(steps=(0.1, 0.5), rows=20), bake=Bake(lasts=2 * DAY))
    traffic = replace(acting().traffic, version="by")
    loop = begun(truth=rises, split=True, policy=acting(traffic=traffic, remediation=keys))
    loop.days(4)
    loop.offer("2", better)
    loop.days(22)
    assert loop.told == ["adopted", "shadowed", "canaried", "stepped", "promoted", "baked"]
    weights = [each.after.weight for each in loop.ledger.transitions(MODEL)]
    assert weights == [0.0, 0.0, 0.1, 0.5, 0.0, 0.0]
    # what a version answered itself is taken from the log
    contests = [each.contest for _, each in loop.looks]
    assert {each.stage for each in contests} == {"shadow", "canary", "bake"}


def test_a_window_of_a_canary_is_judged_as_the_champions_however_many_rows_it_answered(
    begun: Callable[..., Loop],
) -> None:
    traffic = replace(acting().traffic, version="by")
    keys = Remediation(canary=Canary(rows=10_000))
    loop = begun(split=True, policy=acting(traffic=traffic, remediation=keys))
    loop.days(3)
    loop.register("2", lambda x: 10 * x)
    loop.ledger.move(
        start_canary(loop.ledger.standing(MODEL), "2", 0.8, Wish("ramp", ANN, "new")), loop.now.clock()
    )
    loop.days(6)
    assert {each.reading.version for each in loop.ledger.windows(MODEL)} == {"1"}


def test_retraining_that_does_not_help_is_given_up(begun: Callable[..., Loop]) -> None:
    keys = Retrain(cooldown=2 * DAY, per_month=30, give_up_after=2)
    loop = begun(truth=rises, policy=acting(remediation=Remediation(retrain=keys)))
    loop.days(20)
    assert [status for _, status in loop.intents("retrain")] == ["done", "done"]


def test_a_bad_promotion_is_rolled_back_in_its_bake(begun: Callable[..., Loop]) -> None:
    loop = begun()
    loop.days(3)
    loop.register("2", lambda x: 10 * x - 5)
    loop.promote("2")
    loop.days(12)
    assert loop.told == ["adopted", "promoted", "rolled_back"]
    assignment = loop.ledger.assignment(MODEL)
    assert assignment is not None
    assert (assignment.champion, assignment.frozen_by) == ("1", "muster")
    (rolled,) = loop.ledger.intents(MODEL, ("roll_back",))
    assert "higher than the previous champion's" in str(rolled.intent.content["why"])
    assert loop.ledger.verify().sound


def test_a_world_that_turns_bad_in_a_bake_rolls_nothing_back(begun: Callable[..., Loop]) -> None:
    loop = begun(truth=lambda day: lambda x: 10 * x + (6 if day >= 4 else 0))
    loop.days(3)
    loop.register("2", lambda x: 10 * x + 0.01)
    loop.promote("2")
    loop.days(16)
    assert "rolled_back" not in loop.told
    assert loop.intents("roll_back") == []


def test_an_outage_in_a_bake_moves_nothing_and_stops_its_clock(begun: Callable[..., Loop]) -> None:
    loop = begun(gone=frozenset({5, 6, 7}))
    loop.days(3)
    loop.register("2", lambda x: 10 * x)
    loop.promote("2")
    loop.days(12)
    assert loop.told == ["adopted", "promoted"]
    assert loop.intents("retrain", "roll_back", "promote") == []
    ((_, move),) = [
        (each.contest, each.move) for each in standings(loop.policy, loop.ledger, loop.now.clock())
    ]
    assert move.kind == "wait"
    loop.days(14)
    assert loop.told == ["adopted", "promoted", "baked"]
    baked = loop.ledger.transitions(MODEL)[-1]
    promoted = loop.ledger.transitions(MODEL)[1]
    assert baked.at - promoted.at >= 10 * DAY


def blind(guess: float) -> Callable[[Any], Any]:
    """Answer 10 x, and a guess where x is missing."""
    return lambda x: np.where(np.isnan(x), guess, 10 * x)


def test_an_outage_that_makes_the_new_version_look_bad_moves_nothing_either(
    begun: Callable[..., Loop],
) -> None:
    """Without its input the new version is far worse than the old one, in every label that comes."""
    loop = begun(spoilt=frozenset({5, 6, 7}), answers={"1": blind(0)})
    loop.days(3)
    loop.register("2", blind(500))
    loop.promote("2")
    loop.days(16)
    judged = {each.reading.window.start.day: each for each in loop.ledger.windows(MODEL)}
    lost = [judged[day].reading.scores["mae"].value for day in (6, 7, 8)]
    assert min(lost) > 100 * judged[5].reading.scores["mae"].value
    diagnoses = [judged[day].verdict.diagnosis for day in (6, 7, 8)]
    assert {each.cause for each in diagnoses if each is not None} <= set(STOPS_CLOCKS)
    assert loop.told == ["adopted", "promoted", "baked"]
    assert loop.intents("retrain", "roll_back", "promote", "reject") == []


@pytest.mark.parametrize("automation", ["observe", "propose"])
def test_who_may_not_act_only_says_what_it_would_do(begun: Callable[..., Loop], automation: Any) -> None:
    loop = begun(truth=rises, policy=acting(automation=automation))
    loop.days(9)
    status = "observed" if automation == "observe" else "proposed"
    assert [each for _, each in loop.intents("retrain")] == [status]
    loop.offer("2", better)
    loop.days(16)
    assert loop.told == ["adopted", "shadowed"]
    assert loop.intents("promote")[0][1] == status


def test_a_frozen_model_is_compared_and_not_moved(begun: Callable[..., Loop]) -> None:
    loop = begun(truth=rises)
    loop.days(4)
    loop.offer("2", better)
    request = freeze(loop.ledger.standing(MODEL), Wish("stop", ANN, "a sale"))
    loop.ledger.move(request, loop.now.clock())  # type: ignore[arg-type]
    loop.days(14)
    assert loop.told == ["adopted", "shadowed", "frozen"]
    assert loop.intents("promote", "retrain") == []
    (followed,) = standings(loop.policy, loop.ledger, loop.now.clock())
    assert followed.answer.answer == "advance"
    assert "frozen" in followed.sentence


def test_without_a_decision_a_challenger_leaves_after_the_longest_time(begun: Callable[..., Loop]) -> None:
    limits = Remediation(shadow=Shadow(longest=4 * DAY))
    loop = begun(policy=acting(labels=None, performance=None, remediation=limits))
    loop.days(2)
    loop.offer("2", better)
    loop.days(5)
    assert loop.told == ["adopted", "shadowed"]
    loop.days(6)
    assert loop.told == ["adopted", "shadowed", "rejected"]
    assert "undecided after 4d" in loop.ledger.transitions(MODEL)[-1].reason


def test_what_was_left_undecided_says_nothing_of_whether_retraining_helps(begun: Callable[..., Loop]) -> None:
    limits = Remediation(shadow=Shadow(longest=4 * DAY))
    loop = begun(truth=rises, fitted={"2": better}, policy=acting(remediation=limits))
    while "shadowed" not in loop.told:
        loop.days(loop.day + 1)
    standing = loop.ledger.standing(MODEL)
    (asked,) = retrainings_of(standing, loop.now)
    assert (asked.helped, asked.settled) == (None, None)
    now, wish = loop.now.clock(), Wish("away", MUSTER, "undecided", {"undecided": True})
    request = reject(standing, wish)
    assert not isinstance(request, Unchanged)
    loop.ledger.move(request, now, then=lambda _: ())
    (asked,) = retrainings_of(loop.ledger.standing(MODEL), loop.now)
    assert (asked.helped, asked.settled) == (None, now)
