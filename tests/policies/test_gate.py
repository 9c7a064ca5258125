"""A gate advances, holds or aborts by paired losses, says why, and never takes an abort back."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.gate import Answer, Gate, bake, decide, noise_floor, share_of_alpha
from policies.gate_evidence import with_margin
from profiles.paired import Block, PairedLosses, Tails
from profiles.window import Window

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
GATE = Gate()
ADVANCE, HOLD, ABORT = Answer.ADVANCE, Answer.HOLD, Answer.ABORT


def shadow(
    excess: float | Sequence[float], *, hours: int = 200, rows: int = 20, seed: int = 1
) -> PairedLosses:
    """Hours whose champion loses about 1 a row and whose challenger loses more by about `excess`."""
    random = np.random.default_rng(seed)
    champion = rows * (1 + random.normal(0, 0.1, hours))
    challenger = champion + rows * (np.resize(excess, hours) + random.normal(0, 0.02, hours))
    blocks = (
        Block(START + hour * HOUR, rows, float(rows), float(a), float(c))
        for hour, (a, c) in enumerate(zip(champion, challenger, strict=True))
    )
    return PairedLosses("absolute_error", 2.0, tuple(blocks))


@pytest.mark.parametrize(
    ("excess", "hours", "answer", "said"),
    [
        (-0.02, 200, ADVANCE, "lower than the champion's"),
        (0.0, 200, ADVANCE, "2 % higher is allowed"),
        (0.06, 200, ABORT, "higher than the champion's"),
        (0.02, 200, HOLD, "undecided: absolute_error"),
        (-0.02, 4, HOLD, "blind: 80 rows with labels, needs 100"),
        (-0.02, 9, HOLD, "blind: labelled rows in 9 blocks of 1h, needs 10"),
    ],
)
def test_the_answer_follows_the_losses(excess: float, hours: int, answer: Answer, said: str) -> None:
    found = decide(shadow(excess, hours=hours), GATE)
    assert found.answer is answer
    assert said in found.reason
    assert (found.evidence is None) is ("blind" in found.reason)


def test_the_evidence_is_in_units_of_the_loss() -> None:
    found = decide(shadow(-0.02), GATE).evidence
    assert found is not None
    assert found.champion_loss == pytest.approx(1, rel=0.03)
    assert found.difference == pytest.approx(-0.02, abs=0.005)
    assert found.margin == pytest.approx(0.02 * found.champion_loss)
    assert found.lower < found.difference < found.upper < found.margin
    assert (found.rows, found.blocks) == (4_000, 200)


def test_an_absolute_margin_is_in_units_of_the_loss() -> None:
    strict, mild = Gate(margin=0.02, relative=False), Gate(margin=0.2, relative=False)
    assert decide(shadow(0.06), strict).answer is ABORT
    assert decide(shadow(0.06), mild).answer is ADVANCE
    assert "0.2 higher is allowed" in decide(shadow(0.06), mild).reason


def test_an_undecided_gate_says_how_long_it_will_take() -> None:
    found = decide(shadow(0.01, hours=20), GATE)
    assert found.answer is HOLD
    assert found.expected_rows is not None
    assert found.expected_time == found.expected_rows / 20 * HOUR
    assert f"about {found.expected_rows:,} more rows" in found.reason
    more = decide(shadow(0.01, hours=20 + 2 * found.expected_rows // 20), GATE)
    assert more.answer is ADVANCE


def test_the_time_foreseen_has_quiet_hours_in_it() -> None:
    busy = shadow(0.01, hours=20)
    sparse = replace(
        busy, blocks=tuple(replace(each, start=START + 3 * (each.start - START)) for each in busy.blocks)
    )
    often, seldom = decide(busy, GATE), decide(sparse, GATE)
    assert often.expected_time is not None
    assert seldom.expected_time is not None
    assert seldom.expected_rows == often.expected_rows
    assert seldom.expected_time == pytest.approx(2.9 * often.expected_time, abs=HOUR)


def test_labels_of_some_decisions_alone_are_refused_whatever_they_show() -> None:
    for found in (
        decide(shadow(-0.5), GATE, observed_when="approved = 1"),
        bake(shadow(0.5), GATE, observed_when="approved = 1"),
    ):
        assert (found.answer, found.refused, found.evidence) == (HOLD, True, None)
        assert "refused: labels exist only for decisions where approved = 1" in found.reason


def test_an_outage_stops_the_clock() -> None:
    outage = Window(START + 50 * HOUR, START + 100 * HOUR)
    spoilt = [-0.02] * 50 + [0.5] * 50 + [-0.02] * 100
    assert decide(shadow(spoilt), GATE).answer is ABORT
    found = decide(shadow(spoilt), GATE, paused=[outage])
    assert (found.answer, found.paused_rows) == (ADVANCE, 1_000)
    short = replace(GATE, longest=timedelta(hours=180))
    assert decide(shadow(0.02), short).expired
    assert not decide(shadow(0.02), short, paused=[outage, outage]).expired


def test_a_gate_that_is_never_decided_expires_with_the_champion_in_place() -> None:
    found = decide(shadow(0.02), replace(GATE, longest=timedelta(days=7)))
    assert (found.answer, found.expired) == (HOLD, True)
    assert found.reason.startswith("undecided after 7d: ")


def test_an_abort_stays_one_though_later_rows_look_better() -> None:
    found = decide(shadow([0.1] * 40 + [-0.1] * 160), GATE)
    assert found.answer is ABORT
    assert "at an earlier look" in found.reason


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.lists(st.floats(-0.3, 0.3), min_size=12, max_size=40), st.integers(0, 5))
def test_more_rows_never_take_an_abort_back(excess: list[float], seed: int) -> None:
    whole = shadow(excess, hours=len(excess), seed=seed)
    answers = [
        decide(replace(whole, blocks=whole.blocks[:end]), GATE).answer for end in range(10, len(excess) + 1)
    ]
    if ABORT in answers:
        assert set(answers[answers.index(ABORT) :]) == {ABORT}


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.floats(-0.1, 0.1), st.floats(0, 0.1), st.integers(0, 5))
def test_a_larger_margin_never_aborts_what_a_smaller_one_lets_pass(
    excess: float, margin: float, seed: int
) -> None:
    order = {ABORT: 0, HOLD: 1, ADVANCE: 2}
    some = shadow(excess, hours=40, seed=seed)
    strict, mild = (
        decide(some, Gate(margin=each, relative=False)).answer for each in (margin, margin + 0.05)
    )
    assert order[mild] >= order[strict]


def test_the_order_in_which_blocks_are_given_does_not_matter() -> None:
    some = shadow(0.0)
    assert decide(replace(some, blocks=some.blocks[::-1]), GATE) == decide(some, GATE)


def test_all_challengers_of_a_month_share_one_alpha() -> None:
    shares = [share_of_alpha(0.05, each) for each in range(1, 5_000)]
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(0.05, abs=1e-4)
    assert sum(shares) <= 0.05
    first, third = (decide(shadow(0.0), GATE, challenger=each) for each in (1, 3))
    assert first.alpha > third.alpha
    assert first.evidence is not None
    assert third.evidence is not None
    assert third.evidence.upper > first.evidence.upper
    with pytest.raises(ValueError, match="counted from 1"):
        decide(shadow(0.0), GATE, challenger=0)


def test_a_segment_that_is_worse_aborts_and_is_named() -> None:
    gate = replace(GATE, segment_margin=0.05)
    parts = {
        "country=de": shadow(0.2, seed=2),
        "country=fr": shadow(-0.02),
        "country=it": shadow(0.9, hours=3),
    }
    found = decide(shadow(-0.02), gate, segments=parts)
    assert found.answer is ABORT
    assert found.reason.endswith("worse in country=de")
    assert [(each.segment, each.worse) for each in found.segments] == [
        ("country=de", True),
        ("country=fr", False),
    ]
    assert decide(shadow(-0.02), GATE, segments=parts).answer is ADVANCE


def test_a_bake_rolls_back_what_is_worse_than_the_version_before() -> None:
    worse = bake(shadow(0.06), GATE)
    assert worse.answer is ABORT
    assert "than the previous champion's" in worse.reason
    assert worse.alpha == GATE.alpha
    assert bake(shadow(0.0), GATE).answer is ADVANCE


def test_what_was_clipped_and_unanswered_is_said() -> None:
    some = replace(shadow(0.0), champion_clipped=20, challenger_clipped=40, unanswered=4)
    said = decide(some, GATE).reason
    assert "clipped at 2: 1 % of the challenger's losses, 0.5 % of the other's" in said
    assert "0.1 % unanswered, counted as 2" in said


def test_a_champion_without_any_loss_is_no_division_by_zero() -> None:
    perfect = PairedLosses(
        "zero_one", 1.0, tuple(Block(START + h * HOUR, 20, 20.0, 0.0, 0.0) for h in range(50))
    )
    assert decide(perfect, GATE).answer is HOLD
    assert noise_floor(perfect, GATE).share is None


def test_differences_that_few_rows_show_are_not_taken_for_none() -> None:
    same = PairedLosses(
        "zero_one", 1.0, tuple(Block(START + h * HOUR, 10, 10.0, 1.0, 1.0) for h in range(10))
    )
    assert decide(same, replace(GATE, margin=0.1)).answer is HOLD


def test_hours_that_do_not_say_how_unevenly_losses_differ_leave_wider_bounds() -> None:
    plain = shadow(0.0, hours=30)
    even = replace(plain, blocks=tuple(replace(each, tails=Tails(0.001, 0.001, 1)) for each in plain.blocks))
    mixed = replace(plain, blocks=(*even.blocks[:-1], plain.blocks[-1]))
    known, unknown, partly = (decide(each, GATE).evidence for each in (even, plain, mixed))
    assert known is not None
    assert unknown is not None
    assert known.upper < unknown.upper
    assert partly == unknown


@settings(derandomize=True, deadline=None, max_examples=40)
@given(st.integers(0, 99), st.floats(0, 0.5))
def test_cubes_with_the_margin_added_are_never_less_than_those_of_the_rows(seed: int, margin: float) -> None:
    random = np.random.default_rng(seed)
    champion, challenger, weight = random.random((3, 20)) * [[1], [1], [3]]
    better = (np.maximum(champion - challenger, 0) * weight) ** 3
    true = ((np.maximum(champion * (1 + margin) - challenger, 0) * weight) ** 3).sum()
    allowed = margin * (champion * weight).sum()
    found = with_margin(better.sum(), allowed, margin * weight.max())
    assert found >= true - 1e-12
    assert margin > 0 or found == pytest.approx(true)


def test_an_a_a_shadow_tells_the_noise_floor() -> None:
    found = noise_floor(shadow(0.0), GATE)
    assert found.share is not None
    assert 0 < found.share < 0.02
    assert "margin" not in found.reason
    noisy = noise_floor(shadow(0.0, hours=20), GATE)
    assert noisy.share is not None
    assert noisy.share > GATE.margin
    assert noisy.reason.endswith("the margin of 2 % lies below that")
    assert noise_floor(shadow(0.0, hours=3), GATE).share is None


@pytest.mark.parametrize(
    "wrong", [{"alpha": 0.6}, {"margin": -1.0}, {"minimum_blocks": 1}, {"block": timedelta(minutes=90)}]
)
def test_settings_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"gate needs|whole hours"):
        replace(GATE, **wrong)  # type: ignore[arg-type]
