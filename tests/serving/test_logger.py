"""The prediction logger never disturbs its service, and what it writes Muster reads."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from profiles.traffic import Files
from profiles.window import Window
from serving.folder import Folder
from serving.logger import PredictionLogger

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
DAY = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 3, 2, tzinfo=UTC))
NEVER = 3600.0  # seconds between files where a test says itself when to write


@pytest.fixture
def logger(tmp_path: Path) -> Iterator[PredictionLogger]:
    with PredictionLogger(tmp_path / "log", "pricing.bike", "7", flush_every=NEVER) as made:
        yield made


def read(folder: str | Path, *columns: str, window: Window = DAY) -> list[dict[str, Any]]:
    """The rows of a window, as Muster's own reader finds them."""
    files = Files(f"{folder}/dt={{date}}/*.parquet", "parquet", Path("/"))
    rows: list[dict[str, Any]] = files.rows(columns, "timestamp", window.start, window.end).to_pylist()
    return rows


def test_what_is_logged_is_read_back_in_the_documented_format(
    logger: PredictionLogger, tmp_path: Path
) -> None:
    logger.log(17, {"hour": 8, "town": "Hull"}, 42.5, score=0.9, latency_ms=3, status=200, at=AT)
    assert logger.flush()
    assert (logger.written, logger.dropped) == (1, 0)
    columns = ("request_id", "timestamp", "model", "version", "features.hour", "features.town")
    answers = ("prediction", "scores", "latency", "status")
    assert read(tmp_path / "log", *columns, *answers) == [
        {
            "request_id": "17",
            "timestamp": AT,
            "model": "pricing.bike",
            "version": "7",
            "features.hour": 8,
            "features.town": "Hull",
            "prediction": 42.5,
            "scores": 0.9,
            "latency": 3.0,
            "status": "200",
        }
    ]


def test_scores_by_class_are_columns_of_their_own(logger: PredictionLogger, tmp_path: Path) -> None:
    logger.log("a", {}, "no", score={"no": 0.75, "yes": 0.25}, at=AT)
    assert logger.flush()
    assert read(tmp_path / "log", "scores.no", "scores.yes") == [{"scores.no": 0.75, "scores.yes": 0.25}]


def test_a_later_change_of_the_callers_features_is_not_logged(
    logger: PredictionLogger, tmp_path: Path
) -> None:
    features = {"hour": 8}
    logger.log("a", features, 1.0, at=AT)
    features["hour"] = 9
    assert logger.flush()
    assert read(tmp_path / "log", "features.hour") == [{"features.hour": 8}]


@pytest.mark.parametrize(
    "at",
    [AT, AT.replace(tzinfo=None), AT.astimezone(ZoneInfo("Asia/Tokyo"))],
    ids=["UTC", "naive", "Tokyo"],
)
def test_every_time_is_written_in_utc(logger: PredictionLogger, tmp_path: Path, at: datetime) -> None:
    logger.log("a", {}, 1.0, at=at)
    assert logger.flush()
    assert read(tmp_path / "log", "timestamp") == [{"timestamp": AT}]


def test_rows_lie_in_the_folder_of_their_own_date(logger: PredictionLogger, tmp_path: Path) -> None:
    for days in (0, 1, 0):
        logger.log(days, {}, 1.0, at=AT + timedelta(days=days))
    assert logger.flush()
    assert sorted(path.name for path in (tmp_path / "log").iterdir()) == ["dt=2026-03-01", "dt=2026-03-02"]
    assert len(read(tmp_path / "log", "request_id")) == 2


@pytest.mark.parametrize(
    ("first", "then", "read_as"),
    [
        (3, 3.5, [3.0, 3.5]),
        (3, "three", ["3", "three"]),
        (None, 2.0, [None, 2.0]),
        (b"x", 2, ["b'x'", "2"]),
    ],
)
def test_a_feature_that_changes_its_type_is_still_read(
    logger: PredictionLogger, tmp_path: Path, first: Any, then: Any, read_as: list[Any]
) -> None:
    """In one file, where Arrow would refuse the column, and in two, where a struct would blind the window."""
    mixed = isinstance(first, bytes)
    logger.log("a", {"x": first}, 1.0, at=AT)
    if not mixed:
        assert logger.flush()
    logger.log("b", {"x": then}, 1.0, at=AT + timedelta(seconds=1))
    assert logger.flush()
    rows = sorted(read(tmp_path / "log", "request_id", "features.x"), key=lambda row: str(row["request_id"]))
    assert [row["features.x"] for row in rows] == read_as


class Hostile:
    """A value that can neither be written nor be spelled."""

    def __str__(self) -> str:
        raise RuntimeError("never")


@pytest.mark.parametrize(
    "call",
    [
        lambda log: log("a", None, 1.0),
        lambda log: log("a", [1, 2], 1.0),
        lambda log: log("a", {}, 1.0, latency_ms="soon"),
        lambda log: log("a", {}, 1.0, at="yesterday"),
        lambda log: log(Hostile(), {}, 1.0),
        lambda log: log("a", {"x": Hostile()}, 1.0),
    ],
)
def test_a_row_that_cannot_be_kept_is_counted_and_raises_nothing(
    logger: PredictionLogger, tmp_path: Path, call: Callable[[Any], None]
) -> None:
    call(logger.log)
    logger.flush()
    assert (logger.dropped, logger.written) == (1, 0)
    logger.log("good", {}, 1.0, at=AT)
    assert logger.flush()
    assert read(tmp_path / "log", "request_id") == [{"request_id": "good"}]


def test_thousands_of_rows_from_many_threads_are_all_there(tmp_path: Path) -> None:
    log = PredictionLogger(tmp_path / "log", "m", "1", flush_every=0.05, capacity=100_000)

    def answer(thread: int) -> None:
        for number in range(1000):
            log.log(f"{thread}-{number}", {"x": number}, float(number), at=AT)

    with log:
        threads = [threading.Thread(target=answer, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert (log.written, log.dropped) == (8000, 0)
    found = {row["request_id"] for row in read(tmp_path / "log", "request_id")}
    assert found == {f"{thread}-{number}" for thread in range(8) for number in range(1000)}


class Stuck(Folder):
    """A folder that answers only when the test lets it."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.asked, self.may_answer = threading.Event(), threading.Event()

    def put(self, name: str, rows: Any) -> None:
        self.asked.set()
        self.may_answer.wait()
        super().put(name, rows)


def test_a_folder_that_hangs_costs_rows_and_never_the_callers_time(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with PredictionLogger(tmp_path / "log", "m", "1", flush_every=NEVER, capacity=10) as logger:
        logger._folder = stuck = Stuck(str(tmp_path / "log"))
        for number in range(5):
            logger.log(number, {}, 1.0, at=AT)
        assert stuck.asked.wait(60)
        for number in range(5, 25):
            logger.log(number, {}, 1.0, at=AT)
        assert logger.dropped == 15
        stuck.may_answer.set()
        assert logger.flush()
    assert logger.written == 10
    assert "prediction log of m: 15 rows dropped, 15 so far: rows came faster" in caplog.text


def test_rows_outlast_a_folder_that_cannot_be_written_for_a_while(
    logger: PredictionLogger, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "log").write_text("a file is in the way")
    logger.log("a", {}, 1.0, at=AT)
    assert not logger.flush()
    assert not logger.flush()
    assert (logger.written, logger.dropped) == (0, 0)
    said = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert len(said) == 1, "a fault that lasts is said once"
    assert "cannot be written" in said[0].getMessage()
    (tmp_path / "log").unlink()
    logger.log("b", {}, 1.0, at=AT)
    assert logger.flush()
    assert {row["request_id"] for row in read(tmp_path / "log", "request_id")} == {"a", "b"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux's device that is always full")
def test_a_full_disk_drops_rows_with_a_word_and_leaves_no_half_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from fsspec.implementations.local import LocalFileSystem

    def full(self: Any, path: str, value: bytes, **_: Any) -> None:
        Path(path).touch()
        with Path("/dev/full").open("wb", buffering=0) as device:
            device.write(value)

    monkeypatch.setattr(LocalFileSystem, "pipe_file", full)
    with PredictionLogger(tmp_path / "log", "m", "1", flush_every=NEVER) as logger:
        logger.log("a", {}, 1.0, at=AT)
        assert not logger.flush()
    assert (logger.written, logger.dropped) == (0, 1)
    assert "1 rows dropped" in caplog.text
    assert "No space left on device" in caplog.text
    assert [path for path in (tmp_path / "log").rglob("*") if path.is_file()] == []


def test_after_closing_rows_are_counted_as_dropped(tmp_path: Path) -> None:
    logger = PredictionLogger(tmp_path / "log", "m", "1")
    logger.close()
    logger.close()
    logger.log("late", {}, 1.0)
    assert logger.dropped == 1


@pytest.mark.parametrize("wrong", [{"capacity": 0}, {"flush_every": 0}])
def test_a_logger_without_room_or_time_is_refused(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="at least one row has to fit"):
        PredictionLogger(tmp_path, "m", "1", **wrong)


def test_a_process_that_simply_ends_leaves_its_rows(tmp_path: Path) -> None:
    program = (
        "import sys; from serving.logger import PredictionLogger\n"
        "assert 'pyarrow' not in sys.modules and 'fsspec' not in sys.modules\n"
        f"PredictionLogger({str(tmp_path)!r}, 'm', '1').log('a', {{}}, 1.0)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
    assert len(list(tmp_path.glob("dt=*/*.parquet"))) == 1


# In a process of its own, because a fork of the test runner would also run what other tests left to be
# done when a process ends.
FORKING = """
import multiprocessing, sys
from datetime import UTC, datetime
from serving.logger import PredictionLogger

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
logger = PredictionLogger(sys.argv[1], "m", "1", flush_every=3600)

def answer():
    logger.log("child", {}, 1.0, at=AT)
    logger.close()

logger.log("parent", {}, 1.0, at=AT)
child = multiprocessing.get_context("fork").Process(target=answer)
child.start()
child.join(120)
assert (child.exitcode, logger.written) == (0, 0)
assert logger.flush(60)
"""


def test_a_forked_child_logs_its_own_rows_and_not_its_parents(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", FORKING, str(tmp_path / "log")], check=True, timeout=240)
    found = read(tmp_path / "log", "request_id")
    assert sorted(row["request_id"] for row in found) == ["child", "parent"]
    assert len(list((tmp_path / "log").glob("dt=*/*.parquet"))) == 2


def test_rows_reach_s3(s3_bucket: str) -> None:
    with PredictionLogger(f"{s3_bucket}/log", "m", "1", flush_every=NEVER) as logger:
        logger.log("a", {"x": 1}, 1.0, at=AT)
        assert logger.flush(60)
    assert read(f"{s3_bucket}/log", "request_id", "features.x") == [{"request_id": "a", "features.x": 1}]
