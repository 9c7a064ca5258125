"""The newest row of files is found without reading what can only hold older ones."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pc
import pyarrow.parquet as pq
import pytest

from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.formats import Opened
from profiles.traffic import Files

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOW = START + 2 * DAY


def stored(path: Path, start: datetime = START, hours: int = 48) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    at = pa.array([start + hour * HOUR for hour in range(hours)], pa.timestamp("us", "UTC"))
    table = pa.table({"ts": at, "x": range(hours)})
    if path.suffix == ".csv":
        pc.write_csv(table, path)
    else:
        pq.write_table(table, path, row_group_size=6)


@pytest.mark.parametrize("name", ["a.parquet", "a.csv"])
def test_it_is_the_newest_of_the_span(tmp_path: Path, name: str) -> None:
    stored(tmp_path / name)
    files = Files(name, "csv" if name.endswith("csv") else "parquet", tmp_path)
    assert files.latest("ts", START, NOW) == NOW - HOUR
    assert files.latest("ts", START, NOW - 3 * HOUR) == NOW - 4 * HOUR
    assert files.latest("ts", NOW, NOW + DAY) is None


def test_only_row_groups_that_can_hold_it_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored(tmp_path / "a.parquet")
    read: list[int] = []
    pieces = Opened._pieces

    def counting(self: Opened, name: str, condition: object) -> object:
        for piece in pieces(self, name, condition):
            read.append(piece.row_groups[0].id)
            yield piece

    monkeypatch.setattr(Opened, "_pieces", counting)
    assert Files("a.parquet", "parquet", tmp_path).latest("ts", NOW - 7 * HOUR, NOW) == NOW - HOUR
    assert read == [6, 7]


def test_files_of_other_dates_and_files_written_before_are_not_opened(tmp_path: Path) -> None:
    stored(tmp_path / "log/2026-03-02/a.parquet", START + DAY, 24)
    (tmp_path / "log/2026-03-01").mkdir()
    (tmp_path / "log/2026-03-01/a.parquet").write_bytes(b"damaged")
    dated = Files("log/{date}/*.parquet", "parquet", tmp_path)
    assert dated.latest("ts", START + DAY, NOW) == NOW - HOUR
    # Without dates in the path, what was written long before the span cannot hold a row of it.
    plain = Files("log/**/*.parquet", "parquet", tmp_path)
    with pytest.raises(TrafficUnavailable, match="2026-03-01"):
        plain.latest("ts", START + DAY, NOW)
    long_ago = (START - DAY).timestamp()
    os.utime(tmp_path / "log/2026-03-01/a.parquet", (long_ago, long_ago))
    assert plain.latest("ts", START + DAY, NOW) == NOW - HOUR
    os.utime(tmp_path / "log/2026-03-02/a.parquet", (long_ago, long_ago))
    assert plain.latest("ts", START + DAY, NOW) is None


def test_the_newest_row_on_s3_is_found(tmp_path: Path, s3_bucket: str) -> None:
    import s3fs

    stored(tmp_path / "a.parquet")
    s3fs.S3FileSystem().put(str(tmp_path / "a.parquet"), f"{s3_bucket}/log/a.parquet")
    assert Files(f"{s3_bucket}/log", "parquet", tmp_path).latest("ts", START, NOW) == NOW - HOUR


def test_what_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(TrafficUnavailable, match="no file matches"):
        Files("a.parquet", "parquet", tmp_path).latest("ts", START, NOW)
    stored(tmp_path / "a.parquet")
    with pytest.raises(ColumnMissing):
        Files("a.parquet", "parquet", tmp_path).latest("when", START, NOW)
