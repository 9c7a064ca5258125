"""A changed loss, split into the mix of the strata and what happens within them. Pure."""

import math
from collections.abc import Sequence

from policies.diagnosis import LossChange
from profiles.strata import StratumLoss


def loss_change(window: Sequence[StratumLoss], held_out: Sequence[StratumLoss]) -> LossChange | None:
    """Split the change of the mean loss over labelled rows; None without labels or other strata.

    With shares p of rows and mean losses l per stratum k, window w against held-out rows b:
    sum p_w l_w - sum p_b l_b = sum (p_w - p_b) l_b [mix] + sum p_w (l_w - l_b) [within] (Kitagawa, Journal of
    the American Statistical Association 50(272), 1955). Errors: the mix's is that of a multinomial
    sample on either side, sum p (l_b - mean)^2 / n, and of l_b; within is sum p_w^2 s^2 (1/n_w + 1/n_b),
    s^2 the variance of both sides' rows together, as if nothing had changed (as in the test of two
    proportions: where a stratum had no error by chance, its own variance of 0 would make certain of one).
    """
    if len(window) != len(held_out):
        return None
    weights = [sum(each.weight for each in side) for side in (window, held_out)]
    if not all(weights):
        return None
    now, was = (
        [each.weight / total for each in side]
        for side, total in zip((window, held_out), weights, strict=True)
    )
    within = math.fsum(p * (w.mean - b.mean) for p, w, b in zip(now, window, held_out, strict=True) if p)
    variance = math.fsum(
        p**2 * _of_difference(w, b) for p, w, b in zip(now, window, held_out, strict=True) if p
    )
    mix, mix_error = _mix(now, was, held_out, _effective(window), _effective(held_out))
    return LossChange(
        rows=sum(each.labelled for each in window),
        before=math.fsum(p * b.mean for p, b in zip(was, held_out, strict=True)),
        mix=mix,
        mix_error=mix_error,
        within=within,
        within_error=math.sqrt(variance),
    )


def expected_change(window: Sequence[StratumLoss], held_out: Sequence[StratumLoss]) -> LossChange | None:
    """Return what the mix of all rows, labelled or not, lets expect; None without rows or other strata."""
    rows, total = sum(each.rows for each in window), sum(each.weight for each in held_out)
    if len(window) != len(held_out) or not rows or not total:
        return None
    now, was = [each.rows / rows for each in window], [each.weight / total for each in held_out]
    mix, error = _mix(now, was, held_out, rows, _effective(held_out))
    return LossChange(rows, math.fsum(p * b.mean for p, b in zip(was, held_out, strict=True)), mix, error)


def _mix(
    now: Sequence[float], was: Sequence[float], held_out: Sequence[StratumLoss], rows: float, before: float
) -> tuple[float, float]:
    """Return the part of the mix and its standard error, by the effective numbers of rows on either side."""
    moved = [p - q for p, q in zip(now, was, strict=True)]
    means = [each.mean for each in held_out]
    of_means = math.fsum(m**2 * _of_mean(b) for m, b in zip(moved, held_out, strict=True))
    variance = _between(now, means) / rows + _between(was, means) / before + of_means
    return math.fsum(m * mean for m, mean in zip(moved, means, strict=True)), math.sqrt(variance)


def _between(shares: Sequence[float], means: Sequence[float]) -> float:
    middle = math.fsum(p * mean for p, mean in zip(shares, means, strict=True))
    return math.fsum(p * (mean - middle) ** 2 for p, mean in zip(shares, means, strict=True))


def _of_mean(stratum: StratumLoss) -> float:
    """Return the variance of a stratum's mean."""
    n = stratum.effective
    return stratum.variance / n if n else 0.0


def _of_difference(window: StratumLoss, before: StratumLoss) -> float:
    """Return the variance of the difference of a stratum's means if both sides were of one kind."""
    rows = [each.effective for each in (window, before) if each.effective]
    return (window + before).variance * math.fsum(1 / n for n in rows)


def _effective(side: Sequence[StratumLoss]) -> float:
    squares = math.fsum(each.weight_squares for each in side)
    return math.fsum(each.weight for each in side) ** 2 / squares if squares else 1.0
