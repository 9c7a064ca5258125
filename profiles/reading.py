"""The packed numbers that Muster keeps of a window for the whole retention.

Judging, explaining and replaying work from readings alone; nothing here holds an opinion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from profiles.profile import Kind
from profiles.window import Window


@dataclass(frozen=True)
class Distances:
    """How far a column has moved from its baseline; None where the distance is not defined.

    `psi` and `js` are computed over cells (quantile cells with atoms of their own, or categories),
    `ks` and `wasserstein` over the whole distribution (`wasserstein` and `mean_shift` in standard
    deviations of the baseline), `linf` is the largest change of any category's share.
    """

    psi: float | None = None
    js: float | None = None
    ks: float | None = None
    linf: float | None = None
    wasserstein: float | None = None
    mean_shift: float | None = None


@dataclass(frozen=True)
class ColumnComparison:
    """One column of a window beside the same column of the baseline.

    Shares are in 0..1. `chance` holds, per distance, the value that chance alone exceeds with the
    family-wise error rate of the comparison (sampling and sketch error allowed for): a distance above
    it is *visible*. `smallest_shift` is the smallest shift of the mean (numbers, in baseline standard
    deviations) or of one category's share (categories) that this window could have shown.
    """

    column: str
    kind: Kind
    baseline_kind: Kind
    rows: int
    present: int
    missing_share: float
    baseline_missing_share: float
    distances: Distances
    chance: Distances
    smallest_shift: float | None = None
    out_of_range_share: float = 0.0
    new_category_share: float = 0.0
    infinite_share: float = 0.0
    constant: bool = False
    baseline_constant: bool = False


@dataclass(frozen=True)
class Comparison:
    """Every column of a window against the baseline; pure numbers."""

    rows: int
    baseline_rows: int
    columns: tuple[ColumnComparison, ...]
    missing_columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Score:
    """One score of a window's labelled rows; `standard_error` where rows have losses of their own."""

    value: float
    rows: int
    standard_error: float | None = None


@dataclass(frozen=True)
class Labels:
    """How much of a window is labelled, and whether more labels may still come."""

    labelled: int
    coverage: float
    mature: bool


@dataclass(frozen=True)
class Arrivals:
    """When a window's rows came: counts and the longest silence, edges of the window included."""

    rows: int
    first: datetime | None
    last: datetime | None
    longest_silence: timedelta
    silence_began: datetime


@dataclass(frozen=True)
class BaselineRef:
    """The baseline that a window was compared with, and what is known of it.

    `rate` is rows per second over the baseline's period (None where the period is unknown).
    """

    name: str
    profile: str
    rows: int
    rate: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Reading:
    """All that is kept of one window of one model's traffic.

    `profile` is the digest of the stored profile. `baseline` and `comparison` are None when there is
    nothing to compare with; `fault` says in one sentence why a window could not be measured at all.
    """

    model: str
    window: Window
    version: str | None
    arrivals: Arrivals
    profile: str | None = None
    baseline: BaselineRef | None = None
    comparison: Comparison | None = None
    labels: Labels | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    fault: str | None = None
