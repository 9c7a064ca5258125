"""The measured gate is the one that decides, and made challengers are as good as they are said to be."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from bench.shadows import KINDS, Pool, Shadows, challenger, walk
from policies.gate import Answer, Gate, decide
from profiles.paired import Block, PairedLosses, Tails
from profiles.row_losses import ROW_LOSSES

START = datetime(2026, 3, 2, tzinfo=UTC)
DAYS = 40


def simulated(excess: float, seed: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    rows = random.integers(0, 6, DAYS * 24).astype(float)
    champion = rows * np.abs(1 + random.normal(0, 0.2, rows.size))
    return rows, champion, np.abs(champion * (1 + excess + random.normal(0, 0.1, rows.size)))


@pytest.mark.parametrize("excess", [-0.03, 0.0, 0.02, 0.08])
def test_the_walk_answers_as_the_gate_does_day_by_day(excess: float) -> None:
    rows, champion, other = simulated(excess, seed=5)
    gate = Gate()
    worse, better = (np.maximum(each, 0) ** 3 / 9 for each in (other - champion, champion - other))
    many = Shadows(*(each[None] for each in (rows, champion, other, worse, better)))
    advanced, aborted, after = walk(many, 1.5, gate)
    blocks = [
        Block(START + hour * timedelta(hours=1), int(n), float(n), float(a), float(c), Tails(up, down, 1.0))
        for hour, (n, a, c, up, down) in enumerate(zip(rows, champion, other, worse, better, strict=True))
    ]
    answer, counted = Answer.HOLD, 0
    for day in range(1, DAYS + 1):
        seen = PairedLosses("absolute_error", 1.5, tuple(each for each in blocks[: day * 24] if each.rows))
        found = decide(seen, gate).answer
        if seen.rows <= 5_000 and answer is Answer.HOLD and found is not Answer.HOLD:
            answer, counted = found, seen.rows
    assert (answer is Answer.ADVANCE, answer is Answer.ABORT) == (advanced[0], aborted[0])
    assert after[0] == (counted or np.inf)


@pytest.mark.parametrize("name", ["absolute_error", "log_loss"])
@pytest.mark.parametrize("kind", ["worse", "equal", "better"])
def test_a_made_challenger_is_exactly_as_good_as_it_is_said_to_be(name: str, kind: str) -> None:
    random = np.random.default_rng(6)
    truth = random.integers(0, 2, 500).astype(float)
    chances = [np.clip(truth * 0.4 + random.uniform(0.1, 0.5, 500), 0, 1) for _ in range(2)]
    of = Pool(ROW_LOSSES[name], 3.0, truth, tuple(chances), None, None)
    champion = of.losses(chances[0])
    goal = 1 + 0.02 * (KINDS[kind] or 0.0)
    made = challenger(of, champion, chances[1], goal, random)
    assert made.mean() == pytest.approx(goal * champion.mean(), rel=1e-6)
