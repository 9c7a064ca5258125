"""Evaluating: a candidate beside the champion on the same held-out rows, overall and per segment. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from policies.objectives.wording import number, percent
from policies.policy import Policy
from profiles.answers import Answers
from profiles.columns import dense
from profiles.labels import LABEL
from profiles.measures import measure
from profiles.paired import Block, PairedLosses, PairedRows, Pairs, in_blocks_of, paired_rows
from profiles.row_losses import RowLoss, clip_bound, loss_of, row_losses
from profiles.slices import slices

_CONFIDENCE = 0.95
_DAY = timedelta(days=1)
# Fewer blocks than this say too little of how they vary; then shorter ones are taken.
_ENOUGH_BLOCKS = 10


@dataclass(frozen=True)
class Difference:
    """How much more a candidate loses than the champion per row, as a share of the champion's loss.

    Below 0 the candidate is better. `low` and `high` bound it with 95 % confidence, and are infinite where
    the rows say nothing of it. `segment` is None for all rows.
    """

    rows: int
    champion: float
    challenger: float
    low: float
    high: float
    segment: str | None = None

    @property
    def share(self) -> float:
        """The difference itself; 0 where neither loses anything, infinite where only the candidate does."""
        return _share(self.challenger - self.champion, self.champion)


@dataclass(frozen=True)
class Evaluation:
    """A candidate beside the champion.

    `loss` is what both are compared by, `scores` and `champion_scores` those of the policy on the same rows.
    """

    recipe: str
    loss: str
    overall: Difference
    segments: tuple[Difference, ...]
    scores: Mapping[str, float]
    champion_scores: Mapping[str, float]

    def refused(self, better_by: float, margin: float) -> str | None:
        """Say why the candidate is not to be had, or None when it helps.

        It has to lose less than the champion by the share `better_by`, and in no segment visibly more than
        `margin` more. Over all segments 5 % of good candidates are refused for one (Bonferroni).
        """
        found = self.overall
        if not -found.share > 0 or -found.share < better_by:
            return f"{self.recipe}: {_told(found)}; it has to lose {percent(better_by)} less"
        for each in self.segments:
            if each.low > margin:
                return f"{self.recipe}: worse where {each.segment}: {_told(each)}"
        return None

    def rules_out(self, better_by: float, margin: float) -> bool:
        """Say whether the rows show that the candidate does not help; else they were too few to tell."""
        return self.overall.low > -better_by or any(each.low > margin for each in self.segments)

    @property
    def sentence(self) -> str:
        """The comparison in a line."""
        return f"{self.recipe}: {_told(self.overall)}"


def score_of(policy: Policy) -> str:
    """Return the score that versions of a model are compared by: the policy's, else the task's usual one."""
    if policy.performance is not None:
        return policy.performance.score
    if policy.task == "regression":
        return "mae"
    if policy.task == "ranking":
        return "ndcg"
    return "log_loss" if policy.traffic.answers else "accuracy"


def bound_of(before: pa.Table, policy: Policy) -> float:
    """Return where losses are clipped, from rows as they were logged before the hold-out.

    ValueError where these rows cannot bound the loss, or do not fit it.
    """
    loss = loss_of(score_of(policy))
    if loss.task == "ranking" or loss.largest is not None:
        return clip_bound(loss, np.ones(1))
    logged = logged_answers(before, policy)
    asked, classes = _asked(loss, logged, policy)
    return clip_bound(loss, row_losses(loss, before.column(LABEL), asked, classes))


def evaluate(
    recipe: str, held: pa.Table, champion: Answers, challenger: Answers, bound: float, policy: Policy
) -> Evaluation:
    """Compare two versions' answers to the same labelled rows; ValueError where they do not fit the loss."""
    score = score_of(policy)
    loss = loss_of(score)
    pairs = paired_rows(loss, bound, _pairs(loss, held, champion, challenger, score, policy))
    whole = _difference(pairs, None, None, 1)
    found = [each for each in slices(held, policy.segments) if len(each) >= policy.minimum_rows]
    parts = [_difference(pairs, each.rows, each.name, len(found)) for each in found]
    return Evaluation(
        recipe,
        loss.name,
        whole,
        tuple(each for each in parts if each.rows),
        scores_of(held, challenger, policy),
        scores_of(held, champion, policy),
    )


def scores_of(held: pa.Table, answers: Answers, policy: Policy) -> dict[str, float]:
    """Return the policy's score of some answers, empty where the rows do not define it."""
    measured = measure(answered(held, answers, policy), policy.traffic, (score_of(policy),), LABEL)
    return {name: each.value for name, each in measured.scores.items()}


def answered(rows: pa.Table, answers: Answers, policy: Policy) -> pa.Table:
    """Return rows as they would be logged had these been the answers."""
    columns = {policy.traffic.prediction: answers.prediction}
    for name, column in policy.traffic.answers.items():
        if name in answers.probabilities:
            columns[column] = answers.probabilities[name]
    for name, values in columns.items():
        if name in rows.schema.names:
            rows = rows.set_column(rows.schema.get_field_index(name), name, values)
        else:
            rows = rows.append_column(name, values)
    return rows


def logged_answers(rows: pa.Table, policy: Policy) -> Answers:
    """Return the answers that the log holds."""
    layout = policy.traffic
    return Answers(
        _one(rows.column(layout.prediction)),
        {name: _one(rows.column(column)) for name, column in layout.answers.items()},
    )


def best(evaluations: Sequence[Evaluation]) -> Evaluation:
    """Return the evaluation of the candidate that loses least; of equal ones the first."""
    return min(evaluations, key=lambda each: each.overall.challenger)


def _one(column: Any) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _asked(loss: RowLoss, answers: Answers, policy: Policy) -> tuple[Any, tuple[str, ...]]:
    """Return what the loss judges: predictions, or the probabilities of the sorted classes."""
    if not loss.by_probability:
        return answers.prediction, ()
    classes = tuple(sorted(policy.traffic.answers))
    missing = [each for each in classes if each not in answers.probabilities]
    if missing or not classes:
        raise ValueError(f"no probability of the class {missing[0] if missing else '1'} was answered")
    columns = [np.asarray(dense(answers.probabilities[each]), dtype=np.float64) for each in classes]
    return (columns[0] if len(columns) == 1 else np.column_stack(columns)), classes


def _pairs(
    loss: RowLoss, held: pa.Table, champion: Answers, challenger: Answers, score: str, policy: Policy
) -> Pairs:
    layout, (_, _, k) = policy.traffic, score.partition("@")
    mine, classes = _asked(loss, champion, policy)
    theirs, _ = _asked(loss, challenger, policy)
    return Pairs(
        truth=held.column(LABEL),
        champion=mine,
        challenger=theirs,
        times=held.column(layout.timestamp),
        classes=classes,
        weight=None if layout.weight is None else held.column(layout.weight),
        group=None if layout.group is None else held.column(layout.group),
        k=int(k) if k else None,
    )


def _difference(pairs: PairedRows, rows: Any, segment: str | None, of: int) -> Difference:
    """Return the mean difference of the losses with an interval, `of` of which hold together (Bonferroni).

    The ratio estimator of blocks (Cochran, Sampling Techniques, 3rd ed. 1977, section 6.3): rows of one day
    are alike, so days vary, or hours where there are few days, and Student's t with one block less.
    """
    from scipy import stats

    found: PairedLosses = pairs.within(rows)
    blocks = in_blocks_of(_DAY, found.blocks)
    if len(blocks) < _ENOUGH_BLOCKS:
        blocks = found.blocks
    weight = sum(block.weight for block in blocks)
    if not weight:
        return Difference(0, 0.0, 0.0, -math.inf, math.inf, segment)
    champion = sum(block.champion for block in blocks) / weight
    challenger = sum(block.challenger for block in blocks) / weight
    error = _error(blocks, challenger - champion, weight)
    half = float(stats.t.ppf(1 - (1 - _CONFIDENCE) / 2 / max(1, of), max(1, len(blocks) - 1))) * error
    low, high = (_share(challenger - champion + side * half, champion) for side in (-1, 1))
    return Difference(found.rows, champion, challenger, low, high, segment)


def _error(blocks: Sequence[Block], mean: float, weight: float) -> float:
    count = len(blocks)
    if count < 2:  # noqa: PLR2004 - one block does not vary
        return math.inf
    rest = sum((block.challenger - block.champion - mean * block.weight) ** 2 for block in blocks)
    return math.sqrt(count / (count - 1) * rest) / weight


def _share(difference: float, of: float) -> float:
    if of > 0:
        return difference / of
    return 0.0 if difference == 0 else math.copysign(math.inf, difference)


def _told(found: Difference) -> str:
    way = f"{percent(abs(found.share))} {'less' if found.share < 0 else 'more'}" if found.share else "as much"
    sure = "" if math.isinf(found.low) else f" ({_signed(found.low)} to {_signed(found.high)})"
    return (
        f"loses {way} than the champion{sure} on {found.rows:,} later rows, {number(found.challenger)} "
        f"against {number(found.champion)}"
    )


def _signed(share: float) -> str:
    return f"{'+' if share > 0 else '-'}{percent(abs(share))}"
