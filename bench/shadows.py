"""Simulated shadows on real rows: days drawn with replacement, both versions refits of one model."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from policies.gate import Gate, share_of_alpha
from policies.gate_evidence import with_margin
from profiles.profile import Floats
from profiles.row_losses import ROW_LOSSES, RowLoss, clip_bound, row_losses
from profiles.sequential import confidence_sequence

MOST_ROWS = 5_000
# The difference of the challenger's true mean loss, in margins; None leaves the refit as it is.
KINDS: Mapping[str, float | None] = {"aa": None, "worse": 1.0, "equal": 0.0, "better": -1.0}
_HOURS = 24
_TOGETHER = 100  # shadows at a time, for memory
_BANK_HOURLY = 5


@dataclass(frozen=True, eq=False)
class Pool:
    """Held-out rows in order, cut into days and hours, and what several refits answered for each."""

    loss: RowLoss
    bound: float
    truth: Floats
    answers: tuple[Floats, ...]
    day: Any
    hour: Any

    def losses(self, answers: Floats) -> Floats:
        """Return each row's clipped loss."""
        classes = ("0", "1") if self.loss.by_probability else ()
        return np.minimum(row_losses(self.loss, self.truth, answers, classes), self.bound)


def _bike() -> tuple[pd.DataFrame, list[str], str, Any, Any]:
    from demo.sets import bike

    rows = bike.rows()
    hours = rows["ts"]
    inputs = ["hr", "weekday", "workingday", "holiday", "weathersit", "temp", "atemp", "hum", "windspeed"]
    return rows, inputs, "cnt", pd.factorize(hours.dt.floor("D"))[0], hours.dt.hour.to_numpy()


def _bank() -> tuple[pd.DataFrame, list[str], str, Any, Any]:
    from bench.stationary import part

    rows = part("bank").to_pandas()
    target = "y"
    rows["target"] = rows[target].astype(float)
    inputs = [str(name) for name in rows if name not in {target, "target", "duration"}]
    seen = pd.get_dummies(rows[inputs], dtype=float).assign(target=rows["target"])
    hour = np.arange(len(rows)) // _BANK_HOURLY
    return seen, [str(name) for name in seen if name != "target"], "target", hour // _HOURS, hour % _HOURS


_SETS: Mapping[str, tuple[Callable[[], tuple[pd.DataFrame, list[str], str, Any, Any]], str]] = {
    "bike": (_bike, "absolute_error"),
    "bank": (_bank, "log_loss"),
}
SETS = tuple(_SETS)


@cache
def pool(name: str, refits: int) -> Pool:
    """Fit on a random half of the days, refit on bootstrap samples of its rows, answer for the other half."""
    load, chosen = _SETS[name]
    rows, inputs, target, day, hour = load()
    random = np.random.default_rng(refits)
    trained = np.isin(day, random.permutation(day.max() + 1)[: (day.max() + 1) // 2])
    train, held = rows[trained], rows[~trained]
    loss = ROW_LOSSES[chosen]
    answers = tuple(_answers(loss, train, held, inputs, target, random) for _ in range(refits))
    truth = held[target].to_numpy(dtype=np.float64)
    first = row_losses(loss, truth, answers[0], ("0", "1"))
    return Pool(loss, clip_bound(loss, first), truth, answers, pd.factorize(day[~trained])[0], hour[~trained])


def _answers(
    loss: RowLoss, train: pd.DataFrame, held: pd.DataFrame, inputs: list[str], target: str, random: Any
) -> Floats:
    from sklearn.ensemble import HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    drawn = train.iloc[random.integers(0, len(train), len(train))]
    if loss.by_probability:
        fitted = make_pipeline(StandardScaler(), LogisticRegression(C=0.1)).fit(drawn[inputs], drawn[target])
        return np.asarray(fitted.predict_proba(held[inputs])[:, 1])
    fitted = HistGradientBoostingRegressor(max_iter=60, random_state=0).fit(drawn[inputs], drawn[target])
    return np.asarray(fitted.predict(held[inputs]))


def challenger(of: Pool, champion: Floats, answers: Floats, goal: float, random: Any) -> Floats:
    """Return losses whose mean is `goal` times the champion's mean: answers mixed with noise or with truth.

    Noise is the same answers for rows in another order, or of a class the probability of the other one.
    """
    from scipy.optimize import brentq

    wanted = goal * champion.mean()
    noise = 1 - of.truth if of.loss.by_probability else answers[random.permutation(answers.size)]
    toward = of.truth if of.losses(answers).mean() > wanted else noise

    def mixed(share: float) -> Floats:
        return of.losses((1 - share) * answers + share * toward)

    return mixed(brentq(lambda share: float(mixed(share).mean()) - wanted, 0, 1, xtol=1e-9))


@dataclass(frozen=True)
class Outcomes:
    """What came of the shadows of one kind; rows at the decision, infinite where undecided."""

    advanced: Any
    aborted: Any
    rows: Any
    fixed_rows: Any
    unpaired_rows: Any


@cache
def outcomes(name: str, kind: str, shadows: int, refits: int, seed: int = 0) -> Outcomes:
    """Run shadows of the month's first challenger through the default gate, looked at after every day."""
    of, gate = pool(name, refits), Gate()
    random = np.random.default_rng([seed, shadows, list(KINDS).index(kind)])
    losses = [of.losses(each) for each in of.answers]
    made: dict[tuple[int, int], Floats] = {}
    found: list[tuple[Any, ...]] = []
    table = _Days(of)
    alone: list[tuple[float, float]] = []
    while len(found) * _TOGETHER < shadows:
        drawn = []
        for _ in range(min(_TOGETHER, shadows - len(found) * _TOGETHER)):
            one, other = (int(each) for each in random.choice(refits, 2, replace=False))
            goal = KINDS[kind]
            if goal is None:
                made[one, other] = losses[other]
            elif (one, other) not in made:
                answers = of.answers[other]
                made[one, other] = challenger(of, losses[one], answers, 1 + goal * gate.margin, random)
            drawn.append((losses[one], made[one, other]))
            alone.append(_without_looks(losses[one], made[one, other], gate))
        found.append(_walked(table, drawn, of.bound, gate, random))
    advanced, aborted, rows = (np.concatenate(each) for each in zip(*found, strict=True))
    fixed, unpaired = np.array(alone).T
    return Outcomes(advanced, aborted, rows, fixed, unpaired)


class _Days:
    """The rows of each day by the hour, so that drawn days become blocks at once."""

    def __init__(self, of: Pool) -> None:
        self.days = int(of.day.max()) + 1
        self.cell = of.day * _HOURS + of.hour
        self.rows = self.by_hour(np.ones(of.truth.size))
        self.drawn = int(np.ceil(MOST_ROWS / self.rows.sum(axis=1).mean()))

    def by_hour(self, values: Floats) -> Floats:
        """Add up by day and hour, an array (days, 24)."""
        found = np.bincount(self.cell, values, self.days * _HOURS)
        return np.asarray(found, dtype=np.float64).reshape(self.days, _HOURS)


def _walked(
    table: _Days, drawn: list[tuple[Floats, Floats]], bound: float, gate: Gate, random: Any
) -> tuple[Any, Any, Any]:
    """Return which shadows advanced, which were aborted, and after how many rows."""
    days = random.integers(0, table.days, (len(drawn), table.drawn))

    def hours(of: Callable[[Floats, Floats], Floats]) -> Floats:
        by_day = [table.by_hour(of(a, c))[each] for (a, c), each in zip(drawn, days, strict=True)]
        return np.stack(by_day).reshape(len(drawn), -1)

    shadows = Shadows(
        table.rows[days].reshape(len(drawn), -1),
        hours(lambda a, _: a),
        hours(lambda _, c: c),
        hours(lambda a, c: np.maximum(c - a, 0) ** 3),
        hours(lambda a, c: np.maximum(a - c, 0) ** 3),
    )
    return walk(shadows, bound, gate)


@dataclass(frozen=True, eq=False)
class Shadows:
    """What blocks hold (`profiles.paired.Block`) of several shadows, one a line, hours in order."""

    rows: Floats
    champion: Floats
    challenger: Floats
    worse: Floats
    better: Floats


def walk(shadows: Shadows, bound: float, gate: Gate) -> tuple[Any, Any, Any]:
    """Look at shadows after every day, up to 5,000 rows, as the gate would.

    Hours without rows weigh nothing and are no blocks. The first answer other than hold counts.
    """
    rows = shadows.rows
    allowed = gate.margin * shadows.champion
    found = confidence_sequence(
        shadows.challenger - shadows.champion - allowed,
        rows,
        rows,
        alpha=share_of_alpha(gate.alpha, 1),
        tightest_at=gate.tightest_at,
        reach=(1 + gate.margin) * bound,
        cubes=(shadows.worse, with_margin(shadows.better, allowed, gate.margin * bound)),
    )
    blocks = np.cumsum(rows > 0, axis=1)
    looked = (found.rows >= gate.minimum_rows) & (blocks >= gate.minimum_blocks) & (found.rows <= MOST_ROWS)
    above = np.maximum.accumulate(looked & (found.lower > 0), axis=1)
    evening = slice(_HOURS - 1, None, _HOURS)
    abort = (above & looked)[:, evening]
    advance = (looked & (found.upper < 0))[:, evening] & ~abort
    decided = abort | advance
    first = decided.argmax(axis=1)
    line = np.arange(len(rows))
    after = np.where(decided.any(axis=1), found.rows[:, evening][line, first], np.inf)
    return advance[line, first], abort[line, first], after


def _without_looks(champion: Floats, other: Floats, gate: Gate) -> tuple[float, float]:
    """Return the rows that a paired and an unpaired z-test need, looked at once, for a power of 0.9.

    n = ((z_alpha + z_power) sd / distance)^2, rows taken as independent; unpaired, both arms together.
    """
    from scipy.stats import norm

    factor = 1 + gate.margin
    excess = other - factor * champion
    deviates = norm.isf(share_of_alpha(gate.alpha, 1)) + norm.isf(0.1)
    per_variance = (deviates / max(abs(float(excess.mean())), 1e-12)) ** 2
    apart = float(other.var()) + factor**2 * float(champion.var())
    return per_variance * float(excess.var()), 2 * per_variance * apart
