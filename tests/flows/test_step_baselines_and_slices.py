"""A window is judged by the baseline of its day, slices by their own; what was judged can be recomputed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from flows.baselines import baseline_of_period, confirmed, propose_baseline
from flows.slices import slice_baselines
from flows.step import begin
from flows.watch import catch_up
from flows.world import World
from policies.policy import CalendarBaseline, ErrorShare, LatencyLimits, Policy, ValuePerPrediction
from policies.verdict import Severity, Status
from profiles.see import see
from profiles.sketch import sketch
from profiles.window import Window
from registry.model_registry import AttachedBaseline, BaselineFacts
from registry.recompute import recompute
from registry.records import Actor, Judged
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, rows_of, world, write_day

HOLIDAY = CalendarBaseline("holiday", dates=((START + DAY).date(),))
HIGH = Severity.HIGH


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path, START + 6 * DAY, FakeVersions({("shop.prices", "champion"): "1"}))
    yield made
    made.ledger.close()


def attached(name: str, shift: float = 0.0, kind: str | None = None) -> AttachedBaseline:
    rows = pa.concat_tables([rows_of(day, shift=shift)[0] for day in range(-5, 0)])
    if kind is not None:
        rows = rows.filter(pc.equal(rows.column("kind"), kind))
    period = Window(START - 5 * DAY, START)
    facts = BaselineFacts(name, "period", rows.num_rows, period, {"mae": 1.0, "value_mean": 2.0})
    return AttachedBaseline(facts, sketch(rows.select(["x", "kind", "price"]), at=period.start))


def watched(opened: World, made: Policy, *baselines: AttachedBaseline) -> tuple[Judged, ...]:
    assert isinstance(opened.versions, FakeVersions)
    opened.versions.attached["1"] = baselines
    catch_up(loaded(made), opened)
    judged = opened.ledger.windows("shop.prices")
    for each in judged:
        again = recompute(each, made, opened.profiles)
        assert (again.verdict_agrees, again.comparison_agrees) != (False, False), again.note
        assert again.verdict_agrees, again.note
    return judged


def status(judged: Judged, objective: str) -> Status:
    verdict = judged.verdict.of(objective)
    assert verdict is not None
    return verdict.status


def test_a_holiday_is_quiet_by_its_own_baseline_and_the_verdict_names_it(opened: World) -> None:
    for day in range(3):
        write_day(opened.root, day, shift=3.0 if day == 1 else 0.0)
    quiet = watched(opened, policy(baselines=(HOLIDAY,)), baseline(), attached("holiday", shift=3.0))
    assert [each.verdict.baseline for each in quiet[:3]] == ["default", "holiday", "default"]
    assert [status(each, "drift") for each in quiet[:3]] == [Status.MET] * 3
    assert [each.reading.baseline_name for each in quiet[:3]] == ["default", "holiday", "default"]


def test_without_a_baseline_of_its_own_the_same_day_has_drifted(opened: World) -> None:
    for day in range(3):
        write_day(opened.root, day, shift=3.0 if day == 1 else 0.0)
    loud = watched(opened, policy(), baseline())
    assert [status(each, "drift") for each in loud[:3]] == [Status.MET, Status.BREACHED, Status.MET]


def test_a_holiday_whose_baseline_is_not_registered_is_blind(opened: World) -> None:
    for day in range(3):
        write_day(opened.root, day)
    judged = watched(opened, policy(baselines=(HOLIDAY,)), baseline())[1]
    assert (judged.verdict.baseline, judged.reading.baseline) == (None, None)
    assert status(judged, "drift") is Status.INCONCLUSIVE


def sliced() -> Policy:
    made = policy(segments=("kind",))
    assert made.drift is not None
    assert made.performance is not None
    return replace(
        made,
        drift=replace(made.drift, segments=True),
        performance=replace(made.performance, segments=True),
    )


def spoil_slice(root: Path) -> None:
    """Move x of the rows of kind b by half a unit, which all rows together hardly show."""
    path = root / "traffic" / "000.parquet"
    rows = pq.read_table(path)
    moved = pc.add(rows.column("x"), pc.if_else(pc.equal(rows.column("kind"), "b"), 2.0, 0.0))
    pq.write_table(rows.set_column(rows.schema.get_field_index("x"), "x", moved), path)


def test_a_drift_of_one_slice_names_the_slice_and_can_be_recomputed(opened: World) -> None:
    write_day(opened.root, 0)
    spoil_slice(opened.root)
    parts = [attached(f"default/kind={kind}", kind=kind) for kind in "ab"]
    judged = watched(opened, sliced(), baseline(), *parts)[0]
    assert {each.name: each.own_baseline for each in judged.reading.segments} == {
        "kind=a": True,
        "kind=b": True,
    }
    assert sum(each.rows for each in judged.reading.segments) == judged.reading.arrivals.rows
    verdict = judged.verdict.of("drift")
    assert verdict is not None
    assert {f.segment for f in verdict.findings if f.segment is not None} == {"kind=b"}
    assert {f.column for f in verdict.findings} == {"x"}
    assert recompute(judged, sliced(), opened.profiles).comparison_agrees


def test_slices_without_baselines_are_compared_with_all_rows_and_blind_for_drift(opened: World) -> None:
    write_day(opened.root, 0)
    judged = watched(opened, sliced(), baseline())[0]
    assert [each.own_baseline for each in judged.reading.segments] == [False, False]
    assert all(each.comparison is not None and "mae" in each.scores for each in judged.reading.segments)
    drift, performance = judged.verdict.of("drift"), judged.verdict.of("performance")
    assert drift is not None
    assert performance is not None
    assert (drift.status, drift.blind) == (Status.INCONCLUSIVE, ("kind=a", "kind=b"))
    assert (performance.status, performance.blind) == (Status.MET, ())


def test_a_slice_too_small_to_judge_is_only_counted(opened: World) -> None:
    write_day(opened.root, 0, n=100)
    judged = watched(opened, replace(sliced(), volume=None), baseline())[0]
    assert {(each.profile, each.comparison) for each in judged.reading.segments} == {(None, None)}
    performance = judged.verdict.of("performance")
    assert performance is not None
    assert performance.blind == ("kind=a", "kind=b")


def test_the_slices_of_a_period_become_baselines_of_their_own(opened: World) -> None:
    for day in range(2):
        write_day(opened.root, day)
    watched(opened, sliced(), baseline())
    whole = opened.ledger.baseline("shop.prices", "1")
    assert whole is not None
    seen = see(opened.sight(sliced()), Window(START, START + 2 * DAY), opened.clock())
    made = slice_baselines(whole, seen, opened.profiles)
    assert [each.name for each in made] == ["default/kind=a", "default/kind=b"]
    assert sum(each.rows for each in made) == 480
    assert made[0].scores == {"mae": pytest.approx(1.0)}


def test_setting_a_baseline_sets_those_of_its_slices(opened: World) -> None:
    for day in range(2):
        write_day(opened.root, day)
    watched(opened, sliced(), attached("other"))
    begun, period = begin(sliced(), "", opened), Window(START, START + 2 * DAY)
    propose_baseline(begun, period, (), opened)
    confirmed(begun, Actor("ann", "person"), opened)
    baseline_of_period(begun, period, "holiday", Actor("ann", "person"), opened)
    found = {each.name: each for each in opened.ledger.baselines("shop.prices")}
    for name in ("proposed", "default", "holiday"):
        assert found[name].rows == found[f"{name}/kind=a"].rows + found[f"{name}/kind=b"].rows
    assert opened.ledger.verify().sound


def test_value_latency_and_errors_are_read_judged_and_kept(opened: World) -> None:
    write_day(opened.root, 0)
    path = opened.root / "traffic" / "000.parquet"
    rows = pq.read_table(path)
    n = rows.num_rows
    rows = rows.append_column("worth", pa.array([1.0] * n)).append_column(
        "ms", pa.array([float(i) for i in range(n)])
    )
    pq.write_table(rows.append_column("code", pa.array([200, 500] * (n // 2))), path)
    made = policy(
        value=ValuePerPrediction(None, 0.1, HIGH),
        latency=LatencyLimits(None, 1000.0, None, HIGH),
        errors=ErrorShare(0.01, HIGH),
    )
    layout = replace(made.traffic, value="worth", latency="ms", status="code", ok=("200",))
    judged = watched(opened, replace(made, traffic=layout), attached("default"))[0]
    statuses = [status(judged, objective) for objective in ("value", "latency", "errors", "drift")]
    assert statuses == [Status.BREACHED, Status.MET, Status.BREACHED, Status.MET]
    assert judged.reading.comparison is not None
    assert {each.column for each in judged.reading.comparison.columns} == {"x", "kind", "price"}
    assert judged.reading.value is not None
    assert (judged.reading.value.total, judged.reading.value.mean) == (240.0, 1.0)


def test_a_value_comes_late_with_the_labels_and_the_window_is_judged_again(opened: World) -> None:
    write_day(opened.root, 0)
    path = opened.root / "labels" / "000.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.append_column("profit", pa.array([1.0] * rows.num_rows)), path)
    made = policy(value=ValuePerPrediction(1.5, None, HIGH, minimum_coverage=0.5))
    assert made.labels is not None
    judged = watched(opened, replace(made, labels=replace(made.labels, value="profit")), baseline())[0]
    assert status(judged, "value") is Status.BREACHED
    assert judged.reading.value is not None
    assert judged.reading.value.mean == 1.0
    assert judged.reading.labels is not None
    assert judged.reading.value.rows == judged.reading.labels.labelled


def test_without_any_label_a_late_value_is_blind(opened: World) -> None:
    write_day(opened.root, 0)
    path = opened.root / "labels" / "000.parquet"
    rows = pq.read_table(path)
    pq.write_table(rows.append_column("profit", pa.array([1.0] * rows.num_rows)).slice(0, 0), path)
    made = policy(value=ValuePerPrediction(1.5, None, HIGH, minimum_coverage=0.5))
    assert made.labels is not None
    judged = watched(opened, replace(made, labels=replace(made.labels, value="profit")), baseline())[0]
    assert (status(judged, "value"), judged.reading.value) == (Status.INCONCLUSIVE, None)
    assert judged.reading.unmeasured["value"] == "column profit has no value in any row"


def test_the_delay_of_labels_is_learned(opened: World) -> None:
    write_day(opened.root, 0)
    labels = watched(opened, policy(), baseline())[0].reading.labels
    assert labels is not None
    assert (labels.delay_median, labels.delay_90) == (timedelta(days=1).total_seconds(),) * 2
