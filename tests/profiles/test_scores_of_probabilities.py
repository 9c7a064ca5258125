"""Areas, log loss and rankings are scikit-learn's; what is not defined says why, and never crashes."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from sklearn import metrics

from profiles.metrics import metric_of
from profiles.reading import Score
from profiles.scores import Answers, scored

RANDOM = np.random.default_rng(7)
N = 400
TRUTH = RANDOM.integers(0, 2, N)
CHANCE = np.clip(0.3 * TRUTH + RANDOM.random(N) * 0.7, 0, 1)
WEIGHT = RANDOM.random(N)
THREE = RANDOM.choice(["bird", "cat", "dog"], N)
CHANCES = RANDOM.dirichlet((1, 1, 1), N)


def found(metric: str, answers: Answers) -> Score:
    score = scored(metric, answers)
    assert isinstance(score, Score), score
    return score


def binary(**changes: Any) -> Answers:
    return Answers(**{"truth": TRUTH, "prediction": TRUTH, "probabilities": {"1": CHANCE}, **changes})


@pytest.mark.parametrize("weight", [None, WEIGHT])
@pytest.mark.parametrize(
    ("metric", "reference"),
    [
        ("roc_auc", metrics.roc_auc_score),
        ("average_precision", metrics.average_precision_score),
        ("log_loss", metrics.log_loss),
    ],
)
def test_scores_of_probabilities_are_scikit_learns(
    metric: str, reference: Callable[..., float], weight: Any
) -> None:
    score = found(metric, binary(weight=weight))
    assert score.value == pytest.approx(reference(TRUTH, CHANCE, sample_weight=weight))
    assert score.rows == N


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2", "accuracy", "precision", "recall", "f1"])
def test_a_weight_counts_a_row_as_often_as_it_says(metric: str) -> None:
    truth, prediction = TRUTH[:60], (CHANCE[:60] > 0.5).astype(int)
    times = RANDOM.integers(0, 4, 60)
    repeated = found(metric, Answers(np.repeat(truth, times), np.repeat(prediction, times)))
    assert found(metric, Answers(truth, prediction, weight=times)).value == pytest.approx(repeated.value)


def test_several_classes_are_scored_one_against_the_rest() -> None:
    classes = ["bird", "cat", "dog"]
    answers = Answers(THREE, THREE, dict(zip(reversed(classes), CHANCES.T[::-1], strict=True)))
    expected = metrics.roc_auc_score(THREE, CHANCES, multi_class="ovr", labels=classes)
    assert found("roc_auc", answers).value == pytest.approx(expected)
    assert found("log_loss", answers).value == pytest.approx(metrics.log_loss(THREE, CHANCES, labels=classes))
    expected = np.mean(
        [metrics.average_precision_score(c == THREE, p) for c, p in zip(classes, CHANCES.T, strict=True)]
    )
    assert found("average_precision", answers).value == pytest.approx(expected)


def test_probabilities_in_single_precision_add_up_to_one() -> None:
    single = dict(zip(("bird", "cat", "dog"), CHANCES.astype(np.float32).T, strict=True))
    assert found("log_loss", Answers(THREE, THREE, single)).rows == N


def test_one_named_class_is_the_positive_one() -> None:
    truth, prediction = np.where(TRUTH, "yes", "no"), np.where(CHANCE > 0.5, "yes", "no")
    answers = Answers(truth, prediction, {"yes": CHANCE})
    assert found("roc_auc", answers).value == pytest.approx(metrics.roc_auc_score(TRUTH, CHANCE))
    expected = metrics.precision_score(truth, prediction, pos_label="yes")
    assert found("precision", answers).value == pytest.approx(expected)


@pytest.mark.parametrize("truth", [TRUTH.astype(bool), TRUTH.astype(float), pa.array(TRUTH == 1)])
def test_true_and_one_are_the_same_class(truth: Any) -> None:
    assert found("roc_auc", binary(truth=truth)) == found("roc_auc", binary())


UNDEFINED = {
    "one class": ("roc_auc", binary(truth=np.zeros(N)), "all labels are '0'"),
    "one class, other area": ("average_precision", binary(truth=np.ones(N)), "all labels are '1'"),
    "no label": ("log_loss", binary(truth=pa.nulls(N)), "no row has both"),
    "no probability": ("roc_auc", Answers(TRUTH, TRUTH), "names no column of probabilities"),
    "labels of other names": ("roc_auc", binary(truth=THREE), "'bird' is none of the classes 0, 1"),
    "no probability at all": ("log_loss", binary(probabilities={"1": CHANCE * 9}), "not between 0 and 1"),
    "text for a probability": (
        "roc_auc",
        binary(probabilities={"1": ["high"] * N}),
        "the probability of 1 does not hold numbers",
    ),
    "weights of nothing": ("roc_auc", binary(weight=np.zeros(N)), "the weights of all rows are 0"),
    "a class without a column": (
        "log_loss",
        Answers(THREE, THREE, {"bird": CHANCE, "cat": CHANCE, "cow": CHANCE}),
        "probability of the label 'dog'",
    ),
    "a class without rows": (
        "roc_auc",
        Answers(
            THREE, THREE, dict(zip(("bird", "cat", "dog", "eel"), [*CHANCES.T, np.zeros(N)], strict=True))
        ),
        "no row has the label 'eel'",
    ),
    "not adding up": (
        "log_loss",
        Answers(THREE, THREE, {"bird": CHANCE / 9, "cat": CHANCE / 9, "dog": CHANCE / 9}),
        "do not add up to 1",
    ),
    "words for numbers": ("mae", Answers(["a"], [1.0]), "the label does not hold numbers"),
    "a single row": ("r2", Answers([1.0], [1.0]), "no variance"),
    "an infinity": ("rmse", Answers([1.0], [np.inf]), "infinite"),
    "no queries": ("ndcg@3", Answers([1.0], [1.0]), "names no column of queries"),
    "queries of one row": ("ndcg@3", Answers([1.0, 2.0], [1.0, 2.0], group=["a", "b"]), "no query has two"),
    "negative relevance": ("ndcg@3", Answers([-1.0, 2.0], [1.0, 2.0], group=["a", "a"]), "negative"),
}


@pytest.mark.parametrize("case", UNDEFINED)
def test_what_is_not_defined_says_why(case: str) -> None:
    metric, answers, why = UNDEFINED[case]
    score = scored(metric, answers)
    assert isinstance(score, str)
    assert why in score


@pytest.mark.parametrize("k", [1, 3, None])
def test_a_ranking_is_scored_by_query(k: int | None) -> None:
    sizes = [2, 5, 5, 1, 3]
    group = np.repeat(["a", "b", "c", "d", "e"], sizes)
    order = RANDOM.permutation(len(group))
    truth, prediction = RANDOM.integers(0, 4, len(group)).astype(float), RANDOM.random(len(group))
    expected = [
        metrics.ndcg_score([truth[group == query]], [prediction[group == query]], k=k)
        for query in ("a", "b", "c", "e")
    ]
    answers = Answers(truth[order], prediction[order], group=group[order])
    score = found("ndcg" if k is None else f"ndcg@{k}", answers)
    assert score.value == pytest.approx(np.mean(expected))
    assert score.rows == 15
    assert metric_of("ndcg@3").task == "ranking"


@pytest.mark.parametrize("metric", ["mae", "rmse", "accuracy", "log_loss", "precision", "recall", "roc_auc"])
def test_standard_errors_are_the_spread_over_samples(metric: str) -> None:
    random = np.random.default_rng(0)
    values, errors = [], []
    for _ in range(300):
        truth = random.integers(0, 2, 300)
        chance = np.clip(0.25 * truth + random.random(300) * 0.7, 0.01, 0.99)
        numbers = chance if metric in ("mae", "rmse") else (chance > 0.5).astype(int)
        score = found(metric, Answers(truth, numbers, {"1": chance}))
        assert score.standard_error is not None
        values.append(score.value)
        errors.append(score.standard_error)
    assert np.mean(errors) == pytest.approx(np.std(values), rel=0.15)


def test_a_weighted_standard_error_is_that_of_the_rows_when_all_weigh_the_same() -> None:
    even = found("mae", Answers(TRUTH, CHANCE, weight=np.full(N, 3.0)))
    assert even.standard_error == pytest.approx(found("mae", Answers(TRUTH, CHANCE)).standard_error)
