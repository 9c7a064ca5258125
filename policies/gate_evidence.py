"""What paired blocks say of the difference between two versions' mean losses."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from profiles.paired import Block

# As long as that is for ever.
_MOST_ROWS = 1e9


@dataclass(frozen=True)
class Evidence:
    """Mean losses of two versions on the same rows, and bounds of their difference that allow for every look.

    All in units of the loss, clipped; `margin` too, where a share of the champion's loss was meant. `lower`
    and `upper` fail with a chance of alpha each. `was_above` tells that `lower` exceeded the margin after
    this or any earlier block. `rows_to_tell` is how many rows, from the first on, decide if it stays so.
    """

    champion_loss: float
    challenger_loss: float
    lower: float
    upper: float
    margin: float
    was_above: bool
    rows: int
    blocks: int
    rows_to_tell: int | None

    @property
    def difference(self) -> float:
        """How much more the challenger loses per row."""
        return self.challenger_loss - self.champion_loss


def evidence(
    blocks: Sequence[Block],
    *,
    bound: float,
    margin: float,
    relative: bool,
    alpha: float,
    tightest_at: int,
    from_rows: int,
    from_blocks: int,
) -> Evidence:
    """Bound the difference by blocks in order of time, of which there is at least one.

    Tested is the excess c - (1 + margin) a of a challenger's loss c over the champion's a (c - a - margin for
    an absolute one), which is linear in both: so that the champion's mean loss is itself an estimate, from
    the same rows, is allowed for. Bounds: `profiles.sequential.confidence_sequence`.
    """
    # scipy comes with it, which models without a challenger do not pay
    import numpy as np

    from profiles.sequential import confidence_sequence

    weight, champion, challenger, rows = (
        np.array([getattr(block, name) for block in blocks], dtype=np.float64)
        for name in ("weight", "champion", "challenger", "rows")
    )
    worse, better, heaviest = (
        np.array([math.nan if block.tails is None else getattr(block.tails, name) for block in blocks])
        for name in ("worse", "better", "heaviest")
    )
    allowed = margin * (champion if relative else weight)
    reach = bound + margin * (bound if relative else 1)
    found = confidence_sequence(
        challenger - champion - allowed,
        weight,
        rows,
        alpha=alpha,
        tightest_at=tightest_at,
        reach=reach,
        cubes=(worse, with_margin(better, allowed, (reach - bound) * heaviest)),
        heaviest=heaviest,
    )
    looked = (found.rows >= from_rows) & (np.arange(len(blocks)) + 1 >= from_blocks)
    total = float(weight.sum())
    of_margin = float(allowed.sum()) / total
    to_tell = float(found.rows_to_tell[-1])
    return Evidence(
        champion_loss=float(champion.sum()) / total,
        challenger_loss=float(challenger.sum()) / total,
        lower=float(found.lower[-1]) + of_margin,
        upper=float(found.upper[-1]) + of_margin,
        margin=of_margin,
        was_above=bool((looked & (found.lower > 0)).any()),
        rows=int(found.rows[-1]),
        blocks=len(blocks),
        rows_to_tell=math.ceil(to_tell) if to_tell <= _MOST_ROWS else None,
    )


def with_margin(better: Any, allowed: Any, most: Any) -> Any:
    """Bound each block's sum of cubes of what its rows lost less, the margin (which they were allowed) added.

    `better` sums the cubes without it, `allowed` the margin of the rows, of which each has `most` at most:
    its cubes then sum to no more than allowed most^2, and roots of sums of cubes add up (Minkowski).
    """
    return (better ** (1 / 3) + (allowed * most**2) ** (1 / 3)) ** 3
