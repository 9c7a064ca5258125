"""A candidate beside the champion: by how much it is better, how surely, and where it is not."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from policies.policy import Policy
from profiles.answers import Answers
from profiles.labels import LABEL
from profiles.layout import TrafficLayout
from tests.fakes import START, policy
from training.evaluate import Evaluation, best, bound_of, evaluate
from training.shuffled import importance, of_held, questions

N = 2_400
RANDOM = np.random.default_rng(3)
TRUTH = RANDOM.normal(size=N)
HELD = pa.table(
    {
        "ts": pa.array([START + i * timedelta(minutes=30) for i in range(N)], pa.timestamp("us", "UTC")),
        "kind": np.where(np.arange(N) % 3, "a", "b"),
        "price": TRUTH + 1.0,
        LABEL: TRUTH,
    }
)
CHAMPION = Answers(pa.array(TRUTH + 1.0))


def made(error: Any, chosen: Policy | None = None) -> Evaluation:
    return evaluate("all history", HELD, CHAMPION, Answers(pa.array(TRUTH + error)), 10.0, chosen or policy())


def test_the_difference_is_a_share_of_the_champions_loss_with_an_interval_over_days() -> None:
    errors = np.abs(RANDOM.normal(0.8, 0.3, size=N))
    found = made(errors)
    assert found.overall.share == pytest.approx(errors.mean() - 1)
    assert found.scores["mae"] == pytest.approx(errors.mean())
    assert found.champion_scores["mae"] == pytest.approx(1.0)
    # Every day has 48 rows: the interval is that of the days' means.
    days = (errors - 1).reshape(-1, 48).mean(axis=1)
    low, high = stats.t.interval(0.95, days.size - 1, days.mean(), stats.sem(days))
    assert (found.overall.low, found.overall.high) == pytest.approx((low, high))


@pytest.mark.parametrize(
    ("error", "helps"), [(0.5, True), (0.97, True), (0.99, False), (1.0, False), (1.2, False)]
)
def test_a_candidate_has_to_be_better_by_what_the_policy_says(error: float, helps: bool) -> None:
    said = made(error).refused(0.02, 0.02)
    assert (said is None) == helps
    assert said is None or "all history: loses" in said


def test_a_candidate_that_is_worse_in_a_segment_is_refused_and_chance_is_no_reason() -> None:
    chosen = policy(segments=("kind",))
    noise = RANDOM.normal(0, 0.01, size=N)
    worse = np.where(HELD.column("kind").to_numpy(zero_copy_only=False) == "b", 1.5, 0.2) + noise
    said = made(worse, chosen).refused(0.02, 0.02)
    assert said is not None
    assert said.startswith("all history: worse where kind=b: loses 50")
    fair = np.where(HELD.column("kind").to_numpy(zero_copy_only=False) == "b", 1.01, 0.2) + noise
    assert made(fair, chosen).refused(0.02, 0.02) is None
    assert [each.segment for each in made(fair, chosen).segments] == ["kind=a", "kind=b"]


def test_a_candidate_is_ruled_out_by_what_was_shown_and_not_by_too_few_rows() -> None:
    noise = RANDOM.normal(0, 0.05, size=N)
    assert made(1.0 + noise).rules_out(0.02, 0.02)
    days = np.repeat(np.tile([-0.3, 0.3], N // 96), 48)
    assert not made(0.985 + days).rules_out(0.02, 0.02)
    chosen = policy(segments=("kind",))
    in_b = HELD.column("kind").to_numpy(zero_copy_only=False) == "b"
    assert made(np.where(in_b, 1.5, 0.2) + noise, chosen).rules_out(0.02, 0.02)


def test_rows_that_the_candidate_failed_on_cost_it_the_bound() -> None:
    answers = pa.array([None] * (N // 2) + (TRUTH[N // 2 :]).tolist())
    found = evaluate("last 90d", HELD, CHAMPION, Answers(answers), 3.0, policy())
    assert found.overall.challenger == pytest.approx(1.5)


def test_the_best_loses_least() -> None:
    assert best([made(0.5), made(0.3), made(0.3)]).overall.challenger == pytest.approx(0.3)


def test_probabilities_are_compared_by_the_loss_behind_the_score() -> None:
    layout = TrafficLayout("log", "parquet", "ts", "price", "id", probability="p")
    chosen = policy(task="classification", traffic=layout, performance=None)
    truth = (TRUTH > 0).astype(int)
    held = HELD.append_column("p", pa.array(np.full(N, 0.5)))
    held = held.set_column(held.schema.get_field_index(LABEL), LABEL, pa.array(truth))
    sure = Answers(pa.array(truth), {"1": pa.array(np.where(truth == 1, 0.9, 0.1))})
    champion = Answers(pa.array(truth), {"1": pa.array(np.full(N, 0.5))})
    found = evaluate("all history", held, champion, sure, bound_of(held, chosen), chosen)
    assert found.loss == "log_loss"
    assert found.overall.challenger == pytest.approx(-np.log(0.9))
    assert found.scores["log_loss"] == pytest.approx(-np.log(0.9))


def test_the_bound_comes_from_the_champions_losses_before() -> None:
    assert bound_of(HELD, policy()) == pytest.approx(1.0)
    right = HELD.set_column(HELD.schema.get_field_index("price"), "price", HELD.column(LABEL))
    with pytest.raises(ValueError, match="cannot be bounded"):
        bound_of(right, policy())


def test_importance_by_asking_agrees_with_scikit_learns() -> None:
    x = pd.DataFrame(RANDOM.normal(size=(900, 3)), columns=["a", "b", "c"])
    truth = 3 * x["a"] + x["b"] + RANDOM.normal(size=900)
    model = LinearRegression().fit(x, truth)
    held = pa.Table.from_pandas(x, preserve_index=False).append_column(LABEL, pa.array(truth.to_numpy()))
    asked = questions(held, ("a", "b", "c"))
    answers = Answers(pa.array(model.predict(asked.table.to_pandas())))
    assert of_held(asked, answers).prediction.to_numpy() == pytest.approx(model.predict(x))
    found = importance(asked, answers, held, "absolute error")
    scoring = "neg_mean_absolute_error"
    theirs = permutation_importance(model, x, truth, scoring=scoring, n_repeats=30, random_state=0)
    before = np.abs(truth - model.predict(x)).mean()
    assert [found[name] for name in "abc"] == pytest.approx(theirs.importances_mean / before, abs=0.08)


def test_nothing_lost_leaves_nothing_to_rank() -> None:
    held = HELD.select(["kind", LABEL])
    asked = questions(held, ("kind",))
    places = np.concatenate([np.arange(N), np.tile(asked.sampled, 3)])
    answers = Answers(pa.array(TRUTH[places]))
    assert importance(asked, answers, held, "absolute error") == {"kind": 0.0}
    assert replace(asked, columns=()).columns == ()
