"""Judging windows of the stationary parts as production does: real sketches, the default policy."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa

from bench.stationary import Halves
from policies.judge import judge
from policies.policy import Policy
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.verdict import Status, Verdict
from profiles.compare import compare
from profiles.profile import Profile
from profiles.reading import Arrivals, BaselineRef, Reading
from profiles.sketch import read, sketch
from profiles.window import Window

START = datetime(2026, 1, 5, tzinfo=UTC)
HOUR = timedelta(hours=1)
# As small as the smallest windows drawn, so that none is simply blind.
_MINIMUM_ROWS = 50
FEWEST_VALUES = 10


@cache
def default_policy() -> Policy:
    """Return what a team gets that writes the least, for hourly windows; nothing but columns is judged."""
    written = {
        "version": 1,
        "model": "bench.stationary",
        "task": "regression",
        "traffic": {"path": "log/*.parquet", "timestamp": "ts", "prediction": "prediction"},
        "cadence": "1h",
        "minimum_rows": _MINIMUM_ROWS,
    }
    policy = resolve(PolicyFile.model_validate(written), TeamFile(team="bench"))
    return replace(policy, freshness=None, volume=None)


def profiled(rows: pa.Table) -> Profile:
    """Return the decoded sketches of some rows."""
    return read(sketch(rows, at=START))


def judged(rows: pa.Table, baseline: Profile, hour: int = 0) -> Verdict:
    """Judge some rows as the window of an hour."""
    return judge(seen(rows, baseline, hour), default_policy())


def seen(rows: pa.Table, baseline: Profile, hour: int = 0) -> Reading:
    """Return the reading of some rows as the window of an hour."""
    profile = profiled(rows)
    window = Window(START + hour * HOUR, START + (hour + 1) * HOUR)
    return Reading(
        model=default_policy().model,
        window=window,
        version="1",
        arrivals=Arrivals(rows.num_rows, window.start, window.start, HOUR / 60, window.start),
        baseline=BaselineRef("default", "sha256:0", baseline.rows),
        comparison=compare(profile, baseline),
    )


def alarmed(verdict: Verdict) -> bool:
    """Say whether a window raises a finding about a column, however small, explained or not."""
    return any(objective.findings for objective in verdict.objectives)


def found(verdict: Verdict, column: str) -> bool:
    """Say whether a window raises a drift finding on a column."""
    drift = verdict.of("drift")
    return drift is not None and any(finding.column == column for finding in drift.findings)


def breached(verdict: Verdict) -> bool:
    """Say whether a window counts towards an incident."""
    return verdict.status is Status.BREACHED


@dataclass(frozen=True)
class Shift:
    """A change of one column: how to draw the window's rows, and in which column it is to be found."""

    column: str
    name: str
    weights: Any


def half_deviations(halves: Halves, baseline: Profile) -> Iterator[Shift]:
    """Yield the mean of each number moved by half a standard deviation, up and down.

    Rows are drawn with weights exp(t x): no value leaves the support. A way that the support does not
    allow is left out, as are columns of fewer than 10 distinct values.
    """
    for name, column in baseline.columns.items():
        values = halves.pool.column(name).to_numpy() if column.kind == "number" else np.zeros(1)
        if np.unique(values).size >= FEWEST_VALUES:
            for way, sign in (("up", 1), ("down", -1)):
                if (weights := _tilted(values.astype(np.float64), sign * 0.5)) is not None:
                    yield Shift(name, way, weights)


def _tilted(values: Any, shift: float) -> Any:
    from scipy.optimize import brentq

    scaled = (values - values.mean()) / values.std()

    def weights(t: float) -> Any:
        raw = np.exp(t * scaled - (t * scaled).max())
        return raw / raw.sum()

    try:
        return weights(brentq(lambda t: float((weights(t) * scaled).sum()) - shift, -60, 60))
    except ValueError:
        return None


def ten_points(halves: Halves, baseline: Profile) -> Iterator[Shift]:
    """Yield 10 points of share moved to each category that has room for them, from all others evenly."""
    for name, column in baseline.columns.items():
        if column.kind != "category":
            continue
        values = np.array(halves.pool.column(name).to_pylist(), dtype=object)
        for category in sorted(set(values)):
            share = float((values == category).mean())
            if share + 0.1 <= 1:
                inside, outside = (share + 0.1) / share, (0.9 - share) / (1 - share)
                weights = np.where(values == category, inside, outside)
                yield Shift(name, str(category), weights / weights.sum())
