"""What an observed act would have gained: arithmetic on what came after it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from policies.grading import Grade, grade_move, grade_retraining, is_ripe, measured_on, ripens
from policies.intents import Intent, IntentKind
from policies.remediation import Bake, Remediation
from profiles.paired import Block, PairedLosses
from profiles.reading import Arrivals, BaselineRef, Labels, Reading, Score
from profiles.window import Cadence, Window
from tests.fakes import DAY, START, policy

SPAN = Window(START, START + 7 * DAY)


def intent(kind: IntentKind, **content: Any) -> Intent:
    return Intent(
        "shop.prices", f"observed: {kind}", kind, kind, {"version": "2", "opponent": "1", **content}
    )


def paired(day: int, champion: float, challenger: float, rows: int = 10) -> PairedLosses:
    """One window in which so much was lost per row by either."""
    block = Block(START + day * DAY, rows, float(rows), rows * champion, rows * challenger)
    return PairedLosses("absolute_error", 9.0, (block,))


def reading(day: int, mae: float | None = None, before: float = 1.0, **changes: Any) -> Reading:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    made = Reading(
        model="shop.prices",
        window=window,
        version="1",
        arrivals=Arrivals(10, window.start, window.start, timedelta(0), window.start),
        profile=None,
        baseline=BaselineRef("default", "sha256:0", 100, scores={"mae": before, "r2": 0.9}),
        labels=Labels(10, 1.0, mature=True),
        scores={} if mae is None else {"mae": Score(mae, 10), "r2": Score(0.5, 10)},
    )
    return replace(made, **changes)


# Version 1 loses 2 per row, version 2 loses 1.5 on the first and 1 on the second, twice as long window.
@pytest.mark.parametrize(
    ("asked", "gained", "lost"),
    [
        (intent("promote", weight=0.0), 2 - 35 / 30, 2.0),
        (intent("canary", weight=0.1), 0.1 * (2 - 35 / 30), 2.0),
        (intent("roll_back", weight=0.0), 35 / 30 - 2, 35 / 30),
    ],
)
def test_a_move_is_graded_by_what_both_lost_on_the_same_rows(
    asked: Intent, gained: float, lost: float
) -> None:
    found = grade_move(asked, SPAN, [paired(0, 2.0, 1.5), paired(1, 2.0, 1.0, rows=20)], "absolute_error")
    assert found.gained == pytest.approx(gained)
    assert found.lost == pytest.approx(lost)
    assert (found.rows, found.windows, found.since, found.until) == (30, 2, SPAN.start, SPAN.end)


def test_a_retraining_is_graded_by_what_was_lost_beyond_the_baseline() -> None:
    days = [reading(0, 1.5), reading(1, 2.0, before=1.2), reading(2), replace(reading(3, 9.0), baseline=None)]
    found = grade_retraining(intent("retrain"), SPAN, days, "mae")
    assert found.gained == pytest.approx(1.75 - 1.1)
    assert found.lost == pytest.approx(1.75)
    assert (found.rows, found.windows) == (20, 2)
    higher_is_better = grade_retraining(intent("retrain"), SPAN, days, "r2")
    assert higher_is_better.gained == pytest.approx(0.4)
    assert higher_is_better.lost is None


def test_without_a_comparable_row_nothing_is_claimed() -> None:
    for found in (
        grade_move(intent("promote"), SPAN, [], "absolute_error"),
        grade_retraining(intent("retrain"), SPAN, [reading(0)], "mae"),
        grade_retraining(intent("retrain"), SPAN, [reading(0, 2.0)], None),
    ):
        assert found.gained is None
        assert found.sentence == "cannot be graded: no labelled row after it could be compared"


@pytest.mark.parametrize(
    ("measure", "gained", "said"),
    [
        ("paired_losses", 0.5, "would have gained 0.5 mae per row (25 % of what was lost), by 30 labelled"),
        ("paired_losses", -0.5, "would have cost 0.5 mae per row"),
        ("beyond_baseline", 0.5, "would have gained at most 0.5 mae per row"),
        ("beyond_baseline", -0.5, "would have gained nothing"),
    ],
)
def test_a_grade_is_a_sentence(measure: Any, gained: float, said: str) -> None:
    grade = Grade("m", "i", measure, SPAN.start, SPAN.end, "mae", 3, 30, gained, 2.0)
    assert grade.sentence.startswith(said)


def test_an_act_is_graded_on_a_bake_and_on_a_window_at_least() -> None:
    assert measured_on(START, policy()) == SPAN
    short = policy(remediation=Remediation(bake=Bake(timedelta(hours=1))), cadence=Cadence("1d"))
    assert measured_on(START, short) == Window(START, START + DAY)


def test_it_waits_for_windows_and_their_labels() -> None:
    assert ripens(SPAN, policy()) == SPAN.end + 3 * DAY + timedelta(hours=1)
    days = [reading(day, 1.0) for day in range(7)]
    assert is_ripe(SPAN, days)
    assert not is_ripe(SPAN, days[:-1])
    late = reading(3, 1.0, labels=Labels(4, 0.4, mature=False))
    assert not is_ripe(SPAN, [*days[:3], late, *days[4:]])
    assert is_ripe(SPAN, [*days, reading(9, 1.0, labels=late.labels)])
