"""Traffic by date, in JSON lines, nested, on S3, and larger than a part."""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles import stream
from profiles.errors import TrafficUnavailable
from profiles.fields import united
from profiles.labels import known_labels
from profiles.layout import Format, LabelLayout, TrafficLayout
from profiles.partitions import date_of, fault_in, of_span
from profiles.see import Sight, see
from profiles.sketch import read, sketch
from profiles.traffic import Files, rows_in
from profiles.window import Window

START = datetime(2026, 3, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FIRST = Window(START, START + DAY)


def rows(day: int = 0, n: int = 24, **columns: object) -> pa.Table:
    at = pa.array([START + day * DAY + i * DAY / n for i in range(n)], pa.timestamp("us", "UTC"))
    x = np.random.default_rng(100 + day).normal(size=n)
    return pa.table({"ts": at, "id": [f"{day}-{i}" for i in range(n)], "x": x, "y": 2 * x, **columns})


def stored(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)


def sight(root: Path, path: str, file_format: Format = "parquet", **roles: object) -> Sight:
    layout = TrafficLayout(path, file_format, "ts", "y", **{"request_id": "id", **roles})  # type: ignore[arg-type]
    return Sight(layout, None, (), root)


@pytest.mark.parametrize(
    ("path", "hours", "expected"),
    [
        ("a/{date}/*.csv", 25, ("a/2026-03-01/*.csv", "a/2026-03-02/*.csv")),
        ("a/{date:%Y}/{date:%m}/{date:%d}", 24, ("a/2026/03/01",)),
        ("a/{date:%Y-%m}/*", 48, ("a/2026-03/*",)),
        ("a/dt={date:%Y-%m-%d-%H}", 2, ("a/dt=2026-03-01-00", "a/dt=2026-03-01-01")),
    ],
)
def test_a_path_with_a_date_becomes_those_of_the_span(
    path: str, hours: int, expected: tuple[str, ...]
) -> None:
    assert of_span(path, START, START + timedelta(hours=hours)) == expected


def test_the_date_of_a_file_is_read_from_its_path() -> None:
    assert date_of("a/{date:%Y}/{date:%m-%d}/*.csv", "/logs/a/2026/03-02/part-1.csv") == START + DAY
    assert date_of("a/{date}/*.csv", "a/latest/part-1.csv") is None


@pytest.mark.parametrize("path", ["a/{date:%m-%d}/*.csv", "a/{date/*.csv", "a/{dates}/*.csv"])
def test_a_placeholder_that_names_no_date_is_a_fault(path: str) -> None:
    assert fault_in(path) is not None


def test_only_the_files_of_the_windows_days_are_opened(tmp_path: Path) -> None:
    stored(tmp_path / "log/2026-03-01/a.parquet", rows(0))
    stored(tmp_path / "log/2026-03-02/a.parquet", rows(1))
    (tmp_path / "log/2026-03-02/damaged.parquet").write_bytes(b"not read")
    files = Files("log/{date:%Y-%m-%d}/*.parquet", "parquet", tmp_path)
    assert rows_in(files, ["x"], "ts", FIRST).num_rows == 24
    assert files.earliest("ts") == START
    with pytest.raises(TrafficUnavailable, match="damaged"):
        rows_in(files, ["x"], "ts", Window(START + DAY, START + 2 * DAY))


def test_a_day_without_a_folder_is_silent_and_a_log_without_any_is_a_fault(tmp_path: Path) -> None:
    stored(tmp_path / "log/2026-02-20/a.parquet", rows(-9))
    seen = see(sight(tmp_path, "log/{date}"), FIRST, START + DAY)
    assert (seen.arrivals.rows, seen.arrivals.longest_silence, seen.profile) == (0, DAY, None)
    with pytest.raises(TrafficUnavailable, match=r"no file matches other/\{date\}"):
        see(sight(tmp_path, "other/{date}"), FIRST, START + DAY)


@pytest.mark.parametrize("name", ["a.jsonl", "a.ndjson", "a.jsonl.gz"])
@pytest.mark.parametrize(
    "stamp", ["2026-03-01T10:00:00", "2026-03-01T10:00:00.123456789Z", "2026-03-01 12:00+02:00"]
)
def test_json_lines_are_read_with_their_nested_fields(tmp_path: Path, name: str, stamp: str) -> None:
    lines = [
        {
            "ts": "2026-03-01T09:00:00",
            "req": {"id": "a"},
            "features": {"amount": 1.5, "kind": "b"},
            "out": {"y": 3},
        },
        {"ts": stamp, "req": {"id": "a"}, "features": {"amount": 2}, "out": {"y": 4}},
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    (tmp_path / name).write_bytes(gzip.compress(text) if name.endswith("gz") else text)
    layout = TrafficLayout(name, "jsonl", "ts", "out.y", request_id="req.id")
    seen = see(Sight(layout, None, (), tmp_path), FIRST, START + DAY)
    assert seen.profile is not None
    assert set(read(seen.profile).columns) == {"features.amount", "features.kind", "out.y"}
    assert seen.arrivals.last is not None
    assert seen.arrivals.last.replace(microsecond=0) == START + timedelta(hours=10)
    assert seen.arrivals.duplicates == 1


def test_structs_of_parquet_are_profiled_under_dotted_names(tmp_path: Path) -> None:
    table = rows(n=3, features=[{"amount": 1.0, "secret": "a"}, None, {"amount": 3.0, "secret": "b"}])
    stored(tmp_path / "a.parquet", table)
    seen = see(sight(tmp_path, "a.parquet", ignore=("features.secret", "x")), FIRST, START + DAY)
    assert seen.profile is not None
    columns = read(seen.profile).columns
    assert (set(columns), columns["features.amount"].missing) == ({"features.amount", "y"}, 1)
    seen = see(sight(tmp_path, "a.parquet", features=("features",)), FIRST, START + DAY)
    assert seen.profile is not None
    assert set(read(seen.profile).columns) == {"features.amount", "features.secret", "y"}


def test_a_window_of_one_part_has_the_profile_of_its_rows(tmp_path: Path) -> None:
    for day in (0, 1):
        stored(tmp_path / f"{day}.parquet", rows(day))
    seen = see(sight(tmp_path, "*.parquet"), FIRST, START + DAY)
    assert seen.profile == sketch(rows(0).select(["x", "y"]), at=START)


def test_a_window_of_many_parts_is_profiled_alike_each_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(tmp_path / "a.parquet", rows(n=50_000, kind=["a", "b"] * 25_000))
    monkeypatch.setattr(stream, "_BYTES", 20_000)
    monkeypatch.setattr(stream, "_FAN_IN", 4)
    monkeypatch.setattr("profiles.formats._CELLS", 4_000)
    looking = sight(tmp_path, "a.parquet")
    first, second = (see(looking, FIRST, START + DAY).profile for _ in range(2))
    assert first is not None
    assert first == second
    found, whole = read(first), read(sketch(rows(n=50_000).select(["x"]), at=START))
    assert (found.rows, found.columns["kind"].categories) == (50_000, {"a": 25_000, "b": 25_000})
    column, exact = found.columns["x"].distribution, whole.columns["x"].distribution
    assert column is not None
    assert exact is not None
    assert abs(np.interp(25_000, np.cumsum(column.weights), column.values)) < 0.02
    assert column.mean == pytest.approx(exact.mean)


def test_slices_are_profiled_from_rows_that_were_put_aside() -> None:
    table = rows(n=3000, kind=["a", "b", "b"] * 1000)
    held, marks = stream.Held(), np.array(table.column("kind").to_pylist()) == "b"
    for start in range(0, 3000, 700):
        held.add(table.slice(start, 700).select(["x"]))
    (profile,) = stream.of_slices(held, {"kind=b": marks}, START).values()
    assert profile == sketch(table.filter(pa.array(marks)).select(["x"]), at=START)


def test_a_constant_version_is_who_answered(tmp_path: Path) -> None:
    stored(tmp_path / "a.parquet", rows())
    assert see(sight(tmp_path, "a.parquet", version_is="7"), FIRST, START + DAY).version == "7"


def test_types_that_do_not_go_together_become_text() -> None:
    files = {"a": pa.schema([("x", pa.int64())]), "b": pa.schema([("x", pa.string()), ("z", pa.int8())])}
    schema, mixed = united(files)
    assert (schema.field("x").type, schema.field("z").type, mixed) == (
        pa.string(),
        pa.int8(),
        frozenset({"x"}),
    )


@pytest.mark.servers
def test_traffic_and_labels_are_read_from_s3(s3_bucket: str, tmp_path: Path) -> None:
    import s3fs

    storage = s3fs.S3FileSystem()
    for day in (0, 1):
        with storage.open(f"{s3_bucket}/log/dt=2026-03-0{day + 1}/a.parquet", "wb") as stream_:
            pq.write_table(rows(day), stream_)
    with storage.open(f"{s3_bucket}/labels/a.jsonl", "wb") as stream_:
        stream_.write(b'{"id": "0-3", "paid": 4.5}\n')
    looking = sight(tmp_path, f"{s3_bucket}/log/dt={{date}}/*.parquet")
    assert see(looking, FIRST, START + DAY).arrivals.rows == 24
    # A file that comes later is seen, although a listing was remembered.
    with storage.open(f"{s3_bucket}/log/dt=2026-03-01/b.parquet", "wb") as stream_:
        pq.write_table(rows(0, n=6), stream_)
    assert see(looking, FIRST, START + DAY).arrivals.rows == 30
    labels = LabelLayout(f"{s3_bucket}/labels/*.jsonl", "jsonl", "paid", "id", DAY)
    assert known_labels(labels, FIRST, START + DAY, tmp_path).select(["id", "label"]).to_pydict() == {
        "id": ["0-3"],
        "label": [4.5],
    }


def no_bucket(address: str, _: pytest.MonkeyPatch) -> str:
    return f"{address}-which-is-not-there/*.parquet"


def nobody_there(address: str, patch: pytest.MonkeyPatch) -> str:
    patch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    patch.setenv("AWS_MAX_ATTEMPTS", "1")
    return f"{address}/*.parquet"


@pytest.mark.servers
@pytest.mark.parametrize("wrong", [no_bucket, nobody_there])
def test_an_unreachable_bucket_is_said_without_secrets(
    s3_bucket: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wrong: Callable[[str, pytest.MonkeyPatch], str],
) -> None:
    import s3fs

    path = wrong(s3_bucket, monkeypatch)
    s3fs.S3FileSystem.clear_instance_cache()
    with pytest.raises(TrafficUnavailable, match="s3://") as caught:
        Files(path, "parquet", tmp_path).columns()
    assert "secret-of-the-tests" not in str(caught.value)


@pytest.mark.parametrize("suffix", ["parquet", "csv", "jsonl"])
def test_names_of_folders_are_columns_where_they_are_asked_for(tmp_path: Path, suffix: Format) -> None:
    for version, day in (("v1", 0), ("v%202", 1)):
        folder = tmp_path / "log" / f"dt={START + day * DAY:%Y-%m-%d}" / f"build={version}"
        stored(folder / "x.parquet", rows(day))
        table = rows(day)
        if suffix != "parquet":
            (folder / "x.parquet").unlink()
        if suffix == "csv":
            table.to_pandas().to_csv(folder / "x.csv", index=False)
        if suffix == "jsonl":
            table.to_pandas().to_json(folder / "x.jsonl", orient="records", lines=True, date_format="iso")
    files = Files("log", suffix, tmp_path)
    assert files.columns() == ("ts", "id", "x", "y")  # neither is compared unless the policy says so
    assert files.keys() == ("dt", "build")
    window = Window(START, START + 2 * DAY)
    both = rows_in(files, ["id", "build", "dt"], "ts", window)
    assert set(zip(*(both.column(name).to_pylist() for name in ("dt", "build")), strict=True)) == {
        ("2026-03-01", "v1"),
        ("2026-03-02", "v 2"),
    }
    by_day = rows_in(files, ["id", "dt"], "dt", FIRST)  # the day, where nothing says it better
    assert by_day.num_rows == 24
    seen = see(sight(tmp_path, "log", suffix, version="build"), Window(START + DAY, START + 2 * DAY), START)
    assert seen.version == "v 2"
    assert read(seen.profile or b"").columns.keys() == {"x", "y"}


def test_a_files_own_column_goes_before_a_folders(tmp_path: Path) -> None:
    stored(tmp_path / "log" / "x=north" / "part.parquet", rows())
    files = Files("log", "parquet", tmp_path)
    assert files.keys() == ()
    assert pa.types.is_floating(rows_in(files, ["x"], "ts", FIRST).column("x").type)


def test_times_in_json_are_times_with_fractions_and_without(tmp_path: Path) -> None:
    written = ["2026-03-01T01:00:00.250Z", "2026-03-01T02:00:00Z", None, "2026-03-01T03:00:00.5+01:00"]
    lines = [
        json.dumps({"ts": f"2026-03-01T0{i}:00:00", "last": at, "n": {"seen": at}, "note": f"x{i}"})
        for i, at in enumerate(written)
    ]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    table = rows_in(Files("log.jsonl", "jsonl", tmp_path), ["last", "n.seen", "note"], "ts", FIRST)
    assert [str(kind) for kind in table.schema.types] == ["timestamp[us, tz=UTC]"] * 2 + ["string"]
    assert table.column("last").to_pylist()[0] == START + timedelta(hours=1, milliseconds=250)
    assert table.column("last").to_pylist()[3] == START + timedelta(hours=2, milliseconds=500)


@pytest.mark.parametrize("broken", ["soon", "2026-02-31T00:00:00Z"])
def test_a_text_among_times_in_json_is_missing(tmp_path: Path, broken: str) -> None:
    times = [*["2026-03-01T01:00:00.25Z"] * 100, broken]
    lines = [json.dumps({"ts": "2026-03-01T00:00:00", "last": at}) for at in times]
    (tmp_path / "log.jsonl").write_text("\n".join(lines))
    table = rows_in(Files("log.jsonl", "jsonl", tmp_path), ["last"], "ts", FIRST)
    assert (table.num_rows, table.column("last").null_count) == (101, 1)
