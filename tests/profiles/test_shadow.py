"""Two versions on the same rows: who answered, what was unseen, losses, decisions."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from profiles.answers import Answers
from profiles.labels import ARRIVED, LABEL
from profiles.layout import TrafficLayout
from profiles.mirrored import EVERYWHERE, Decisions
from profiles.row_losses import ROW_LOSSES
from profiles.shadow import Side, answered_by, beside_logged, bound_of, logged, mirrored, unseen

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
NUMBERS = TrafficLayout("a", "parquet", "ts", "price", "id", version="by")
CLASSES = TrafficLayout("a", "parquet", "ts", "y", "id", probability="p")


def times(n: int, first: datetime = START) -> pa.Array:
    return pa.array([first + i * HOUR for i in range(n)], pa.timestamp("us", "UTC"))


def rows(**columns: Any) -> pa.Table:
    size = len(next(iter(columns.values())))
    return pa.table({"ts": times(size), **columns})


def test_rows_are_unseen_by_the_time_they_were_asked_or_labelled() -> None:
    table = rows(x=[1, 2, 3, 4])
    assert unseen(table, "ts", START + 2 * HOUR).tolist() == [False, False, True, True]
    came = pa.array([START, START + 9 * HOUR, None, None], pa.timestamp("us", "UTC"))
    labelled = table.append_column(ARRIVED, came)
    assert unseen(labelled, "ts", START + 2 * HOUR).tolist() == [False, True, True, True]


def test_the_log_says_who_answered_where_it_can() -> None:
    found = answered_by(rows(by=["3", "4", None]), NUMBERS, "4")
    assert found is not None
    assert found.tolist() == [False, True, False]
    assert answered_by(rows(y=[1]), CLASSES, "4") is None
    fixed = TrafficLayout("a", "parquet", "ts", "y", "id", version_is="4")
    constant = answered_by(rows(y=[1, 0]), fixed, "4")
    assert constant is not None
    assert constant.all()


def test_only_the_rows_that_were_asked_are_replaced() -> None:
    side = logged(rows(price=[1.0, 2.0, 3.0]), NUMBERS)
    asked = np.array([True, False, True])
    found = beside_logged(side, Answers(pa.array([10.0, None])), asked)
    assert found.prediction[:2].tolist() == [10.0, 2.0]
    assert np.isnan(found.prediction[2])
    text = beside_logged(
        Side(np.array(["a", "b"], dtype=object), {}), Answers(pa.array(["c"])), np.array([False, True])
    )
    assert text.prediction.tolist() == ["a", "c"]


def test_a_class_without_a_probability_is_named() -> None:
    side = logged(rows(y=[1, 0], p=[0.9, 0.2]), CLASSES)
    with pytest.raises(ValueError, match="no probability of class '1'"):
        beside_logged(side, Answers(pa.array([1, 0])), np.array([True, True]))


def test_losses_of_labelled_rows_stand_side_by_side() -> None:
    table = rows(price=[1.0, 2.0, 3.0], **{LABEL: [1.0, 4.0, None]})
    loss = ROW_LOSSES["absolute_error"]
    sides = logged(table, NUMBERS), Side(np.array([1.5, 4.0, 9.0]), {})
    found = mirrored(table, NUMBERS, loss, 1.5, sides, served=2)
    assert [(b.rows, b.champion, b.challenger) for b in found.paired.blocks] == [(1, 0.0, 0.5), (1, 1.5, 0.0)]
    assert (found.paired.champion_clipped, found.served, found.decisions) == (1, 2, {})


def test_an_answer_that_is_missing_costs_the_most() -> None:
    table = rows(price=[1.0, 2.0], **{LABEL: [1.0, 2.0]})
    sides = logged(table, NUMBERS), Side(np.array([np.nan, 2.0]), {})
    found = mirrored(table, NUMBERS, ROW_LOSSES["absolute_error"], 3.0, sides).paired
    assert (found.unanswered, [block.challenger for block in found.blocks]) == (1, [3.0, 0.0])


def test_decisions_are_counted_with_or_without_labels_and_by_segment() -> None:
    table = rows(y=[1, 0, 1, 0], p=[0.9, 0.2, 0.8, 0.4], where=["a", "a", "b", "b"])
    other = Side(np.array([1, 1, 0, 0]), {"1": np.array([0.9, 0.6, 0.4, 0.4])})
    loss = ROW_LOSSES["log_loss"]
    found = mirrored(table, CLASSES, loss, 4.6, (logged(table, CLASSES), other), segments=("where",))
    assert found.paired.rows == 0
    assert found.decisions == {
        EVERYWHERE: Decisions(4, 2, 2, 2),
        "where=a": Decisions(2, 1, 1, 2),
        "where=b": Decisions(2, 1, 1, 0),
    }


def test_probabilities_are_compared_by_their_logarithms() -> None:
    table = rows(y=[1, 0], p=[0.5, 0.5], **{LABEL: [1, 0]})
    other = Side(np.array([1, 0]), {"1": np.array([0.9, 0.1])})
    found = mirrored(table, CLASSES, ROW_LOSSES["log_loss"], 4.6, (logged(table, CLASSES), other)).paired
    assert [block.champion for block in found.blocks] == pytest.approx([np.log(2)] * 2)
    assert [block.challenger for block in found.blocks] == pytest.approx([-np.log(0.9)] * 2)


def test_the_bound_comes_of_past_losses() -> None:
    past = rows(price=np.zeros(1001), **{LABEL: np.arange(1001.0)})
    assert bound_of(ROW_LOSSES["absolute_error"], past, NUMBERS) == pytest.approx(995.0)
    assert bound_of(ROW_LOSSES["absolute_error"], rows(price=[1.0]), NUMBERS) is None
    assert bound_of(ROW_LOSSES["zero_one"], rows(y=[1]), CLASSES) == 1.0
    assert bound_of(ROW_LOSSES["log_loss"], rows(y=[1]), CLASSES) == pytest.approx(-np.log(0.01))
