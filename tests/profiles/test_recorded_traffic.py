"""Recorded traffic: a label is nobody's before it has arrived."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.errors import TrafficUnavailable
from profiles.layout import LabelLayout, TrafficLayout
from profiles.recorded import Recorded, moment, recorded

START = datetime(2026, 3, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
TRAFFIC = TrafficLayout("t.parquet", "parquet", "ts", "answer", request_id="id")
LABELS = LabelLayout("l.parquet", "parquet", "paid", "id", timedelta(hours=5), "arrived")


@given(
    st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50) | st.none()), min_size=1, max_size=30),
    st.integers(0, 100),
)
def test_no_row_is_labelled_before_its_label_arrived(rows: list[tuple[int, int | None]], now: int) -> None:
    rows = sorted(rows, key=lambda row: row[0])
    asked = [START + hour * HOUR for hour, _ in rows]
    came = [None if late is None else at + late * HOUR for at, (_, late) in zip(asked, rows, strict=True)]
    of = Recorded(
        rows=pa.table({"x": [0.0] * len(rows)}),
        features=("x",),
        times=np.array([moment(at) for at in asked]),
        truth=pa.chunked_array([[1.0] * len(rows)]),
        known_at=np.array([np.datetime64("NaT", "us") if at is None else moment(at) for at in came]),
        ids=pa.chunked_array([[str(k) for k in range(len(rows))]]),
    )
    at = START + now * HOUR
    until = START + 60 * HOUR
    wanted = [k for k, each in enumerate(came) if each is not None and each <= at]
    assert of.labelled(None, until, at).tolist() == wanted


def written(root: Path, labels: pa.Table) -> None:
    """Three requests, logged in no order with what somebody answered."""
    times = pa.array([START + 2 * HOUR, START, START + HOUR], pa.timestamp("us", "UTC"))
    traffic = pa.table({"ts": times, "id": ["c", "a", "b"], "x": [3.0, 1.0, 2.0], "answer": [9.0] * 3})
    pq.write_table(traffic, root / "t.parquet")
    pq.write_table(labels, root / "l.parquet")


def stamps(*hours: float | None) -> pa.Array:
    """Times so many hours after the beginning."""
    return pa.array([None if h is None else START + h * HOUR for h in hours], pa.timestamp("us", "UTC"))


def test_the_last_label_counts_from_its_own_arrival_on(tmp_path: Path) -> None:
    written(tmp_path, pa.table({"id": ["a", "a", "b"], "paid": [1, 2, 3], "arrived": stamps(1, 8, 3)}))
    of = recorded(TRAFFIC, LABELS, tmp_path)
    assert of.features == ("x",)
    assert of.ids.to_pylist() == ["a", "b", "c"]
    assert of.truth.to_pylist() == [2, 3, None]
    assert of.labelled(None, START + 9 * HOUR, START + 7 * HOUR).tolist() == [1]
    assert of.labelled(None, START + 9 * HOUR, START + 8 * HOUR).tolist() == [0, 1]


def test_a_label_without_a_date_comes_as_late_as_it_may(tmp_path: Path) -> None:
    written(tmp_path, pa.table({"id": ["a"], "paid": [1], "arrived": stamps(None)}))
    of = recorded(TRAFFIC, LABELS, tmp_path)
    assert of.labelled(None, START + 9 * HOUR, START + 4.9 * HOUR).tolist() == []
    assert of.labelled(None, START + 9 * HOUR, START + 5 * HOUR).tolist() == [0]


def test_a_log_without_rows_is_said(tmp_path: Path) -> None:
    written(tmp_path, pa.table({"id": ["a"], "paid": [1], "arrived": stamps(1)}))
    empty = pq.read_table(tmp_path / "t.parquet").slice(0, 0)
    pq.write_table(empty, tmp_path / "t.parquet")
    with pytest.raises(TrafficUnavailable, match=r"t\.parquet gave no rows to replay"):
        recorded(TRAFFIC, LABELS, tmp_path)
