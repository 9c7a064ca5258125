"""How often the gate is wrong when it is looked at after every day, and how soon it is right."""

from typing import Any

from bench.measure import Measure, Target

_SHADOWS, _REFITS = 2_000, 16
_TINY = {"shadows": 20, "refits": 2}


def _of_sets(kind: str, shadows: int, refits: int) -> list[Any]:
    from bench.shadows import SETS, outcomes

    return [outcomes(name, kind, shadows, refits) for name in SETS]


def _bound(happened: Any) -> float:
    from scipy.stats import binomtest

    # Two-sided at 90 %, so that the upper bound holds with 95 %.
    return float(binomtest(int(happened.sum()), happened.size).proportion_ci(0.9, "exact").high)


def aa_abort_share(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Upper 95 % bound of the share of A/A shadows that are aborted, of the worst set."""
    return [max(_bound(each.aborted) for each in _of_sets("aa", shadows, refits))]


def worse_promoted_share(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Upper 95 % bound of the share of challengers at the margin that advance, of the worst set."""
    return [max(_bound(each.advanced) for each in _of_sets("worse", shadows, refits))]


def better_promoted_share(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Share of the better challengers that advance, of the worst set."""
    return [min(float(each.advanced.mean()) for each in _of_sets("better", shadows, refits))]


def equal_undecided_share(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Share of the equal challengers that are still undecided at the end, per set."""
    return [float((~(each.advanced | each.aborted)).mean()) for each in _of_sets("equal", shadows, refits)]


def better_rows(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Median rows until a better challenger advances, per set; undecided counts as all rows."""
    import numpy as np

    from bench.shadows import MOST_ROWS

    found = _of_sets("better", shadows, refits)
    return [float(np.median(np.minimum(each.rows, MOST_ROWS))) for each in found]


def better_rows_fixed(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Median rows that a paired test with one look needs for the same challengers, per set."""
    import numpy as np

    return [float(np.median(each.fixed_rows)) for each in _of_sets("better", shadows, refits)]


def better_rows_unpaired(*, shadows: int = _SHADOWS, refits: int = _REFITS) -> list[float]:
    """Median rows that an unpaired test with one look needs for the same challengers, per set."""
    import numpy as np

    return [float(np.median(each.unpaired_rows)) for each in _of_sets("better", shadows, refits)]


_ONE_LOOK = (
    "with one look, the gate's alpha and a power of 0.9, by n = ((z_alpha + z_power) sd / distance)^2 with "
    "rows taken as independent, which flatters it; a repeat is a set."
)
MEASURES = (
    Measure(
        key="aa_abort_share",
        unit="share",
        meaning="A/A shadows that the default gate (margin 2 % of the champion's loss, first challenger of "
        "the month) aborts within 5,000 rows, looked at after every day: the upper 95 % Clopper-Pearson "
        "bound of the worse of two real sets over 2,000 shadows each. Both versions are bootstrap refits of "
        "one model (absolute error of boosted trees on bike, log loss of a logistic regression on bank), 16 "
        "of them on a random half of a set's days; whole days are drawn with replacement from the other "
        "half, their hours are the gate's blocks (bank, which has no hours: 5 rows in a row are one).",
        take=aa_abort_share,
        tiny=_TINY,
        target=Target("at most", 0.05),
    ),
    Measure(
        key="worse_promoted_share",
        unit="share",
        meaning="The same for challengers whose true mean loss lies exactly at the margin, and that advance: "
        "the refit's answers mixed with noise, or with the truth where it is worse already, until the mean "
        "over all rows that days are drawn from is right.",
        take=worse_promoted_share,
        tiny=_TINY,
        target=Target("at most", 0.05),
    ),
    Measure(
        key="better_promoted_share",
        unit="share",
        meaning="Challengers made so that they are better by one margin that advance within 5,000 rows: the "
        "share for the worse of the two sets, over 2,000 shadows each.",
        take=better_promoted_share,
        tiny=_TINY,
        target=Target("at least", 0.9),
    ),
    Measure(
        key="equal_undecided_share",
        unit="share",
        meaning="Challengers made so that their mean loss is the champion's that neither advance nor are "
        "aborted within 5,000 rows; a repeat is a set.",
        take=equal_undecided_share,
        tiny=_TINY,
    ),
    Measure(
        key="better_rows",
        unit="rows",
        meaning="Median rows after which a challenger that is better by one margin advances, 5,000 where it "
        "does not; a repeat is a set.",
        take=better_rows,
        tiny=_TINY,
    ),
    Measure(
        key="better_rows_fixed",
        unit="rows",
        meaning=f"Median rows that a paired z-test needs for these challengers {_ONE_LOOK}",
        take=better_rows_fixed,
        tiny=_TINY,
    ),
    Measure(
        key="better_rows_unpaired",
        unit="rows",
        meaning="Median rows, both arms together, that an unpaired z-test needs for these challengers "
        f"{_ONE_LOOK}",
        take=better_rows_unpaired,
        tiny=_TINY,
    ),
)
