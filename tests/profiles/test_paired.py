"""Paired losses are added up by the hour, in any order, with what was clipped."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from profiles.paired import Block, PairedLosses, Pairs, Tails, in_blocks_of, merged, outside, paired_rows
from profiles.row_losses import ROW_LOSSES
from profiles.window import Window

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
MAE = ROW_LOSSES["absolute_error"]
TIMES = pa.array([START + timedelta(minutes=25 * place) for place in range(5)], pa.timestamp("us", "UTC"))


def test_rows_of_an_hour_become_one_block() -> None:
    pairs = Pairs([0.0] * 5, [1.0, 2, 3, 4, 50], [2.0, 2, None, 99, 1], TIMES)
    found = paired_rows(MAE, 10.0, pairs).within()
    assert found.blocks == (
        Block(START, 3, 3.0, 6.0, 14.0, Tails(1 + 7**3, 0, 1)),
        Block(START + HOUR, 2, 2.0, 14.0, 11.0, Tails(6**3, 9**3, 1)),
    )
    assert (found.champion_clipped, found.challenger_clipped, found.unanswered) == (1, 1, 1)
    assert found.rows == 5


def test_rows_without_label_or_weight_are_left_out_and_segments_are_parts() -> None:
    pairs = Pairs([0.0, None, 0, 0, 0], [1.0] * 5, [2.0] * 5, TIMES, weight=[2.0, 1, None, 0, 4])
    rows = paired_rows(MAE, 10.0, pairs)
    assert [block.weight for block in rows.within().blocks] == [2.0, 4.0]
    assert [block.challenger for block in rows.within().blocks] == [4.0, 8.0]
    segment = rows.within(np.array([True, True, True, False, False]))
    assert segment.blocks == (Block(START, 1, 2.0, 2.0, 4.0, Tails(8, 0, 2)),)


def test_queries_are_compared_as_wholes() -> None:
    pairs = Pairs(
        truth=[1, 0, 1, 0, 1],
        champion=[2.0, 1, 2, 1, 5],
        challenger=[1.0, 2, None, 1, 5],
        times=TIMES,
        group=["q", "q", "r", "r", "alone"],
    )
    found = paired_rows(ROW_LOSSES["one_minus_ndcg"], 1.0, pairs).within()
    assert (found.rows, found.unanswered) == (2, 1)
    (block,) = found.blocks
    assert block.champion == pytest.approx(0)
    assert block.challenger == pytest.approx(1 - 1 / np.log2(3) + 1)


@pytest.mark.parametrize(
    ("bound", "pairs", "said"),
    [
        (0.0, Pairs([1.0], [1.0], [1.0], TIMES[:1]), "has to be above 0"),
        (1.0, Pairs([1.0], [1.0], [1.0], [7]), "no timestamps"),
        (1.0, Pairs(["x"], [1.0], [1.0], TIMES[:1]), "does not hold numbers"),
    ],
)
def test_what_cannot_be_compared_is_said(bound: float, pairs: Pairs, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        paired_rows(MAE, bound, pairs)


losses = st.floats(0, 1)
blocks = st.builds(
    lambda hour, champion, challenger: Block(START + hour * HOUR, 1, 1.0, champion, challenger),
    st.integers(0, 30),
    losses,
    losses,
)
windows = st.lists(
    st.lists(blocks, max_size=6).map(lambda some: PairedLosses("brier", 1.0, tuple(some))), min_size=1
)


@settings(derandomize=True, deadline=None)
@given(windows, st.randoms(use_true_random=False))
def test_windows_add_up_in_whatever_order(some: list[PairedLosses], random: object) -> None:
    shuffled = list(some)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert merged(some) == merged(shuffled)
    assert merged(some).rows == sum(each.rows for each in some)


@settings(derandomize=True, deadline=None)
@given(windows)
def test_longer_blocks_hold_the_same_rows(some: list[PairedLosses]) -> None:
    hours = merged(some).blocks
    days = in_blocks_of(timedelta(days=1), hours)
    assert sum(day.rows for day in days) == sum(hour.rows for hour in hours)
    assert all(day.start.hour == 0 for day in days)
    assert sum(day.champion for day in days) == pytest.approx(sum(hour.champion for hour in hours))


def test_other_losses_are_not_added() -> None:
    with pytest.raises(ValueError, match="brier clipped at 1 and brier clipped at 2"):
        merged([PairedLosses("brier", 1.0), PairedLosses("brier", 2.0)])
    with pytest.raises(ValueError, match="found none"):
        merged([])


def test_blocks_that_a_pause_touches_are_left_out() -> None:
    some = tuple(Block(START + hour * HOUR, 1, 1.0, 0.0, 0.0) for hour in range(5))
    pause = Window(START + timedelta(minutes=90), START + timedelta(hours=3))
    assert [block.start.hour for block in outside([pause], some)] == [0, 3, 4]
