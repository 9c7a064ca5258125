"""What a challenger and the champion lost on the same rows, in sums per hour that add up."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.columns import dense, known, names, numbers
from profiles.profile import Floats
from profiles.row_losses import RowLoss, row_losses
from profiles.window import Window

HOUR = timedelta(hours=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tails:
    """How unevenly a difference is spread over rows: few that differ much, or many that differ little.

    Sums of the cubed weighted differences of the rows where the challenger lost more (`worse`) and of those
    where it lost less (`better`, without the sign), and the largest weight of a row.
    """

    worse: float
    better: float
    heaviest: float


@dataclass(frozen=True)
class Block:
    """The rows of one span of time: their number, their weight, and the weighted sums of both losses.

    Sums of either loss, not of their difference: so a margin that is a share of the champion's loss can be
    judged, and changed, after the rows are gone. `tails` is None where it was not recorded.
    """

    start: datetime
    rows: int
    weight: float
    champion: float
    challenger: float
    tails: Tails | None = None


@dataclass(frozen=True)
class PairedLosses:
    """Losses of the same rows under two versions, clipped at `bound`, in blocks by the time of request.

    `champion_clipped` and `challenger_clipped` count the rows that lost more than `bound`. `unanswered`
    counts those to which the challenger had no answer; each lost it `bound`.
    """

    loss: str
    bound: float
    blocks: tuple[Block, ...] = ()
    champion_clipped: int = 0
    challenger_clipped: int = 0
    unanswered: int = 0

    @property
    def rows(self) -> int:
        """How many rows were compared."""
        return sum(block.rows for block in self.blocks)


def merged(parts: Iterable[PairedLosses]) -> PairedLosses:
    """Add up windows, in whatever order; ValueError for none, and for other losses or other bounds."""
    every = list(parts)
    kinds = {(each.loss, each.bound) for each in every}
    if len(kinds) != 1:
        said = " and ".join(f"{loss} clipped at {bound:g}" for loss, bound in sorted(kinds)) or "none"
        raise ValueError(f"paired losses can be added only if they are the same loss; found {said}")
    ((loss, bound),) = kinds
    return PairedLosses(
        loss,
        bound,
        _summed(block for each in every for block in each.blocks),
        sum(each.champion_clipped for each in every),
        sum(each.challenger_clipped for each in every),
        sum(each.unanswered for each in every),
    )


def in_blocks_of(length: timedelta, blocks: Iterable[Block]) -> tuple[Block, ...]:
    """Join blocks into longer ones that begin at multiples of `length` since 1970."""
    return _summed(
        Block(
            block.start - (block.start - _EPOCH) % length,
            block.rows,
            block.weight,
            block.champion,
            block.challenger,
            block.tails,
        )
        for block in blocks
    )


def outside(paused: Sequence[Window], blocks: Iterable[Block], length: timedelta = HOUR) -> tuple[Block, ...]:
    """Return the blocks that no paused window touches."""
    return tuple(
        block
        for block in blocks
        if not any(each.start < block.start + length and block.start < each.end for each in paused)
    )


def _summed(blocks: Iterable[Block]) -> tuple[Block, ...]:
    def of(start: datetime, same: list[Block]) -> Block:
        if len(same) == 1:
            return same[0]
        # Sorted sums are the same whatever order the parts came in.
        weight, champion, challenger = (
            sum(sorted(getattr(each, name) for each in same)) for name in ("weight", "champion", "challenger")
        )
        rows = sum(each.rows for each in same)
        return Block(start, rows, weight, champion, challenger, _together([each.tails for each in same]))

    ordered = sorted(blocks, key=lambda block: block.start)
    return tuple(of(start, list(same)) for start, same in groupby(ordered, key=lambda block: block.start))


def _together(tails: Sequence[Tails | None]) -> Tails | None:
    known = [each for each in tails if each is not None]
    if len(known) < len(tails):
        return None
    worse, better = (sum(sorted(getattr(each, name) for each in known)) for name in ("worse", "better"))
    return Tails(worse, better, max(each.heaviest for each in known))


@dataclass(frozen=True, eq=False)
class Pairs:
    """Rows that both versions were asked, and what came true; columns of one length (Arrow or numpy).

    For losses of probabilities a version's answers are an array (n, k) with a column for each of the sorted
    `classes`, or (n,) for the last of them. `group` holds the query of each row of a ranking, of which the
    best `k` places count. Rows that were never offered to the challenger (a sampled mirror) do not belong
    here: a missing answer of the challenger counts as its failure.
    """

    truth: Any
    champion: Any
    challenger: Any
    times: Any
    classes: tuple[str, ...] = ()
    weight: Any = None
    group: Any = None
    k: int | None = None


@dataclass(frozen=True, eq=False)
class PairedRows:
    """The losses of single rows (or queries), clipped; `within` adds them up, all or those of a segment.

    `start` holds whole hours since 1970, `row` the place of each among the rows that were given (of a query,
    its first).
    """

    loss: str
    bound: float
    champion: Floats
    challenger: Floats
    weight: Floats
    start: NDArray[np.int64]
    row: NDArray[np.int64]
    champion_clipped: NDArray[np.bool_]
    challenger_clipped: NDArray[np.bool_]
    unanswered: NDArray[np.bool_]

    def within(self, rows: NDArray[np.bool_] | None = None) -> PairedLosses:
        """Add up by the hour; `rows` marks those that count among all that were given."""
        keep = np.ones(self.row.size, dtype=bool) if rows is None else rows[self.row]
        starts, place, counts = np.unique(self.start[keep], return_inverse=True, return_counts=True)
        weight = self.weight[keep]
        apart = weight * (self.challenger[keep] - self.champion[keep])
        sums = [
            np.bincount(place, each, minlength=starts.size).tolist()
            for each in (weight, weight * self.champion[keep], weight * self.challenger[keep])
        ]
        cubes = [
            np.bincount(place, np.maximum(each, 0) ** 3, minlength=starts.size).tolist()
            for each in (apart, -apart)
        ]
        heaviest = np.zeros(starts.size)
        np.maximum.at(heaviest, place, weight)
        tails = (Tails(*of) for of in zip(*cubes, heaviest.tolist(), strict=True))
        blocks = tuple(
            Block(_EPOCH + hour * HOUR, *of)
            for hour, *of in zip(starts.tolist(), counts.tolist(), *sums, tails, strict=True)
        )
        clipped = (self.champion_clipped, self.challenger_clipped, self.unanswered)
        return PairedLosses(self.loss, self.bound, blocks, *(int(each[keep].sum()) for each in clipped))


def paired_rows(loss: RowLoss, bound: float, pairs: Pairs) -> PairedRows:
    """Return both versions' losses of the rows that have a label, a time and the champion's answer.

    Losses above `bound` count as `bound`, and so does a missing answer of the challenger. A row without a
    known weight of at least 0 is left out where there are weights; a query weighs as its rows do on average.
    ValueError where a column does not fit the loss, or for a bound that is not above 0.
    """
    if not bound > 0:
        raise ValueError(f"the bound of {loss.name} has to be above 0; found {bound:g}")
    times = dense(pairs.times)
    if times.dtype.kind not in "MO":
        raise ValueError("the times of the requests are no timestamps")
    moments = times.astype("datetime64[us]")
    weight = np.ones(moments.size) if pairs.weight is None else numbers(pairs.weight)
    champion, challenger, row = _losses(loss, pairs)
    if row is None:
        row = np.arange(moments.size)
    else:
        weight = _of_queries(pairs.group, weight)
        moments = moments[row]
        weight = weight[row]
    keep = np.isfinite(champion) & ~np.isnat(moments) & np.isfinite(weight) & (weight > 0)
    champion, challenger = champion[keep], challenger[keep]
    unanswered = ~np.isfinite(challenger)
    filled = np.where(unanswered, bound, challenger)
    return PairedRows(
        loss.name,
        bound,
        np.minimum(champion, bound),
        np.minimum(filled, bound),
        weight[keep],
        moments[keep].astype("datetime64[h]").astype(np.int64),
        row[keep],
        champion > bound,
        filled > bound,
        unanswered,
    )


def _losses(loss: RowLoss, pairs: Pairs) -> tuple[Floats, Floats, NDArray[np.int64] | None]:
    if loss.task != "ranking":
        of = [
            row_losses(loss, pairs.truth, each, pairs.classes) for each in (pairs.champion, pairs.challenger)
        ]
        return of[0], of[1], None
    if pairs.group is None:
        raise ValueError("a ranking is compared by its queries; the column of queries (group) is missing")
    # scikit-learn takes two seconds to import, which other tasks do not pay
    from profiles.ranking import ndcg_of_queries

    answered = known(dense(pairs.champion)) & known(dense(pairs.truth)) & known(dense(pairs.group))
    group = names(dense(pairs.group)[answered])
    truth = numbers(pairs.truth)[answered]
    row = np.flatnonzero(answered)
    champion, first = ndcg_of_queries(truth, numbers(pairs.champion)[answered], group, pairs.k)
    # One row that the challenger did not rank makes its whole query unanswered.
    challenger, _ = ndcg_of_queries(truth, numbers(pairs.challenger)[answered], group, pairs.k)
    return 1 - champion, 1 - challenger, row[first]


def _of_queries(group: Any, weight: Floats) -> Floats:
    """Return the mean weight of each row's query, rows without a query NaN."""
    import pandas as pd

    return np.asarray(pd.Series(weight).groupby(dense(group)).transform("mean"), dtype=np.float64)
