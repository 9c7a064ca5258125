"""What was learned of a version at registration comes back with each window, as losses and estimates."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from flows.watch import catch_up
from flows.world import World
from profiles.held_out import HeldOut
from profiles.strata import Node, Strata, stratum_losses
from registry.recompute import recompute
from registry.records import Judged
from tests.fakes import DAY, START, FakeVersions, baseline, loaded, policy, world, write_day

STRATA = Strata((Node(column="x", at=0.0, left=1, right=2), Node(stratum=0), Node(stratum=1)))


def held_out() -> HeldOut:
    """Half the rows in either stratum, each with a loss of about 1."""
    losses = stratum_losses(np.repeat([0, 1], 600), 2, np.random.default_rng(0).normal(1, 0.1, 1_200))
    return HeldOut(1_200, "absolute error", STRATA, losses, {"x": 0.9})


def watched(
    root: Path, learned: HeldOut | None, now: Any = START + 5 * DAY, **changes: Any
) -> tuple[World, Judged]:
    attached = replace(baseline(), held_out=learned)
    opened = world(root, now, FakeVersions({("shop.prices", "champion"): "1"}, {"1": (attached,)}))
    made = policy(**changes)
    catch_up(loaded(made), opened)
    judged = opened.ledger.judged("shop.prices", START)
    assert judged is not None
    return opened, judged


def test_a_window_that_fares_worse_is_diagnosed_by_the_strata(tmp_path: Path) -> None:
    write_day(tmp_path, 0, error=1.5)
    opened, judged = watched(tmp_path, held_out())
    with opened.ledger:
        found, reading = judged.verdict.diagnosis, judged.reading
        assert found is not None
        assert found.cause == "concept_drift"
        assert sum(each.labelled for each in reading.losses) == 240
        assert reading.baseline is not None
        assert reading.baseline.importance == {"x": 0.9}
        # the estimate is blind to it, and stays beside the score that grades it
        assert reading.estimates["mae"].value == pytest.approx(1.0, abs=0.02)
        assert reading.scores["mae"].value == pytest.approx(1.5)
        assert recompute(judged, policy(), opened.profiles).verdict_agrees
        assert opened.ledger.verify().faults == ()


def test_nobody_having_learned_about_a_version_leaves_all_as_it_was(tmp_path: Path) -> None:
    write_day(tmp_path, 0, error=1.5)
    opened, judged = watched(tmp_path, None)
    with opened.ledger:
        assert judged.reading.losses == ()
        assert judged.reading.estimates == {}
        assert judged.verdict.diagnosis is not None
        assert judged.verdict.diagnosis.cause == "unclear"


def test_strata_that_ask_for_a_sensitive_column_are_not_taken_over(tmp_path: Path) -> None:
    write_day(tmp_path, 0)
    hidden = replace(policy().traffic, sensitive=("x",))
    opened, judged = watched(tmp_path, held_out(), traffic=hidden)
    with opened.ledger:
        assert judged.reading.losses == ()


def test_what_is_stored_can_be_lost_and_windows_are_still_judged(tmp_path: Path) -> None:
    write_day(tmp_path, 0)
    write_day(tmp_path, 1)
    opened, _ = watched(tmp_path, held_out(), now=START + DAY + DAY / 24)
    with opened.ledger:
        (bound,) = opened.ledger.baselines("shop.prices")
        assert bound.held_out is not None
        opened.profiles.path(bound.held_out).unlink()
        catch_up(loaded(policy()), replace(opened, clock=lambda: START + 5 * DAY))
        judged = opened.ledger.judged("shop.prices", START + DAY)
        assert judged is not None
        assert judged.reading.losses == ()
        assert judged.reading.fault is None


def test_a_column_that_strata_ask_for_may_be_absent(tmp_path: Path) -> None:
    write_day(tmp_path, 0)
    gone = Strata(
        (Node(column="lost", at=0.0, missing_left=True, left=1, right=2), Node(stratum=0), Node(stratum=1))
    )
    opened, judged = watched(tmp_path, replace(held_out(), strata=gone))
    with opened.ledger:
        assert [each.rows for each in judged.reading.losses] == [240, 0]
