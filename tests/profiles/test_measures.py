"""Value, latency and failures are taken from the rows that say so; unfit columns give a reason."""

import numpy as np
import pyarrow as pa
import pytest

from profiles.layout import TrafficLayout
from profiles.measures import columns_of, failures_of, latency_of, measure, value_of
from profiles.reading import Failures, Latency

LAYOUT = TrafficLayout(
    *("a.csv", "csv", "ts", "answer"),
    probabilities={"no": "p_no", "yes": "p_yes"},
    weight="w",
    value="worth",
    latency="ms",
    status="code",
    ok=("200", "204"),
)
ROWS = pa.table(
    {
        "answer": ["yes", "no", "yes", "no"],
        "p_no": [0.2, 0.6, 0.4, 0.9],
        "p_yes": [0.8, 0.4, 0.6, 0.1],
        "w": [1.0, 1.0, 2.0, None],
        "worth": [1.0, 2.0, 5.0, 100.0],
        "ms": [10, 20, 30, None],
        "code": [200, 500, 204, None],
        "label": ["yes", "yes", "no", None],
    }
)


def test_all_measures_come_from_one_table() -> None:
    found = measure(ROWS, LAYOUT, ("roc_auc", "accuracy"), "label")
    assert found.scores["accuracy"].value == pytest.approx(0.25)
    assert found.scores["roc_auc"].rows == 3
    assert found.value is not None
    assert (found.value.total, found.value.mean, found.value.rows) == (13.0, 3.25, 3)
    assert found.latency is not None
    assert (found.latency.p50, found.latency.rows) == (20.0, 3)
    assert found.failures == Failures(1, 3)
    assert not found.unmeasured
    assert found.known == {"accuracy": 0.25, "roc_auc": found.scores["roc_auc"].value, "value_mean": 3.25}
    assert columns_of(LAYOUT) == ("p_no", "p_yes", "w", "worth", "ms", "code")


def test_columns_that_are_unfit_say_so_and_spare_the_others() -> None:
    spoilt = ROWS.set_column(4, "worth", pa.array(["much", "little", "a", "b"]))
    spoilt = spoilt.set_column(5, "ms", pa.nulls(4, pa.float64()))
    found = measure(spoilt, LAYOUT, ("log_loss",), "label")
    assert found.unmeasured == {
        "value": "column worth does not hold numbers",
        "latency": "column ms has no value in any row",
    }
    assert (found.value, found.latency) == (None, None)
    assert "log_loss" in found.scores
    assert found.failures is not None


def test_without_labels_there_are_no_scores_and_no_excuse() -> None:
    found = measure(ROWS, LAYOUT, ("log_loss",), None)
    assert (found.scores, found.unmeasured) == ({}, {})


def test_nothing_is_measured_that_the_layout_does_not_name() -> None:
    found = measure(ROWS, TrafficLayout("a.csv", "csv", "ts", "answer"), (), None)
    assert (found.value, found.latency, found.failures, found.unmeasured) == (None, None, None, {})


def test_latency_is_numpys_quantiles_of_what_can_be_a_latency() -> None:
    values = np.random.default_rng(1).exponential(100, 1000)
    found = latency_of(pa.array([*values, -1.0, None, float("nan"), float("inf")]))
    assert found is not None
    p50, p95, p99 = np.quantile(values, (0.5, 0.95, 0.99)).tolist()
    assert found == Latency(p50, p95, p99, 1000)


@pytest.mark.parametrize(
    ("status", "ok", "failed"),
    [
        (pa.array([200, 500, None]), ("200",), Failures(1, 2)),
        (pa.array([200.0, None]), ("200",), Failures(0, 1)),
        (pa.array(["ok", "timeout"]), ("ok",), Failures(1, 2)),
        (pa.array(["ok", "ok"]).dictionary_encode(), ("ok",), Failures(0, 2)),
        (pa.array([True, False, None]), ("1",), Failures(1, 2)),
        (pa.nulls(3), ("ok",), None),
    ],
)
def test_a_request_fails_whose_status_is_none_of_those_that_mean_success(
    status: pa.Array, ok: tuple[str, ...], failed: Failures | None
) -> None:
    assert failures_of(status, ok) == failed


def test_value_leaves_out_what_is_no_number_and_knows_its_error() -> None:
    found = value_of([1.0, 2.0, 3.0, float("nan"), float("inf"), None])
    assert found is not None
    assert (found.total, found.mean, found.rows) == (6.0, 2.0, 3)
    assert found.standard_error == pytest.approx(1 / 3**0.5)
    assert value_of([1.0], [0.0]) is None
