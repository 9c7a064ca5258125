"""Traffic as it should not be: a clear error with file and column, or a value that judging can use."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles.errors import ColumnMissing, TrafficUnavailable
from profiles.layout import Format, LabelLayout, TrafficLayout
from profiles.profile import Profile
from profiles.see import Seen, Sight, see
from profiles.sketch import read
from profiles.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = Window(START, START + timedelta(days=1))
PRIVATE = "4111-is-private"
CSV = "ts,id,x,kind,y\n"
LINE = "2026-03-01T10:00:00Z,a,1,k,2\n"
JSON = '{"ts": "2026-03-01T10:00:00", "id": "a", "x": 1, "kind": "k", "y": 2}\n'


def seen(
    folder: Path, path: str, file_format: Format, labels: LabelLayout | None = None, **roles: object
) -> Seen:
    layout = TrafficLayout(path, file_format, "ts", "y", **{"request_id": "id", **roles})  # type: ignore[arg-type]
    return see(Sight(layout, labels, ("mae",), folder), DAY, DAY.end)


def profile_of(found: Seen) -> Profile:
    assert found.profile is not None
    return read(found.profile)


def parquet(folder: Path, name: str = "a.parquet", /, **columns: object) -> Path:
    n = 3
    at = pa.array([START + timedelta(hours=i) for i in range(n)], pa.timestamp("us", "UTC"))
    table = {
        "ts": at,
        "id": ["a", "b", "c"],
        "x": [1.0, 2.0, 3.0],
        "kind": ["k"] * n,
        "y": [1.0] * n,
        **columns,
    }
    pq.write_table(pa.table({k: v for k, v in table.items() if v is not None}), folder / name)
    return folder / name


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", CSV + LINE + "a,b,1\n", "not a readable csv file.*5 columns, got 3$"),
        ("a.csv", CSV.replace("kind", "x") + LINE, r"a\.csv .*multiple columns named x"),
        ("a.csv", CSV + LINE.replace("2026-03-01T10:00:00Z", PRIVATE), "ts holds text that is not a time"),
        ("a.csv", CSV + LINE * 700_000 + LINE.replace("1,k", f"{PRIVATE},k"), r"a\.csv: In column x: .*type"),
        ("a.csv", CSV.encode("utf-16"), r"a\.csv is not a readable csv file"),
        ("a.jsonl", JSON + '{"x": \n', r"a\.jsonl is not a readable jsonl file"),
        ("a.jsonl", JSON + JSON.replace('"x": 1', f'"x": "{PRIVATE}"'), "a.jsonl .*/x.* changed from number"),
        ("a.jsonl", JSON + JSON.replace("2026-03-01T10:00:00", PRIVATE), "ts holds text that is not a time"),
        ("a.jsonl", JSON.replace('"2026-03-01T10:00:00"', "7"), "column ts holds int64, not timestamps"),
        ("a.jsonl", JSON.encode().replace(b'"a"', b'"\xe9"'), "column of request ids holds"),
        ("a.parquet", b"", r"a\.parquet is not a readable parquet file"),
    ],
)  # fmt: skip
def test_a_damaged_file_is_named_and_none_of_its_values(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(TrafficUnavailable, match=said) as caught:
        seen(tmp_path, name, name.split(".")[1])  # type: ignore[arg-type]
    assert PRIVATE not in str(caught.value)


def truncated(folder: Path) -> None:
    path = parquet(folder)
    path.write_bytes(path.read_bytes()[:-30])


def damaged_inside(folder: Path) -> None:
    path = parquet(folder)
    data = bytearray(path.read_bytes())
    data[4:200] = bytes(196)
    path.write_bytes(data)


@pytest.mark.parametrize("harm", [truncated, damaged_inside])
def test_damaged_parquet_is_named(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    harm(tmp_path)
    with pytest.raises(TrafficUnavailable, match=r"a\.parquet"):
        seen(tmp_path, "*.parquet", "parquet")


@pytest.mark.parametrize(
    ("lacks", "roles"),
    [("y", {}), ("ts", {}), ("id", {}), ("z", {"features": ("x", "z")}), ("f.z", {"version": "f.z"})],
)
def test_a_column_that_the_policy_names_and_the_log_lacks_is_named(
    tmp_path: Path, lacks: str, roles: dict[str, Any]
) -> None:
    parquet(tmp_path, **{lacks: None} if "." not in lacks else {})
    with pytest.raises(ColumnMissing, match=rf"has no column {lacks}; it has "):
        seen(tmp_path, "a.parquet", "parquet", **roles)


def test_an_odd_file_shows_as_a_column_that_changed_its_type(tmp_path: Path) -> None:
    parquet(tmp_path)
    parquet(tmp_path, "b.parquet", x=["n/a"] * 3)
    columns = profile_of(seen(tmp_path, "*.parquet", "parquet")).columns
    assert (columns["x"].kind, columns["x"].rows, columns["y"].kind) == ("category", 6, "number")


def test_lists_beside_numbers_are_refused_with_column_and_files(tmp_path: Path) -> None:
    parquet(tmp_path)
    parquet(tmp_path, "b.parquet", x=[[1.0]] * 3)
    with pytest.raises(TrafficUnavailable, match=r"x is double in .*a\.parquet and list.* in .*b\.parquet"):
        seen(tmp_path, "*.parquet", "parquet")


@pytest.mark.parametrize("second", ["us", "ns", None, "text", "date"])
def test_times_of_every_type_meet_in_one_window(tmp_path: Path, second: str | None) -> None:
    parquet(tmp_path)
    plain = [START.replace(tzinfo=None) + timedelta(hours=i) for i in range(3)]
    other = {
        "us": pa.array(plain, pa.timestamp("us")),
        "ns": pa.array(plain, pa.timestamp("ns", "Europe/Berlin")),
        "text": [f"{at.isoformat()}Z" for at in plain],
        "date": [START.date()] * 3,
        None: pa.nulls(3),
    }[second]
    parquet(tmp_path, "b.parquet", ts=other)
    assert seen(tmp_path, "*.parquet", "parquet").arrivals.rows == (3 if second is None else 6)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.csv", ""),
        ("a.csv", CSV),
        ("a.jsonl", ""),
        ("a.csv", CSV + LINE.replace("2026-03-01", "2026-03-02")),
    ],
    ids=["an empty file", "a header alone", "no line", "no row of the window"],
)
def test_a_window_without_rows_is_silence_and_no_error(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    found = seen(tmp_path, name, name.split(".")[1])  # type: ignore[arg-type]
    assert (found.arrivals.rows, found.arrivals.longest_silence, found.profile) == (0, DAY.length, None)


def test_columns_of_nan_inf_and_nothing_are_counted_as_such(tmp_path: Path) -> None:
    nan, inf = float("nan"), float("inf")
    parquet(tmp_path, x=[nan] * 3, kind=[inf, -inf, inf], y=pa.nulls(3))
    columns = profile_of(seen(tmp_path, "a.parquet", "parquet")).columns
    assert (columns["x"].missing, columns["kind"].infinite, columns["y"].kind) == (3, 3, "empty")


@pytest.mark.parametrize(
    ("ids", "repeated"),
    [
        (["a", "a", "b"], 1),
        (["a", "a", "a"], 2),
        ([None, None, "a"], 0),
        ([1, 1, 2], 1),
        ([1.0, None, 1.0], 1),
    ],
)
def test_rows_that_repeat_a_request_id_are_counted(tmp_path: Path, ids: list[object], repeated: int) -> None:
    parquet(tmp_path, id=ids)
    assert seen(tmp_path, "a.parquet", "parquet").arrivals.duplicates == repeated


def test_times_in_the_future_belong_to_no_window_of_the_present(tmp_path: Path) -> None:
    years = [START, START.replace(year=2999), START.replace(year=9999)]
    parquet(tmp_path, ts=pa.array(years, pa.timestamp("us", "UTC")))
    assert seen(tmp_path, "a.parquet", "parquet").arrivals.rows == 1


def test_csv_that_is_not_utf8_is_a_column_of_another_kind(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes((CSV + LINE).encode() + LINE.replace("k", "\xe9").encode("latin-1"))
    column = profile_of(seen(tmp_path, "a.csv", "csv")).columns["kind"]
    assert (column.kind, column.rows) == ("other", 2)


def test_labels_that_do_not_fit_leave_the_score_out_with_a_reason(tmp_path: Path) -> None:
    parquet(tmp_path)
    pq.write_table(pa.table({"id": ["a", "b"], "paid": ["much", "little"]}), tmp_path / "labels.parquet")
    labels = LabelLayout("labels.parquet", "parquet", "paid", "id", timedelta(days=1))
    found = seen(tmp_path, "a.parquet", "parquet", labels)
    assert (dict(found.scores), list(found.unmeasured)) == ({}, ["mae"])


def test_ten_thousand_columns_are_profiled(tmp_path: Path) -> None:
    parquet(tmp_path, **{f"x{i}": [float(i)] * 3 for i in range(10_000)})
    assert len(profile_of(seen(tmp_path, "a.parquet", "parquet")).columns) == 10_003
