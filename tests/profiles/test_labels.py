from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles.labels import known_labels, label_state, with_labels
from profiles.layout import LabelLayout
from profiles.window import Window

DAY = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
NOON = DAY.start + timedelta(hours=12)


def layout(arrived_at: str | None = "arrived_at") -> LabelLayout:
    return LabelLayout(
        path="labels.parquet",
        format="parquet",
        label="paid",
        request_id="id",
        arrives_within=timedelta(days=7),
        arrived_at=arrived_at,
    )


def stored(folder: Path, *labels: tuple[str, int, datetime]) -> None:
    ids, values, arrived = zip(*labels, strict=True)
    table = pa.table({"id": ids, "paid": values, "arrived_at": pa.array(arrived, pa.timestamp("us", "UTC"))})
    pq.write_table(table, folder / "labels.parquet")


def test_a_label_is_known_only_once_it_has_arrived(tmp_path: Path) -> None:
    stored(tmp_path, ("a", 1, NOON), ("b", 0, NOON + timedelta(hours=1)))
    known = known_labels(layout(), DAY, NOON + timedelta(minutes=1), tmp_path)
    assert known.to_pydict() == {"id": ["a"], "label": [1], "arrived": [NOON]}


def test_before_the_first_label_of_a_feed_none_is_known(tmp_path: Path) -> None:
    """Not even its type: no file holds a row of that time."""
    stored(tmp_path, ("r1", 1, NOON + timedelta(hours=3)))
    rows = pa.table({"id": ["r1", "r2"]})
    known = known_labels(layout(), DAY, NOON, tmp_path, rows.column("id"))
    assert (known.num_rows, known.schema.names) == (0, ["id", "label", "arrived"])
    labelled = with_labels(rows, "id", known)
    assert labelled.column("label").to_pylist() == [None, None]
    assert label_state(labelled, layout(), DAY, NOON).labelled == 0


def test_of_several_labels_for_a_request_the_last_to_arrive_counts(tmp_path: Path) -> None:
    stored(tmp_path, ("a", 7, NOON + timedelta(hours=2)), ("a", 5, NOON))
    known = known_labels(layout(), DAY, DAY.end, tmp_path)
    assert known.to_pydict() == {"id": ["a"], "label": [7], "arrived": [NOON]}


def test_without_arrival_times_every_label_in_the_files_counts(tmp_path: Path) -> None:
    stored(tmp_path, ("a", 1, DAY.end + timedelta(days=90)))
    assert known_labels(layout(arrived_at=None), DAY, NOON, tmp_path).num_rows == 1


def test_rows_keep_their_order_and_get_null_where_no_label_is_known() -> None:
    rows = pa.table({"request": ["c", "a", "b"], "x": [1, 2, 3]})
    labelled = with_labels(rows, "request", pa.table({"id": ["b", "c"], "label": [20, 30]}))
    assert labelled.to_pydict() == {"request": ["c", "a", "b"], "x": [1, 2, 3], "label": [30, None, 20]}


def test_ids_match_whatever_type_each_side_stores_them_in() -> None:
    rows = pa.table({"request": pa.array([1, 2], pa.int64())})
    labelled = with_labels(rows, "request", pa.table({"id": ["2"], "label": [9.5]}))
    assert labelled.column("label").to_pylist() == [None, 9.5]


@pytest.mark.parametrize(
    ("labels", "now", "coverage", "mature"),
    [
        ([1, None], DAY.end, 0.5, False),
        ([1, None], DAY.end + timedelta(days=7), 0.5, True),
        ([1, 1], DAY.end, 1.0, True),
        ([None, None], DAY.end, 0.0, False),
    ],
    ids=[
        "labels may still come within the promised time",
        "after the promised time what is there is all there will be",
        "a fully labelled window is mature at once",
        "an unlabelled window covers nothing",
    ],
)
def test_maturity_of_labels(labels: list[int | None], now: datetime, coverage: float, mature: bool) -> None:
    state = label_state(pa.table({"label": pa.array(labels, pa.int64())}), layout(), DAY, now)
    assert (state.coverage, state.mature) == (coverage, mature)


def test_the_value_of_the_label_that_counts_comes_with_it(tmp_path: Path) -> None:
    at = pa.array([NOON, DAY.start, NOON], pa.timestamp("us", "UTC"))
    table = pa.table({"id": ["a", "a", "b"], "paid": [7, 5, 1], "profit": [2.5, 9.0, None], "arrived_at": at})
    pq.write_table(table, tmp_path / "labels.parquet")
    late = replace(layout(), value="profit")
    known = known_labels(late, DAY, DAY.end, tmp_path)
    assert known.select(["id", "label", "label_value"]).to_pydict() == {
        "id": ["a", "b"],
        "label": [7, 1],
        "label_value": [2.5, None],
    }
    same = known_labels(replace(layout(), value="paid"), DAY, DAY.end, tmp_path)
    assert same.column("label_value").to_pylist() == same.column("label").to_pylist() == [7, 1]
    rows = with_labels(pa.table({"request": ["b", "a", "c"]}), "request", known)
    assert rows.column("label_value").to_pylist() == [None, 2.5, None]
