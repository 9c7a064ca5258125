"""Peers of the loop on a stream so small that a hand can compute it: a mean, refitted at times."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn.dummy import DummyClassifier, DummyRegressor

from profiles.recorded import Recorded, moment
from profiles.window import Window
from training.in_process import answers_of, refitted, seeded
from training.peers import Contest, frozen, scheduled, spliced

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)


def stream(days: int = 8, delay: timedelta = DAY / 2) -> Recorded:
    """Ten rows a day whose outcome is the day's number, known half a day after the row."""
    times = [START + day * DAY + k * DAY / 10 for day in range(days) for k in range(10)]
    truth = [float(day) for day in range(days) for _ in range(10)]
    return Recorded(
        rows=pa.table({"x": np.zeros(len(times))}),
        features=("x",),
        times=np.array([moment(at) for at in times]),
        truth=pa.chunked_array([truth]),
        known_at=np.array([moment(at + delay) for at in times]),
        ids=pa.chunked_array([[str(k) for k in range(len(times))]]),
    )


def contest(**changes: Any) -> Contest:
    """Days 4 to 7 are replayed; the mean of days 0 to 3 (1.5) serves first."""
    of = stream()
    known = of.labelled(None, START + 4 * DAY, START + 9 * DAY)
    asked = of.rows.take(pa.array(known))
    windows = tuple(Window(START + k * DAY, START + (k + 1) * DAY) for k in range(4, 8))
    made: dict[str, Any] = {
        "of": of,
        "first": refitted(DummyRegressor(), asked, of.truth.to_numpy()[known]),
        "moments": tuple(window.end for window in windows),
        "windows": windows,
        "metric": "mae",
        "recent": DAY,
        "minimum_rows": 5,
    }
    return Contest(**{**made, **changes})


SPAN = Window(START + 4 * DAY, START + 8 * DAY)


def test_a_frozen_model_answers_as_it_was_fitted() -> None:
    assert frozen(contest()).scores == pytest.approx((2.5, 3.5, 4.5, 5.5))


def test_a_schedule_refits_on_what_is_known_and_the_better_recipe_is_the_peer() -> None:
    # Wanted at day 4 + 4 x 0.5 = 6, which is a moment: labels of rows before day 5.5 are known.
    found = scheduled(contest(), SPAN, 1, phases=1)
    all_history = (0 * 10 + 10 * (1 + 2 + 3 + 4) + 5 * 5 + 5) / 56
    recent = 5.0
    by_hand = {
        "all history": (2.5 + 3.5 + (6 - all_history) + (7 - all_history)) / 4,
        "recent": (2.5 + 3.5 + (6 - recent) + (7 - recent)) / 4,
    }
    assert found.by_recipe == pytest.approx(by_hand)
    assert found.recipe == "recent"
    assert found.peer.scores == pytest.approx((2.5, 3.5, 1.0, 2.0))


def test_a_schedule_with_too_few_labels_never_retrains() -> None:
    found = scheduled(contest(minimum_rows=1000), SPAN, 2, phases=3)
    assert found.peer.scores == pytest.approx(frozen(contest()).scores)


def test_without_retrainings_the_schedule_is_the_frozen_model() -> None:
    found = scheduled(contest(), SPAN, 0)
    assert (found.recipe, found.peer) == (None, frozen(contest()))


def test_phases_spread_evenly_and_their_median_counts() -> None:
    found = scheduled(contest(), SPAN, 1, phases=4)
    # Begun 1/8, 3/8, 5/8 and 7/8 into four days: refits at days 5, 6, 7 and 8, the last one too late.
    # On day 6 the newest day's labels gave 4, 5, 1.5 and 1.5.
    assert found.peer.scores[2] == pytest.approx(np.median([6 - 4.0, 6 - 5.0, 4.5, 4.5]))


def test_later_answers_take_the_place_of_the_later_rows() -> None:
    rows = pa.table({"x": [0.0, 0.0, 0.0]})
    one, other = (
        answers_of(DummyRegressor(strategy="constant", constant=c).fit(rows.to_pandas(), [0, 0, 0]), rows, {})
        for c in (1.0, 2.0)
    )
    assert spliced(one, other, 2).prediction.to_pylist() == [1.0, 1.0, 2.0]


def test_a_class_that_a_version_never_met_has_probability_0() -> None:
    rows = pa.table({"x": [0.0, 1.0]})
    fitted = refitted(DummyClassifier(strategy="prior"), rows, ["a", "b"])
    found = answers_of(fitted, rows, {"a": "p_a", "c": "p_c"})
    assert {name: each.to_pylist() for name, each in found.probabilities.items()} == {
        "a": [0.5, 0.5],
        "c": [0.0, 0.0],
    }


def test_a_seed_is_given_to_whatever_draws_and_nobody_seeded() -> None:
    assert seeded(DummyClassifier(), 7).random_state == 7
    assert seeded(DummyClassifier(random_state=3), 7).random_state == 3
