"""Windows of 2,000 labelled rows that something befell: faults, and drifts that raise the loss as told."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.random import Generator

from bench.diagnosing import DAY, ROWS, WINDOW, Drawn, Setting
from bench.labelled_sets import TRUTH
from profiles.profile import Floats

# A resampled pool is worth at least this share of its rows (Kish): with fewer, the chance of single rows
# would pass for what the inputs do.
_WORTH = 0.25
_TRIES = 300
_STEPS = np.linspace(0.0, 1.0, 41)[1:]
_FEWEST_VALUES = 10
_UNITS = ((1_000.0, 0.0), (0.001, 0.0), (60.0, 0.0), (1 / 60, 0.0), (100.0, 0.0), (2.54, 0.0), (1.8, 32.0))


def none(setting: Setting, random: Generator) -> Drawn:
    """Draw rows that nothing befell."""
    return _whole(_evenly(setting, random))


def outage(setting: Setting, random: Generator) -> Drawn:
    """Draw what is left of a day: the feed dies within it, or three rows in four are lost all day long.

    The rows that came are no fair sample: they are resampled by a column.
    """
    rows = _resampled(setting, random, _direction(setting, random) * random.uniform(0, 1.5))
    if random.random() < 0.5:
        until = int(ROWS * random.uniform(0.05, 0.7))
        return _whole(rows.iloc[:until], _times(ROWS)[:until])
    kept = int(ROWS * random.uniform(0.05, 0.3))
    return _whole(rows.iloc[:kept])


def unit_change(setting: Setting, random: Generator) -> Drawn:
    """Draw rows of which one number came in another unit, and was answered so."""
    rows = _evenly(setting, random)
    column = random.choice([name for name in _numbers(setting) if rows[name].nunique() >= _FEWEST_VALUES])
    factor, offset = _UNITS[int(random.integers(len(_UNITS)))]
    return _whole(rows.assign(**{column: rows[column].astype(float) * factor + offset}))


def null_column(setting: Setting, random: Generator) -> Drawn:
    """Draw rows of which one column came without any value, and was answered so."""
    rows = _evenly(setting, random)
    column = random.choice(list(setting.set.logged))
    empty = np.nan if column in _numbers(setting) else None
    return _whole(
        rows.assign(
            **{column: pd.Series([empty] * len(rows), dtype=rows[column].dtype if empty is None else float)}
        )
    )


def label_delay(setting: Setting, random: Generator) -> Drawn:
    """Draw rows of which few labels came in time, the costly ones rather; or whose labels stopped."""
    rows = _evenly(setting, random)
    losses = setting.losses(rows)
    order = np.argsort(-(losses / losses.mean() * random.uniform(0, 1) + random.exponential(1, ROWS)))
    stopped = random.random() < 0.5
    came = np.zeros(ROWS, bool)
    came[order[: int(ROWS * random.uniform(0.05, 0.9 if stopped else 0.45))]] = True
    silence = timedelta(hours=float(random.uniform(20, 24))) if stopped else None
    return Drawn(rows, came, _times(ROWS), silence)


def covariate(setting: Setting, random: Generator, effect: float) -> Drawn:
    """Draw rows with weights exp(t v) of inputs alone, t such that the pool's mean loss is up by `effect`.

    v is a standardised number, a category, or the sum of up to three of them; outcomes stay as they are.
    """
    return _whole(_take(setting.pool, random, _tilted(setting, random, effect)))


def concept(setting: Setting, random: Generator, effect: float) -> Drawn:
    """Draw rows evenly from a pool whose outcomes were changed until its mean loss is up by `effect`."""
    base = float(setting.losses_of_truth(setting.pool[TRUTH].to_numpy()).mean())
    changed = _changed(setting, random, None, base * (1 + effect))
    return _whole(changed.iloc[random.choice(len(changed), ROWS, replace=False)])


def both(setting: Setting, random: Generator, effect: float) -> Drawn:
    """Draw rows with weights that raise the loss by half of `effect`; changed outcomes do the rest."""
    base = float(setting.losses_of_truth(setting.pool[TRUTH].to_numpy()).mean())
    weights = _tilted(setting, random, effect / 2)
    changed = _changed(setting, random, weights, base * (1 + effect))
    return _whole(_take(changed, random, weights))


FAULTS: Mapping[str, Callable[[Setting, Generator], Drawn]] = {
    "outage": outage,
    "unit_change": unit_change,
    "null_column": null_column,
    "label_delay": label_delay,
}
DRIFTS: Mapping[str, Callable[[Setting, Generator, float], Drawn]] = {
    "covariate": covariate,
    "concept": concept,
    "both": both,
}


def _whole(rows: pd.DataFrame, came: Any = None) -> Drawn:
    rows = rows.reset_index(drop=True)
    return Drawn(rows, np.ones(len(rows), bool), _times(len(rows)) if came is None else came)


def _times(rows: int) -> Any:
    return [WINDOW.start + (i + 0.5) * DAY / rows for i in range(rows)]


def _evenly(setting: Setting, random: Generator) -> pd.DataFrame:
    return setting.pool.iloc[random.choice(len(setting.pool), ROWS, replace=False)].reset_index(drop=True)


def _take(pool: pd.DataFrame, random: Generator, weights: Floats) -> pd.DataFrame:
    return pool.iloc[random.choice(len(pool), ROWS, p=weights)]


def _resampled(setting: Setting, random: Generator, exponent: Floats) -> pd.DataFrame:
    return _take(setting.pool, random, _weights(exponent))


def _weights(exponent: Floats) -> Floats:
    raw = np.exp(exponent - exponent.max())
    found: Floats = raw / raw.sum()
    return found


def _numbers(setting: Setting) -> list[str]:
    return [name for name in setting.set.logged if pd.api.types.is_numeric_dtype(setting.pool[name])]


def _direction(setting: Setting, random: Generator) -> Floats:
    """Return a random standardised function of the inputs, one value per row of the pool."""
    columns = random.choice(list(setting.set.logged), int(random.integers(1, 4)), replace=False)
    total = np.zeros(len(setting.pool))
    for name in columns:
        values = setting.pool[name]
        if name in _numbers(setting):
            each = values.to_numpy(float)
        else:
            each = (values == random.choice(values.unique())).to_numpy(float)
        if each.std() > 0:
            total += random.choice([-1.0, 1.0]) * (each - each.mean()) / each.std()
    found: Floats = total / total.std() if total.std() > 0 else total
    return found


def _of_answers(setting: Setting, random: Generator) -> Floats:
    """Return a random standardised function of the model's probabilities, or its prediction."""
    columns = [f"p_{each}" for each in setting.set.classes] or ["prediction"]
    values = setting.logged_pool.select(columns).to_pandas().to_numpy(float)
    mixed = values @ random.normal(size=len(columns))
    found: Floats = (mixed - mixed.mean()) / mixed.std()
    return found


def _tilted(setting: Setting, random: Generator, effect: float) -> Floats:
    """Return weights of the pool's rows under which its mean loss is up by `effect`."""
    losses = setting.losses_of_truth(setting.pool[TRUTH].to_numpy())
    wanted = float(losses.mean()) * (1 + effect)
    for attempt in range(_TRIES):
        # Where no input that is logged leads so far, what the model makes of all of them may.
        answers = attempt >= _TRIES // 2
        direction = 3 * (_of_answers(setting, random) if answers else _direction(setting, random))

        def mean(t: float, direction: Floats = direction) -> float:
            return float(_weights(t * direction) @ losses)

        if (t := _first(mean, wanted)) is not None:
            weights = _weights(t * direction)
            if 1 / float(weights @ weights) >= _WORTH * len(losses):
                return weights
    raise ValueError(f"no resampling of {setting.set.name} raises the loss by {effect:.0%}")


def _first(mean: Callable[[float], float], wanted: float) -> float | None:
    """Return the smallest t in 0..1 at which `mean` reaches `wanted`."""
    from scipy.optimize import brentq

    below = 0.0
    for above in _STEPS:
        if mean(above) >= wanted:
            return float(brentq(lambda t: mean(t) - wanted, below, above))
        below = float(above)
    return None


def _changed(setting: Setting, random: Generator, weights: Floats | None, wanted: float) -> pd.DataFrame:
    """Return the pool with changed outcomes, its mean loss (under `weights`) as `wanted`."""
    pool = setting.pool
    for change in _changes(setting, random):

        def mean(t: float, change: Callable[[float], Any] = change) -> float:
            return float(np.average(setting.losses_of_truth(change(t)), weights=weights))

        if (t := _first(mean, wanted)) is not None:
            return pool.assign(**{TRUTH: change(t)})
    raise ValueError(f"no change of outcomes of {setting.set.name} leads to a loss of {wanted}")


def _changes(setting: Setting, random: Generator) -> Iterator[Callable[[float], Any]]:
    """Yield ways to change the outcomes, by a strength 0..1; all rows, or those on one side of an input."""
    truth = setting.pool[TRUTH].to_numpy()
    for _ in range(_TRIES):
        here = np.ones(truth.size, bool)
        if random.random() < 0.5:
            direction = _direction(setting, random)
            here = direction >= np.quantile(direction, random.uniform(0.2, 0.6))
        yield (_renamed if setting.set.classes else _moved)(truth, here, random)


def _renamed(truth: Any, here: Any, random: Generator) -> Callable[[float], Any]:
    """Give a growing share of the rows a class by chance."""
    other, first = random.choice(np.unique(truth), truth.size), random.random(truth.size)
    return lambda t: np.where(here & (first < t), other, truth)


def _moved(truth: Any, here: Any, random: Generator) -> Callable[[float], Any]:
    """Move the outcomes by up to two deviations, up to double or lose them, or add as much noise."""
    spread, sign = float(np.std(truth)), float(random.choice([-1.0, 1.0]))
    kind, noise = int(random.integers(3)), random.normal(size=truth.size)
    by = (sign * 2 * spread, sign * truth, noise * 2 * spread)[kind]
    return lambda t: truth + here * t * by
