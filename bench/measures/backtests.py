"""What the whole loop is worth on real sets: beside never retraining, and beside a schedule."""

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from bench.measure import Measure, Target

_KEYS = {"bike": "bike", "commits": "commit", "bank": "bank", "bank_indicators": "bank_indicators"}
_FROZEN = {"bike": 1.0, "commits": 1.0, "bank": 0.98, "bank_indicators": 0.98}
_BAD, _TINY = 2.0, {"rows": 2_500}
_SCHEDULE = {"bike": 0.9, "commits": 0.95, "bank_indicators": 1.0}


def _late(folder: Path) -> datetime:
    """Return when nine tenths of the recorded time have passed."""
    import pandas as pd

    from demo.model import TIME

    at = pd.read_parquet(folder / "traffic.parquet")[TIME]
    late: datetime = (at.min() + (at.max() - at.min()) * 9 / 10).floor("s").to_pydatetime()
    return late


@cache
def replayed(name: str, rows: int | None) -> tuple[Any, timedelta]:
    """Return a backtest of a set, with `rows` about so many of its rows, and how long its labels take."""
    from demo.backtests.sets import POLICIES, RECORDINGS
    from flows.backtest import Order
    from flows.backtest_flow import backtest
    from flows.backtest_world import estimator_of
    from policies.load import load_policies

    recording = RECORDINGS[name]
    loaded = next(each for each in load_policies([POLICIES]).policies if each.path == recording.policy)
    with TemporaryDirectory() as folder:
        root = Path(folder)
        recording.write(root, rows)
        until = recording.baseline_until if rows is None else _late(root / name)
        made = estimator_of(recording.estimator)
        found = backtest(Order(loaded, root, made, root / "state", baseline_until=until))
    labels = loaded.policy.labels
    return found, timedelta(0) if labels is None else labels.arrives_within


def ratios(name: str, rows: int | None) -> dict[str, float]:
    """Return the loop's scores of a set beside those of its peers."""
    found, _ = replayed(name, rows)
    return {peer: found.against(peer) or 0.0 for peer in ("frozen", "schedule")}


def _served_on(name: str) -> Measure:
    def take(*, rows: int | None = None) -> list[float]:
        found, waits = replayed(name, rows)
        known: dict[str, datetime] = {}
        served = 0
        for each in found.windows:
            served += each.version in known and each.window.start >= known[each.version]
            bad = each.loop is not None and each.frozen is not None and each.loop > _BAD * each.frozen
            if bad and each.version is not None:
                known.setdefault(each.version, each.window.end + waits)
        return [float(served)]

    return Measure(
        key=f"loop_served_on_{_KEYS[name]}",
        unit="windows",
        meaning=f"Windows of the same backtest of the {name.replace('_', ' with ')} set that begin after the "
        "labels of an earlier window have arrived in which the version that answers lost more than twice as "
        "much as the first version would have.",
        take=take,
        tiny=_TINY,
        target=Target("at most", 0),
    )


def _measure(name: str, peer: Literal["frozen", "schedule"]) -> Measure:
    def take(*, rows: int | None = None) -> list[float]:
        return [ratios(name, rows)[peer]]

    against = (
        "of the version that is never retrained"
        if peer == "frozen"
        else "of a schedule with as many retrainings, refitted on the recent window or on all history, "
        "whichever is better (median over 20 phases)"
    )
    limit = (_FROZEN if peer == "frozen" else _SCHEDULE).get(name)
    return Measure(
        key=f"loop_vs_{peer}_{_KEYS[name]}",
        unit="ratio",
        meaning=f"Backtest of the {name.replace('_', ' with ')} set, seed 0, one policy for all sets "
        "(`demo/backtests/policies`), tuned on bike alone: the loop's mean score over all windows beside "
        f"that {against}. Above 1 the loop is better.",
        take=take,
        tiny=_TINY,
        target=None if limit is None else Target("at least", limit),
    )


MEASURES = (
    *(_measure(name, peer) for name in _KEYS for peer in ("frozen", "schedule")),
    _served_on("bank_indicators"),
)
