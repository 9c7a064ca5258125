"""A diagnosis rules causes out in order, and splits a loss into what moved and what fares worse."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policies.diagnose import diagnose, diagnosed
from policies.diagnosis import Cause, Diagnosis
from policies.explain import difference
from policies.judge import judge
from policies.loss_change import expected_change, loss_change
from profiles.reading import BaselineRef, Distances, Labels, Reading, Score
from profiles.strata import StratumLoss
from profiles.window import Window
from registry.canonical import dump, load
from tests.policies.readings import DAY, HEALTHY, HOUR, POLICY, WINDOW, arrivals, category, comparison, number


def stratum(rows: int, mean: float, spread: float = 1.0) -> StratumLoss:
    """Losses of `rows` rows with this mean and standard deviation."""
    return StratumLoss(rows, rows, rows, rows, rows * mean, rows * mean**2 + spread**2 * (rows - 1))


BEFORE = (stratum(6_000, 1.0), stratum(4_000, 3.0))
BASELINE = replace(
    HEALTHY.baseline or BaselineRef("", "", 0), losses=BEFORE, importance={"temp": 0.8, "season": 0.1}
)


def labelled(first: StratumLoss, second: StratumLoss, mae: float = 45.0, **changes: Any) -> Reading:
    rows = first.rows + second.rows
    read = replace(HEALTHY, baseline=BASELINE, losses=(first, second), labels=Labels(rows, 1.0, mature=True))
    return replace(read, arrivals=arrivals(rows), scores={"mae": Score(mae, rows)}, **changes)


SAME = labelled(stratum(1_200, 1.0), stratum(800, 3.0))
MOVED = labelled(stratum(800, 1.0), stratum(1_200, 3.0), mae=55.0)
WORSE = labelled(stratum(1_200, 1.5), stratum(800, 3.5), mae=55.0)
BOTH = labelled(stratum(1_000, 1.3), stratum(1_000, 3.3), mae=55.0)
MOVEMENT = Distances(js=0.3), Distances(js=0.1)
TEMP_MOVED = comparison(number("temp", 0.5), category())


def of(reading: Reading, recent: tuple[Reading, ...] = ()) -> Diagnosis:
    return diagnose(judge(reading, POLICY), reading, POLICY, recent)


def with_column(column: Any) -> Reading:
    return replace(MOVED, comparison=comparison(column, category()))


@pytest.mark.parametrize(
    ("reading", "cause"),
    [
        (SAME, Cause.NONE),
        (MOVED, Cause.DATA_DRIFT),
        (WORSE, Cause.CONCEPT_DRIFT),
        (BOTH, Cause.BOTH),
        (replace(MOVED, fault="the folder is empty"), Cause.OUTAGE),
        (replace(MOVED, arrivals=arrivals(2_000, silence=13 * HOUR)), Cause.OUTAGE),
        (replace(MOVED, usual_rows=9_000.0), Cause.OUTAGE),
        (with_column(number(present=0, missing_share=1.0)), Cause.PIPELINE),
        (with_column(number(baseline_kind="category")), Cause.PIPELINE),
        (replace(MOVED, comparison=comparison(number(), missing=("season",))), Cause.PIPELINE),
        (replace(MOVED, label_silence=3 * DAY, usual_label_silence=DAY), Cause.LABEL_DELAY),
        (replace(MOVED, labels=Labels(600, 0.3, mature=True)), Cause.LABEL_DELAY),
        (replace(MOVED, labels=Labels(40, 0.9, mature=True)), Cause.TOO_FEW_LABELS),
        (replace(WORSE, baseline=HEALTHY.baseline), Cause.UNCLEAR),
        (replace(SAME, scores={"mae": Score(55.0, 2_000)}), Cause.UNCLEAR),
        (replace(SAME, comparison=TEMP_MOVED), Cause.DATA_DRIFT),
        (replace(SAME, baseline=None), Cause.NONE),
    ],
)
def test_each_window_has_one_cause(reading: Reading, cause: Cause) -> None:
    assert of(reading).cause is cause


def test_an_outage_comes_before_a_broken_column_and_that_before_missing_labels() -> None:
    broken = replace(with_column(number(present=0, missing_share=1.0)), labels=Labels(600, 0.3, mature=True))
    assert of(broken).cause is Cause.PIPELINE
    assert of(replace(broken, arrivals=arrivals(0))).cause is Cause.OUTAGE


def test_the_evidence_is_in_numbers() -> None:
    found = of(MOVED)
    assert found.change is not None
    assert (found.change.before, found.change.mix, found.change.within) == pytest.approx((1.8, 0.4, 0.0))
    assert found.sentence.startswith("the loss rose by 22.2 % over 1.8, 22.2 % by other rows")
    assert found.sentence.endswith("2,000 labelled rows: the inputs moved")


def test_columns_that_moved_come_by_importance_times_movement() -> None:
    js, chance = MOVEMENT
    moved = [
        replace(each, distances=js, chance=chance) for each in (number("temp"), number("wind"), category())
    ]
    seen = comparison(number("still"), *moved)
    found = of(replace(MOVED, comparison=seen))
    assert [each.column for each in found.columns] == ["temp", "season", "wind"]
    assert [each.importance for each in found.columns] == [0.8, 0.1, 0.0]


def test_a_broken_column_that_matters_is_named_first() -> None:
    gone = {"present": 0, "missing_share": 1.0}
    found = of(replace(MOVED, comparison=comparison(category("season", **gone), number("temp", **gone))))
    assert [each.column for each in found.columns] == ["temp", "season"]
    assert found.sentence.startswith("temp has no value")


def test_windows_too_small_alone_tell_together() -> None:
    small = replace(labelled(stratum(60, 1.2), stratum(40, 3.2)), usual_rows=100.0)
    assert of(small).cause is Cause.NONE
    before = tuple(
        replace(small, window=Window(WINDOW.start - n * DAY, WINDOW.end - n * DAY)) for n in range(1, 9)
    )
    assert of(small, before).cause is Cause.CONCEPT_DRIFT
    other = tuple(replace(each, version="2") for each in before)
    assert of(small, other).cause is Cause.NONE


def test_a_part_that_may_contribute_is_named_beside() -> None:
    found = of(labelled(stratum(850, 1.05), stratum(1_150, 3.05), mae=55.0))
    assert (found.cause, found.beside) == (Cause.DATA_DRIFT, Cause.CONCEPT_DRIFT)


def test_without_labels_the_strata_say_what_to_expect_of_moved_inputs() -> None:
    waiting = replace(MOVED, comparison=TEMP_MOVED, labels=Labels(0, 0.0, mature=False), scores={})
    found = of(waiting)
    assert found.cause is Cause.DATA_DRIFT
    assert found.change is not None
    assert found.change.within is None
    assert "by their mix a loss changed by 22.2 % is to be expected; labels have to tell" in found.sentence


def test_a_loss_that_fell_needs_no_explaining() -> None:
    assert of(labelled(stratum(1_800, 0.5), stratum(200, 2.0))).cause is Cause.NONE


def test_while_the_loss_falls_nothing_is_to_be_explained_though_some_rows_fare_worse() -> None:
    assert of(labelled(stratum(1_700, 1.3, 0.5), stratum(300, 3.0))).cause is Cause.NONE


def errors(rows: int, wrong: int) -> StratumLoss:
    """Losses of 0 and 1."""
    return StratumLoss(rows, rows, rows, rows, wrong, wrong)


def test_no_error_among_few_rows_is_not_taken_for_no_chance_of_one() -> None:
    held_out, window = (errors(30, 0), errors(60, 6)), (errors(80, 3), errors(160, 16))
    found = loss_change(window, held_out)
    assert found is not None
    assert found.within == pytest.approx(80 / 240 * 3 / 80)
    # The variance of the 3 errors among 110 rows, which the test of two proportions uses.
    of_first = (1 / 3) ** 2 * 3 / 110 * (1 - 3 / 110) * 110 / 109 * (1 / 80 + 1 / 30)
    of_second = (2 / 3) ** 2 * 0.1 * 0.9 * 220 / 219 * (1 / 160 + 1 / 60)
    assert found.within_error == pytest.approx((of_first + of_second) ** 0.5)


def test_a_diagnosed_verdict_reads_back_and_older_ones_have_none() -> None:
    verdict = judge(MOVED, POLICY)
    found = diagnosed(verdict, MOVED, POLICY)
    assert load(type(found), dump(found)) == found
    assert load(type(found), dump(found).replace('"diagnosis":', '"unknown":')).diagnosis is None
    changed = difference(found, diagnosed(verdict, WORSE, POLICY))
    assert changed is not None
    assert changed.startswith("cause: data_drift -> concept_drift: the loss rose")


SIDE = st.lists(st.tuples(st.integers(1, 500), st.floats(0, 50), st.floats(0, 9)), min_size=3, max_size=3)


@given(SIDE, SIDE, st.permutations(range(3)))
def test_mix_and_within_are_the_whole_change_in_whatever_order(
    now: list[tuple[int, float, float]], was: list[tuple[int, float, float]], order: list[int]
) -> None:
    window, held_out = ([stratum(*each) for each in side] for side in (now, was))
    found = loss_change(window, held_out)
    again = loss_change([window[k] for k in order], [held_out[k] for k in order])
    assert found is not None
    assert again is not None
    means = [sum(each.loss for each in side) / sum(each.rows for each in side) for side in (window, held_out)]
    assert found.total == pytest.approx(means[0] - means[1], abs=1e-6)
    assert found.before == pytest.approx(means[1])
    for name in ("mix", "mix_error", "within", "within_error"):
        assert getattr(again, name) == pytest.approx(getattr(found, name), abs=1e-6)


def test_errors_are_those_that_repeated_samples_show() -> None:
    import numpy as np

    from profiles.strata import stratum_losses

    random = np.random.default_rng(0)

    def drawn(rows: int) -> tuple[StratumLoss, ...]:
        places = random.choice(3, rows, p=[0.5, 0.3, 0.2])
        return stratum_losses(places, 3, random.exponential(np.array([1.0, 2.0, 5.0])[places]))

    found = [change for _ in range(1_500) if (change := loss_change(drawn(400), drawn(900))) is not None]
    for part in ("mix", "within"):
        spread = float(np.std([getattr(each, part) for each in found]))
        assert float(np.mean([getattr(each, f"{part}_error") for each in found])) == pytest.approx(
            spread, rel=0.06
        )


def test_other_strata_or_no_labels_split_nothing() -> None:
    unlabelled = tuple(
        replace(each, labelled=0, weight=0.0, weight_squares=0.0, loss=0.0, squares=0.0) for each in BEFORE
    )
    assert loss_change(BEFORE[:1], BEFORE) is None
    assert loss_change(unlabelled, BEFORE) is None
    assert expected_change((), BEFORE) is None
    expected = expected_change(unlabelled, BEFORE)
    assert expected is not None
    assert expected.mix == pytest.approx(0.0)
    assert expected.within is None
