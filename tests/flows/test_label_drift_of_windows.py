"""The labels of a window beside those of its baseline, from the files to the verdict."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from flows.baselines import baseline_of_period, confirmed, propose_baseline
from flows.step import Watched, begin
from flows.watch import catch_up
from flows.world import World
from policies.verdict import Status
from profiles.window import Window
from registry.recompute import recompute
from registry.records import Actor, Judged
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, world, write_day

ANNA = Actor("anna", "person")
FIRST = Window(START, START + 4 * DAY)


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[World]:
    made = world(tmp_path, START + 12 * DAY, FakeVersions({("shop.prices", "champion"): "1"}))
    yield made
    made.ledger.close()


def served(opened: World, *, moved: int) -> Watched:
    """Write eight days, of which the labels are off by much from the day `moved` on."""
    for day in range(8):
        write_day(opened.root, day, error=40.0 if day >= moved else 1.0)
    made = policy()
    return begin(made, loaded(made).source, opened)


def windows(opened: World) -> tuple[Judged, ...]:
    catch_up(loaded(policy()), opened)
    found = opened.ledger.windows("shop.prices")
    for each in found:
        again = recompute(each, policy(), opened.profiles)
        assert (again.verdict_agrees, again.comparison_agrees) != (False, False), again.note
    return found


def test_labels_that_move_are_a_drift_while_inputs_and_predictions_stand(opened: World) -> None:
    watched = served(opened, moved=6)
    baseline_of_period(watched, FIRST, "default", ANNA, opened)
    names = {each.name: each for each in opened.ledger.baselines("shop.prices")}
    assert set(names) == {"default", "default/labels"}
    assert names["default/labels"].rows == 960
    found = [each.verdict.of("drift") for each in windows(opened)[:8]]
    for day, drift in enumerate(found):
        assert drift is not None
        said = [finding.column for finding in drift.findings]
        assert said == (["paid"] if day >= 6 else []), drift.reason
        assert drift.status is (Status.BREACHED if day >= 6 else Status.MET)
    assert found[6] is not None
    assert found[6].reason.startswith("label `paid` drifted: ")


def test_a_baseline_without_labels_has_nothing_to_compare_with(opened: World) -> None:
    assert isinstance(opened.versions, FakeVersions)
    opened.versions.attached["1"] = (baseline(),)
    served(opened, moved=6)
    for each in windows(opened)[:8]:
        drift = each.verdict.of("drift")
        assert drift is not None
        assert drift.status is Status.MET
        assert "the baseline default has no labels to compare with" in drift.reason


def test_a_proposed_baseline_keeps_its_labels_when_it_is_confirmed(opened: World) -> None:
    watched = served(opened, moved=8)
    propose_baseline(watched, FIRST, ("1",), opened)
    confirmed(watched, ANNA, opened)
    assert opened.ledger.baseline("shop.prices", "1", "default/labels") is not None


def test_a_period_whose_labels_are_not_in_gives_a_baseline_without_labels(opened: World) -> None:
    watched = served(opened, moved=8)
    for file in (opened.root / "labels").glob("00[0-2].parquet"):
        file.unlink()
    baseline_of_period(watched, Window(START, START + timedelta(days=4)), "default", ANNA, opened)
    assert [each.name for each in opened.ledger.baselines("shop.prices")] == ["default"]
