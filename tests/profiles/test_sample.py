"""A sample is bounded, however large the log, and still tells what its columns mean."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from profiles import sample as sampling
from profiles.formats import evenly
from profiles.infer import infer_roles
from profiles.sample import labels_of, sample, times_of
from profiles.traffic import Files

START = datetime(2026, 3, 1, tzinfo=UTC)
DAYS, PER_DAY = 12, 400


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A log and labels of twelve files each, of which a sample may hold a fifth."""
    monkeypatch.setattr(sampling, "MOST_ROWS", 960)
    monkeypatch.setattr(sampling, "PARTS", 6)
    random = np.random.default_rng(0)
    for day in range(DAYS):
        x = random.normal(size=PER_DAY)
        at = [START + timedelta(days=day, minutes=i * 3.5) for i in range(PER_DAY)]
        ids = [f"q{day}-{i}" for i in random.permutation(PER_DAY)]
        log = pa.table({"at": at, "key": ids, "x": x, "y": 3 * x + random.normal(size=PER_DAY) / 9})
        stored(tmp_path / "log" / f"{day:02}.parquet", log)
        outcomes = pa.table({"k": ids, "n": np.arange(PER_DAY), "truth": 3 * x})
        order = pa.array(random.permutation(PER_DAY))
        stored(tmp_path / "labels" / f"{day:02}.parquet", outcomes.take(order))
    return tmp_path


def stored(path: Path, table: pa.Table) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path, row_group_size=100)


def test_a_small_log_is_read_whole(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_ROWS", DAYS * PER_DAY)
    found = sample(Files("log", "parquet", large))
    assert (found.whole, found.rows.num_rows) == (True, DAYS * PER_DAY)


@pytest.mark.parametrize("bound", ["MOST_ROWS", "MOST_BYTES"])
def test_a_sample_of_a_large_log_lies_over_all_of_it(
    large: Path, monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    if bound == "MOST_BYTES":
        monkeypatch.setattr(sampling, "MOST_ROWS", 1_000_000)
        monkeypatch.setattr(sampling, "MOST_BYTES", 40_000)
    found = sample(Files("log", "parquet", large))
    assert not found.whole
    days = {at.day for at in found.rows.column("at").to_pylist()}
    assert found.rows.num_rows <= 960
    assert {1} <= days
    assert bound == "MOST_BYTES" or {1, 3, 5, 8, 10, 12} == days


def test_many_labels_are_chosen_by_the_requests_that_they_join(large: Path) -> None:
    log = sample(Files("log", "parquet", large)).rows
    outcomes = labels_of(Files("labels", "parquet", large), log, iter)
    assert outcomes.rows.num_rows == log.num_rows
    roles = infer_roles(log, outcomes.rows)
    told = (roles.prediction, roles.label, roles.request_id, roles.label_request_id)
    assert [guess.value for guess in told if guess is not None] == ["y", "truth", "key", "k"]


def test_labels_that_join_nothing_are_sampled_as_a_log_is(large: Path) -> None:
    log = pa.table({"key": [f"z{i}" for i in range(100)]})
    outcomes = labels_of(Files("labels", "parquet", large), log, iter)
    assert (outcomes.whole, 0 < outcomes.rows.num_rows <= 960) == (False, True)


def test_times_are_counted_over_the_whole_log_and_waiting_is_told(large: Path) -> None:
    passed = []

    def waiting(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        for batch in batches:
            passed.append(batch.num_rows)
            yield batch

    times = times_of(Files("log", "parquet", large), "at", waiting)
    assert (len(times), sum(passed)) == (DAYS * PER_DAY, DAYS * PER_DAY)


def test_times_of_a_boundless_log_are_bounded(large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sampling, "MOST_TIMES", 500)
    assert 500 <= len(times_of(Files("log", "parquet", large), "at", iter)) < 700


@pytest.mark.parametrize(
    ("n", "most", "chosen"),
    [(3, 5, [0, 1, 2]), (9, 3, [0, 4, 8]), (10, 1, [0]), (0, 3, []), (4, 4, [0, 1, 2, 3])],
)
def test_parts_lie_evenly_apart(n: int, most: int, chosen: list[int]) -> None:
    assert list(evenly(range(n), most)) == chosen


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_only_the_beginnings_of_files_are_read(large: Path, suffix: str) -> None:
    write: Callable[[pa.Table, Path], None] = as_csv if suffix == "csv" else as_jsonl
    for path in (large / "log").glob("*.parquet"):
        write(pq.read_table(path), path.with_suffix(f".{suffix}"))
        path.unlink()
    found = sample(Files("log", suffix, large))  # type: ignore[arg-type]
    assert (found.whole, found.rows.num_rows) == (False, 960)


def as_csv(table: pa.Table, path: Path) -> None:
    table.to_pandas().to_csv(path, index=False)


def as_jsonl(table: pa.Table, path: Path) -> None:
    table.to_pandas().to_json(path, orient="records", lines=True, date_format="iso")
