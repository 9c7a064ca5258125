"""Estimates without labels are exact expectations, and say nothing where they cannot."""

import itertools

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, roc_auc_score

from profiles.estimate import Calibration, estimated_by_confidence, estimated_by_strata
from profiles.reading import Estimate
from profiles.strata import StratumLoss, stratum_losses

TRUE = Calibration((0.0, 1.0), (0.0, 1.0))
CHANCES = np.array([0.9, 0.8, 0.6, 0.3, 0.1])
ANSWERS = np.array([1, 1, 0, 0, 1])


def estimate(metric: str, **changed: object) -> Estimate | None:
    what: dict[str, object] = {
        "prediction": ANSWERS,
        "probabilities": {"1": CHANCES},
        "calibrations": {"1": TRUE},
    }
    return estimated_by_confidence(metric, **{**what, **changed})  # type: ignore[arg-type]


def weighted_outcomes() -> list[tuple[np.ndarray, float]]:
    """Every outcome of the five rows with its probability."""
    made = [np.array(bits) for bits in itertools.product((0, 1), repeat=5)]
    return [(bits, float(np.prod(np.where(bits == 1, CHANCES, 1 - CHANCES)))) for bits in made]


def test_estimated_accuracy_is_its_expectation_over_all_outcomes() -> None:
    expected = sum(weight * accuracy_score(bits, ANSWERS) for bits, weight in weighted_outcomes())
    squares = sum(weight * accuracy_score(bits, ANSWERS) ** 2 for bits, weight in weighted_outcomes())
    found = estimate("accuracy")
    assert found is not None
    assert found.value == pytest.approx(expected)
    assert found.standard_error == pytest.approx(np.sqrt(squares - expected**2))


@pytest.mark.parametrize(
    ("metric", "expected"), [("precision", 1.8 / 3), ("recall", 1.8 / 2.7), ("f1", 3.6 / 5.7)]
)
def test_scores_of_cells_come_from_the_expected_cells(metric: str, expected: float) -> None:
    found = estimate(metric)
    assert found is not None
    assert found.value == pytest.approx(expected)


def test_the_estimated_area_is_that_of_rows_weighted_by_their_chance() -> None:
    random = np.random.default_rng(0)
    chances = np.round(random.random(300), 2)  # with ties
    found = estimate("roc_auc", prediction=chances > 0.5, probabilities={"1": chances})
    both = np.r_[np.ones(300), np.zeros(300)], np.r_[chances, chances]
    assert found is not None
    assert found.value == pytest.approx(roc_auc_score(*both, sample_weight=np.r_[chances, 1 - chances]))


def test_of_several_classes_the_accuracy_is_the_mean_chance_of_the_answers() -> None:
    chances = {"a": np.array([0.2, 0.0]), "b": np.array([0.3, 0.0]), "c": np.array([0.5, 0.0])}
    known = dict.fromkeys(chances, TRUE)
    found = estimated_by_confidence("accuracy", np.array(["c", "a"]), chances, known)
    assert found is not None
    assert found.value == pytest.approx((0.5 + 1 / 3) / 2)
    assert estimated_by_confidence("f1", np.array(["c", "a"]), chances, known) is None


@pytest.mark.parametrize(
    "changed",
    [
        {"metric": "log_loss"},
        {"calibrations": {}},
        {"probabilities": {}},
        {"probabilities": {"1": np.full(5, np.nan)}},
        {"metric": "roc_auc", "probabilities": {"1": np.ones(5)}},
    ],
)
def test_without_what_it_takes_there_is_no_estimate(changed: dict[str, object]) -> None:
    assert estimate(str(changed.pop("metric", "accuracy")), **changed) is None


HELD_OUT = (StratumLoss(100, 100, 100, 100, 200.0, 500.0), StratumLoss(100, 100, 100, 100, 400.0, 1_700.0))


def window(first: int, second: int) -> tuple[StratumLoss, ...]:
    return stratum_losses(np.repeat([0, 1], [first, second]), 2, np.full(first + second, np.nan))


def test_strata_estimate_the_loss_of_the_windows_mix() -> None:
    found = estimated_by_strata("mae", "absolute error", window(75, 25), HELD_OUT)
    assert found is not None
    assert found.value == pytest.approx(2.5)
    assert (found.rows, found.by) == (100, "strata")
    assert found.standard_error is not None
    root = estimated_by_strata("rmse", "squared error", window(75, 25), HELD_OUT)
    assert root is not None
    assert root.value == pytest.approx(np.sqrt(2.5))
    right = estimated_by_strata(
        "accuracy", "share wrong", window(0, 10), (HELD_OUT[0], StratumLoss(9, 9, 9, 9, 3, 3))
    )
    assert right is not None
    assert right.value == pytest.approx(2 / 3)


def test_strata_estimate_nothing_of_another_loss_or_without_rows() -> None:
    assert estimated_by_strata("mae", "squared error", window(1, 1), HELD_OUT) is None
    assert estimated_by_strata("r2", "squared error", window(1, 1), HELD_OUT) is None
    assert estimated_by_strata("mae", "absolute error", window(0, 0), HELD_OUT) is None
    assert estimated_by_strata("mae", "absolute error", (), HELD_OUT) is None
