"""The packed numbers that Muster keeps of a window for the whole retention.

Judging, explaining and replaying work from readings alone; nothing here holds an opinion.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from profiles.cardinality import Cardinality
from profiles.profile import Kind
from profiles.strata import StratumLoss
from profiles.window import Window

# The score of a baseline that holds the mean value of its predictions.
VALUE_MEAN = "value_mean"


@dataclass(frozen=True)
class Distances:
    """How far a column has moved from its baseline; None where the distance is not defined.

    `psi` and `js` are computed over cells (quantile cells with atoms of their own, or categories),
    `ks` and `wasserstein` over the whole distribution (`wasserstein` and `mean_shift` in standard
    deviations of the baseline), `linf` is the largest change of any category's share. `chi2` is the statistic
    of the counts in the cells, which grows with the rows. `new_words` is the
    share of a text's words that the baseline does not know, beyond what was to be expected; `mmd` lies
    between embeddings, in the baseline's own spread (profiles.mmd).
    """

    psi: float | None = None
    js: float | None = None
    ks: float | None = None
    linf: float | None = None
    wasserstein: float | None = None
    mean_shift: float | None = None
    chi2: float | None = None
    new_words: float | None = None
    mmd: float | None = None


@dataclass(frozen=True)
class Rescaled:
    """The conversion that a column went through: value * `factor` + `offset`."""

    factor: float
    offset: float = 0.0


@dataclass(frozen=True)
class ColumnComparison:
    """One column of a window beside the same column of the baseline.

    Shares are in 0..1. `chance` holds, per distance, the value that chance alone exceeds with the
    family-wise error rate of the comparison (sampling and sketch error allowed for): a distance above
    it is *visible*. `smallest_shift` is the smallest shift of the mean (numbers, in baseline standard
    deviations) or of one category's share (categories) that this window could have shown.
    `rescaled` is the conversion that makes the baseline's values those of the window, where one does.
    `baseline_steady` is the share of the baseline's windows in which the column held a single value, None
    where nobody looked. `cardinality` holds the distinct values, beside what the baseline lets expect.
    `new_word_share` is the share of a text's words that are new to the baseline, expected or not.
    Embeddings have a `dimension`; their smallest shift is in MMD, that of a text in shares of new words.
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
    rescaled: Rescaled | None = None
    baseline_steady: float | None = None
    cardinality: Cardinality | None = None
    new_word_share: float | None = None
    dimension: int | None = None
    baseline_dimension: int | None = None


@dataclass(frozen=True)
class Comparison:
    """Every column of a window against the baseline; pure numbers."""

    rows: int
    baseline_rows: int
    columns: tuple[ColumnComparison, ...]
    missing_columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcomes:
    """A window's known labels beside those of the baseline, both profiles of one column.

    `profile` and `baseline` are digests; `baseline` and `comparison` are None where the baseline has none.
    """

    profile: str
    baseline: str | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True)
class Score:
    """One score of a window's labelled rows; `standard_error` where rows have losses of their own."""

    value: float
    rows: int
    standard_error: float | None = None


@dataclass(frozen=True)
class Estimate:
    """What a score will probably be, told without labels from `rows` rows; never the score itself.

    `by` tells how: from the version's confidence, or from what its strata lost on held-out rows.
    `standard_error` is that of the rows' chance alone, not of the method.
    """

    value: float
    rows: int
    by: Literal["confidence", "strata"]
    standard_error: float | None = None


@dataclass(frozen=True)
class Labels:
    """How much of a window is labelled, and whether more labels may still come.

    `delay_median` and `delay_90` are the median and the 90 % quantile of the seconds from a request to
    its label, over the labels that have come; None where nobody says when they came.
    """

    labelled: int
    coverage: float
    mature: bool
    delay_median: float | None = None
    delay_90: float | None = None


@dataclass(frozen=True)
class Value:
    """What a window's predictions were worth, over the `rows` that say so, weighted as scores are."""

    total: float
    mean: float
    rows: int
    standard_error: float | None = None


@dataclass(frozen=True)
class Latency:
    """How long answers took: quantiles in milliseconds over the `rows` that say so."""

    p50: float
    p95: float
    p99: float
    rows: int


@dataclass(frozen=True)
class Failures:
    """How many of the `rows` that have a status failed."""

    failed: int
    rows: int

    @property
    def share(self) -> float:
        """The share of requests that failed."""
        return self.failed / self.rows


@dataclass(frozen=True)
class Arrivals:
    """When a window's rows came: counts and the longest silence, edges of the window included.

    `duplicates` counts the rows that repeat the request id of another row.
    """

    rows: int
    first: datetime | None
    last: datetime | None
    longest_silence: timedelta
    silence_began: datetime
    duplicates: int = 0


@dataclass(frozen=True)
class BaselineRef:
    """The baseline that a window was compared with, and what is known of it.

    `rate` is rows per second over the baseline's period (None where the period is unknown). `losses` are
    those of the version's strata on held-out rows, `importance` that of its columns (see HeldOut).
    """

    name: str
    profile: str
    rows: int
    rate: float | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    losses: tuple[StratumLoss, ...] = ()
    importance: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class SegmentReading:
    """What is kept of one slice of a window's rows, named as in `country=de`.

    `own_baseline` says whether `baseline` is the slice's own; else it is that of all rows, so that the
    distances also hold how the slice differs by nature. Slices below the policy's minimum of rows are
    counted and nothing else.
    """

    name: str
    rows: int
    profile: str | None = None
    baseline: BaselineRef | None = None
    own_baseline: bool = False
    comparison: Comparison | None = None
    labels: Labels | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    value: Value | None = None


@dataclass(frozen=True)
class Reading:
    """All that is kept of one window of one model's traffic.

    `profile` is the digest of the stored profile. `baseline` and `comparison` are None when there is
    nothing to compare with; `fault` says in one sentence why a window could not be measured at all.
    `baseline_name` is the baseline that the policy's calendar chose, there or not. `unmeasured` says for a
    score (or `value`, `latency`, `errors`) why it is missing. `outcomes` is None where no label is known.

    What is usual lies here too, so that a verdict can be recomputed from its reading: `usual_rows` is how
    many rows came at this time of the week before; `label_silence` how long before the window's end the
    last label had arrived, for whatever request, and `usual_label_silence` the longest such time at
    earlier windows like this one. None where not enough is known.

    `losses` are those of the strata of the serving version, empty where it has none. `estimates` say what
    the scores will be, by the name of the score; they stay beside the score when the labels have come.
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
    baseline_name: str = "default"
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    value: Value | None = None
    latency: Latency | None = None
    failures: Failures | None = None
    segments: tuple[SegmentReading, ...] = ()
    usual_rows: float | None = None
    label_silence: timedelta | None = None
    usual_label_silence: timedelta | None = None
    outcomes: Outcomes | None = None
    losses: tuple[StratumLoss, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
