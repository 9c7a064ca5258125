"""Labelled rows as they were known at a time; rows of outages are not learned from."""

from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.world import sight_of
from policies.diagnosis import Cause, Diagnosis
from policies.policy import Policy
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status, Verdict
from profiles.errors import TrafficUnavailable
from profiles.reading import Arrivals, Reading
from profiles.window import Window
from registry.records import Judged
from tests.fakes import DAY, START, policy, rows_of, write_day
from training.collect import Collected, collect, outages


def collected(root: Path, now: datetime, *without: Window, made: Policy | None = None) -> Collected:
    return collect(sight_of(made or policy(), root), now, without)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    for day in range(6):
        write_day(tmp_path, day, n=24)
    return tmp_path


def test_rows_come_by_time_with_their_labels_and_features_only_where_they_are_features(log: Path) -> None:
    found = collected(log, START + 20 * DAY)
    assert found.rows.num_rows == found.asked == found.labels.labelled == 6 * 24
    assert found.features == ("x", "kind")
    assert set(found.rows.schema.names) == {"x", "kind", "ts", "id", "price", "label"}
    times = found.rows.column("ts").to_pylist()
    assert times == sorted(times)
    assert found.labels.delay_90 == pytest.approx(DAY.total_seconds())


def test_a_label_that_came_later_was_not_known(log: Path) -> None:
    # Labels come after a day. Rows of the last three days wait; those before the first that waits count.
    found = collected(log, START + 3 * DAY)
    assert found.span.end == START + 2 * DAY
    assert found.rows.num_rows == 2 * 24
    assert found.labels.coverage == 1.0


def test_early_labels_of_rows_that_still_wait_are_no_fair_sample(log: Path) -> None:
    labels = rows_of(5, n=24)[1]
    early = labels.filter(pa.array([place % 2 == 1 for place in range(24)]))
    pq.write_table(early, log / "labels" / "005.parquet")
    found = collected(log, START + 7 * DAY)
    assert found.span.end == START + 5 * DAY
    # When their time is over, their lack is counted.
    later = collected(log, START + 20 * DAY)
    assert later.labels.coverage == pytest.approx((5 * 24 + 12) / (6 * 24))


def test_rows_of_an_outage_are_left_out(log: Path) -> None:
    outage = Window(START + DAY, START + 3 * DAY)
    found = collected(log, START + 20 * DAY, outage)
    assert found.rows.num_rows == found.asked == 4 * 24
    assert found.left_out == (outage,)
    assert not any(outage.contains(at) for at in found.rows.column("ts").to_pylist())


def test_a_repeated_request_is_one_row(log: Path) -> None:
    pq.write_table(rows_of(2, n=24)[0], log / "traffic" / "again.parquet")
    found = collected(log, START + 20 * DAY)
    assert (found.rows.num_rows, found.duplicates, found.asked) == (6 * 24, 24, 7 * 24)


def test_a_model_without_labels_has_nothing_to_learn_from(log: Path) -> None:
    with pytest.raises(TrafficUnavailable, match=r"shop\.prices has no labels to learn from"):
        collected(log, START, made=policy(labels=None))
    with pytest.raises(TrafficUnavailable, match="has no row before"):
        collected(log, START - DAY)


def judged(day: int, code: str = "drift", cause: Cause = Cause.NONE, status: Status = Status.MET) -> Judged:
    window = Window(START + day * DAY, START + (day + 1) * DAY)
    arrivals = Arrivals(0, None, None, DAY, window.start)
    finding = Finding(code, "", Status.BREACHED, Severity.HIGH, 1.0, 0.0, 1)
    objective = ObjectiveVerdict("quality", status, "", findings=(finding,))
    verdict = Verdict("m.a", window, status, None, (objective,), diagnosis=Diagnosis(cause, ""))
    return Judged(Reading("m.a", window, None, arrivals), verdict, "", 1, START)


def test_windows_of_outages_are_joined_and_drift_is_none() -> None:
    windows = [
        judged(0),
        judged(1, "silent"),
        judged(2, cause=Cause.PIPELINE),
        judged(3),
        judged(4, status=Status.ERRORED),
    ]
    assert outages(windows) == (
        Window(START + DAY, START + 3 * DAY),
        Window(START + 4 * DAY, START + 5 * DAY),
    )
    suppressed = judged(6, "silent")
    explained = replace(suppressed.verdict.objectives[0].findings[0], suppressed_by="all_null")
    other = replace(suppressed.verdict.objectives[0], findings=(explained,))
    assert outages([replace(suppressed, verdict=replace(suppressed.verdict, objectives=(other,)))]) == ()
