"""A decoded profile: what Muster's comparisons work on, whatever sketch library wrote the bytes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from profiles.vectors import Vectors
    from profiles.words import Words

Kind: TypeAlias = Literal["number", "category", "time", "text", "embedding", "other", "empty"]
Floats: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distribution:
    """A column's values as weighted points in ascending order.

    `values` and `weights` have the same length; the weights sum to the number of finite values.
    `rank_error` bounds the error of any rank read from the points, as a share (0..1).
    """

    values: Floats
    weights: Floats
    mean: float
    deviation: float
    rank_error: float

    @property
    def minimum(self) -> float:
        """The smallest value that was seen."""
        return float(self.values[0])

    @property
    def maximum(self) -> float:
        """The largest value that was seen."""
        return float(self.values[-1])


@dataclass(frozen=True)
class Column:
    """One column of a profile.

    `rows` counts all rows, `missing` the nulls and NaNs among them, `infinite` the infinities.
    `distinct` is an estimate (HyperLogLog). `categories` holds counts of the most frequent values of a
    category column; what is not among them is the remainder of `rows - missing`. `steady` is the share of a
    baseline's windows in which all values were the same, None where nobody looked. `words` and `vectors` are
    what is kept of a column of text or of embeddings, None where it was lost; there `missing` also counts
    the vectors of another dimension than the most, and those of zeros alone, NaNs or infinities.
    """

    name: str
    kind: Kind
    rows: int
    missing: int
    infinite: int
    distinct: float
    distribution: Distribution | None = None
    categories: Mapping[str, int] | None = None
    steady: float | None = None
    words: "Words | None" = None
    vectors: "Vectors | None" = None

    @property
    def present(self) -> int:
        """The number of rows that hold a value."""
        return self.rows - self.missing

    @property
    def missing_share(self) -> float:
        """The share of rows without a value (0 for an empty profile)."""
        return self.missing / self.rows if self.rows else 0.0


@dataclass(frozen=True)
class Profile:
    """The decoded sketches of one window, baseline or segment."""

    rows: int
    columns: Mapping[str, Column]
