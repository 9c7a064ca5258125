from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
import pytest

from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.traffic import Files, rows_in
from profiles.window import Window

JANUARY = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def written(folder: Path, name: str, **columns: object) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def times(*days: int, zone: str | None = "UTC", unit: str = "us") -> pa.Array:
    stamps = pa.array([datetime(2026, 1, day, 12, tzinfo=UTC) for day in days], pa.timestamp(unit, "UTC"))
    return stamps.cast(pa.timestamp(unit, zone))


def test_a_window_holds_its_start_and_not_its_end(tmp_path: Path) -> None:
    stamps = pa.array([JANUARY.start, JANUARY.end], pa.timestamp("us", "UTC"))
    written(tmp_path, "a.parquet", ts=stamps, x=[1, 2])
    rows = rows_in(Files("*.parquet", "parquet", tmp_path), ["x"], "ts", JANUARY)
    assert rows.column("x").to_pylist() == [1]


@pytest.mark.parametrize(
    ("zone", "unit"), [("UTC", "us"), (None, "us"), (None, "ns"), ("America/New_York", "ms")]
)
def test_times_of_every_zone_and_unit_come_out_in_utc(tmp_path: Path, zone: str | None, unit: str) -> None:
    written(tmp_path, "a.parquet", ts=times(5, zone=zone, unit=unit), x=[1])
    rows = rows_in(Files("a.parquet", "parquet", tmp_path), ["ts", "x"], "ts", JANUARY)
    assert rows.schema.field("ts").type == pa.timestamp("us", "UTC")
    assert rows.column("ts").to_pylist() == [datetime(2026, 1, 5, 12, tzinfo=UTC)]


def test_a_folder_is_read_with_everything_below_it(tmp_path: Path) -> None:
    written(tmp_path, "logs/2026/a.parquet", ts=times(1), x=[1])
    written(tmp_path, "logs/2026/02/b.parquet", ts=times(2), x=[2])
    rows = rows_in(Files("logs", "parquet", tmp_path), ["x"], "ts", JANUARY)
    assert sorted(rows.column("x").to_pylist()) == [1, 2]


def test_a_column_that_appears_in_later_files_is_null_in_earlier_ones(tmp_path: Path) -> None:
    written(tmp_path, "a.parquet", ts=times(1), x=[1])
    written(tmp_path, "b.parquet", ts=times(2), x=[2.5], y=["new"])
    rows = rows_in(Files("*.parquet", "parquet", tmp_path), ["x", "y"], "ts", JANUARY)
    assert rows.sort_by("x").to_pydict() == {"x": [1.0, 2.5], "y": [None, "new"]}


def test_csv_files_are_read_like_parquet_ones(tmp_path: Path) -> None:
    pacsv.write_csv(pa.table({"ts": times(3, 4), "x": [1.5, 2.5]}), tmp_path / "a.csv")
    rows = rows_in(Files("*.csv", "csv", tmp_path), ["x"], "ts", JANUARY)
    assert rows.column("x").to_pylist() == [1.5, 2.5]


def test_rows_without_a_time_belong_to_no_window(tmp_path: Path) -> None:
    written(tmp_path, "a.parquet", ts=pa.array([None], pa.timestamp("us", "UTC")), x=[1])
    assert rows_in(Files("a.parquet", "parquet", tmp_path), ["x"], "ts", JANUARY).num_rows == 0


def test_the_earliest_row_is_found_over_all_files(tmp_path: Path) -> None:
    written(tmp_path, "a.parquet", ts=times(9, 7))
    written(tmp_path, "b.parquet", ts=times(8))
    assert Files("*.parquet", "parquet", tmp_path).earliest("ts") == datetime(2026, 1, 7, 12, tzinfo=UTC)


def test_an_empty_log_has_no_earliest_row(tmp_path: Path) -> None:
    written(tmp_path, "a.parquet", ts=times())
    assert Files("*.parquet", "parquet", tmp_path).earliest("ts") is None


def truncated(folder: Path) -> None:
    path = written(folder, "b.parquet", ts=times(2), x=[2])
    path.write_bytes(path.read_bytes()[:-20])


def disagreeing(folder: Path) -> None:
    written(folder, "b.parquet", ts=times(2), x=[[1, 2]])


def numbers_for_times(folder: Path) -> None:
    written(folder, "a.parquet", ts=[1, 2], x=[1, 2])


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (truncated, "b.parquet is not a readable parquet file"),
        (disagreeing, "do not agree on the type of a column"),
        (numbers_for_times, "column ts holds int64, not timestamps"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_what_is_wrong(
    tmp_path: Path, harm: Callable[[Path], None], said: str
) -> None:
    written(tmp_path, "a.parquet", ts=times(1), x=[1])
    harm(tmp_path)
    with pytest.raises(TrafficUnavailable, match=said):
        rows_in(Files("*.parquet", "parquet", tmp_path), ["x"], "ts", JANUARY)


def test_no_file_at_all_is_said_with_the_path(tmp_path: Path) -> None:
    with pytest.raises(TrafficUnavailable, match=r"no file matches logs/\*.parquet"):
        Files("logs/*.parquet", "parquet", tmp_path).columns()


def test_a_missing_column_is_said_with_those_that_are_there(tmp_path: Path) -> None:
    written(tmp_path, "a.parquet", ts=times(1), x=[1])
    with pytest.raises(ColumnMissing, match="has no column y; it has ts, x"):
        rows_in(Files("a.parquet", "parquet", tmp_path), ["y"], "ts", JANUARY)


def test_an_unknown_kind_of_address_is_traffic_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(TrafficUnavailable, match="nowhere://logs"):
        Files("nowhere://logs", "parquet", tmp_path).columns()
