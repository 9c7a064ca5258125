"""Under observe nothing is done; what would have been done is graded once its time has come."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.grading import grade_observed
from policies.load import Fleet
from policies.remediation import Canary, Remediation
from registry import moves
from registry.records import TransitionRequest
from reports.observed import observed_lines, observed_of
from tests.fakes import loaded
from tests.flows.loop import ANN, MODEL, Loop, acting


@pytest.fixture
def loop(tmp_path: Path) -> Iterator[Loop]:
    """From the third day on everything costs 3 more, and Muster only observes."""
    policy = acting(automation="observe", remediation=Remediation(canary=Canary(steps=())))
    made = Loop(tmp_path, policy=policy, truth=lambda day: lambda x: 10 * x + (3 if day >= 2 else 0))
    yield made
    made.ledger.close()


def graded(loop: Loop) -> dict[str, str]:
    grade_observed(Fleet((loaded(loop.policy),), ()), loop.now)
    return {each.intent: each.sentence for each in loop.ledger.grades(MODEL)}


def test_a_retraining_that_was_not_made_is_graded_by_what_the_champion_lost(loop: Loop) -> None:
    loop.days(10)
    assert graded(loop) == {}
    asked = [key for key, status in loop.intents("retrain") if status == "observed"]
    assert asked == ["retrain for performance@2026-03-03T00:00Z"]
    assert "not graded yet" in observed_lines(loop.ledger.intents(MODEL), (), 5)[0]
    loop.days(18)
    (said,) = [graded(loop)[key] for key in asked]
    assert said.startswith("would have gained at most 1.96 mae per row")
    grade = loop.ledger.grades(MODEL)[0]
    assert (grade.measure, grade.windows, grade.loss) == ("beyond_baseline", 7, "mae")
    before = loop.ledger.content()
    assert len(graded(loop)) == 1
    assert loop.ledger.content() == before
    assert loop.ledger.verify().sound
    window = next(w for w in loop.ledger.windows(MODEL) if w.reading.window.start >= grade.since)
    asking = loop.ledger.windows(MODEL)[2].reading.window
    for each in (window.reading.window, asking):
        (line,) = observed_of(each, loop.ledger.intents(MODEL), loop.ledger.grades(MODEL))
        assert "Muster would make a challenger" in line
        assert said in line


def test_a_promotion_that_was_not_made_is_graded_on_the_same_rows(loop: Loop) -> None:
    loop.days(4)
    loop.offer("2", lambda x: 10 * x + 3)
    loop.days(26)
    found = {key: said for key, said in graded(loop).items() if "promote" in key}
    assert list(found) == ["observed: promote 2 over 1 at revision 2"]
    (said,) = found.values()
    assert said.startswith("would have gained 2")
    assert "absolute_error per row" in said
    assert loop.told == ["adopted", "shadowed"]


def test_a_rollback_that_was_not_made_is_graded_on_the_same_rows(loop: Loop) -> None:
    loop.days(4)
    loop.register("2", lambda x: 10 * x + 9)
    request = moves.promote(
        loop.ledger.standing(MODEL),
        "2",
        moves.Wish("by hand", ANN, "better?"),
        bake_until=loop.now.clock() + loop.policy.remediation.bake.lasts,
    )
    assert isinstance(request, TransitionRequest)
    loop.ledger.move(request, loop.now.clock())
    loop.days(20)
    found = {key: said for key, said in graded(loop).items() if "roll_back" in key}
    (said,) = found.values()
    assert said.startswith("would have gained 2.2 absolute_error per row")  # of 3, but losses are clipped
    assert loop.told == ["adopted", "promoted"]
