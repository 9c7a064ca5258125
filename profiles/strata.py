"""Strata: kinds of rows that a model finds easy or hard, as plain questions; their losses add up."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from profiles.columns import dense, known, names, numbers
from profiles.profile import Floats

Places = NDArray[np.int64]


@dataclass(frozen=True)
class Node:
    """A question to a row, or (where `stratum` is not None) the answer.

    Left go numbers of `column` up to `at`, or the categories in `left_of`; right the others, or those in
    `right_of`. Rows without a value, or with a category that neither names, go where `missing_left` says.
    `left` and `right` are places among the nodes.
    """

    stratum: int | None = None
    column: str | None = None
    at: float | None = None
    left_of: tuple[str, ...] = ()
    right_of: tuple[str, ...] = ()
    missing_left: bool = False
    left: int = 0
    right: int = 0


@dataclass(frozen=True)
class Strata:
    """A shallow tree that puts every row into one of `count` strata; the first node is its root."""

    nodes: tuple[Node, ...]

    @cached_property
    def count(self) -> int:
        """The number of strata; they are numbered from 0."""
        return sum(node.stratum is not None for node in self.nodes)

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The columns that are asked for, each once."""
        return tuple(dict.fromkeys(node.column for node in self.nodes if node.column is not None))

    def of(self, columns: Mapping[str, Any], rows: int) -> Places:
        """Return the stratum of each of `rows` rows; a column that is absent counts as without values."""
        found = np.zeros(rows, np.int64)
        waiting: list[tuple[int, Places]] = [(0, np.arange(rows))]
        read = {name: columns[name] for name in self.columns if name in columns}
        decoded: dict[tuple[str, bool], Any] = {}
        while waiting:
            place, here = waiting.pop()
            node = self.nodes[place]
            if node.stratum is not None:
                found[here] = node.stratum
                continue
            left = _goes_left(node, read, decoded, here)
            waiting += [(node.left, here[left]), (node.right, here[~left])]
        return found


def _goes_left(
    node: Node, columns: Mapping[str, Any], decoded: dict[tuple[str, bool], Any], here: Places
) -> NDArray[np.bool_]:
    name, by_number = str(node.column), node.at is not None
    if name not in columns:
        return np.full(here.size, node.missing_left)
    if (name, by_number) not in decoded:
        decoded[name, by_number] = numbers_of(columns[name]) if by_number else categories_of(columns[name])
    values = decoded[name, by_number][here]
    if node.at is not None:
        # a NaN is on neither side
        return np.asarray(np.where(np.isnan(values), node.missing_left, values <= node.at), np.bool_)
    left, right = np.isin(values, node.left_of), np.isin(values, node.right_of)
    return np.asarray(left | (~right & node.missing_left), np.bool_)


def numbers_of(column: Any) -> Floats:
    """Return a column as float64, NaN where there is no finite number; a column of texts has none."""
    try:
        found = numbers(column)
    except ValueError:
        return np.full(len(column), np.nan)
    return np.where(np.isfinite(found), found, np.nan)


def categories_of(column: Any) -> NDArray[Any]:
    """Return a column's values as text, the empty text where there is none."""
    values = dense(column)
    there = known(values)
    found = np.full(values.size, "", dtype=object)
    if there.any():
        found[there] = names(values[there])
    return found.astype(str)


@dataclass(frozen=True)
class StratumLoss:
    """What one stratum's rows lost: sums, so that those of two windows add up.

    `rows` counts all rows, `labelled` those with a loss. Over the latter, with weights w (1 where rows have
    none) and losses l: `weight` sum w, `weight_squares` sum w^2, `loss` sum w l, `squares` sum w l^2.
    """

    rows: int
    labelled: int
    weight: float
    weight_squares: float
    loss: float
    squares: float

    @property
    def mean(self) -> float:
        """The weighted mean loss; 0 where no row has one."""
        return self.loss / self.weight if self.weight else 0.0

    @property
    def effective(self) -> float:
        """Kish's effective number of labelled rows, (sum w)^2 / sum w^2."""
        return self.weight**2 / self.weight_squares if self.weight_squares else 0.0

    @property
    def variance(self) -> float:
        """The variance of the losses about their mean, n / (n - 1) of the weighted mean square."""
        n = self.effective
        if n <= 1:
            return 0.0
        return max(0.0, self.squares / self.weight - self.mean**2) * n / (n - 1)

    def __add__(self, other: "StratumLoss") -> "StratumLoss":
        return StratumLoss(
            self.rows + other.rows,
            self.labelled + other.labelled,
            self.weight + other.weight,
            self.weight_squares + other.weight_squares,
            self.loss + other.loss,
            self.squares + other.squares,
        )


def stratum_losses(
    strata: Places, count: int, losses: Floats, weight: Floats | None = None
) -> tuple[StratumLoss, ...]:
    """Sum `losses` (NaN where a row has none) by stratum; rows with a negative or no weight have no loss."""
    have = np.isfinite(losses)
    weights = np.ones(losses.size)
    if weight is not None:
        have &= np.isfinite(weight) & (weight >= 0)
        weights = np.where(have, weight, 0.0)
    w, lost = np.where(have, weights, 0.0), np.where(have, losses, 0.0)

    def summed(values: Any) -> Floats:
        return np.bincount(strata, weights=values, minlength=count).astype(np.float64)

    sums = (summed(have), summed(w), summed(w**2), summed(w * lost), summed(w * lost**2))
    rows = np.bincount(strata, minlength=count)
    return tuple(
        StratumLoss(int(rows[k]), int(sums[0][k]), *(float(each[k]) for each in sums[1:]))
        for k in range(count)
    )


def added(parts: Iterable[Sequence[StratumLoss]]) -> tuple[StratumLoss, ...]:
    """Add up the losses of windows, stratum by stratum; ValueError where they have different strata."""
    return tuple(sum(column[1:], column[0]) for column in zip(*parts, strict=True))
