"""Five models as strangers would bring them: bundled data under other columns' names, and what these mean.

The rules of `muster init` were written with these in view; bench/held_out.py has five others.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.stranger import Stranger, brought, clock, shuffled

_BIKES_DATA = Path(__file__).parents[1] / "demo" / "data" / "bike_sharing.parquet"
_HOUR = timedelta(hours=1)


def strangers(folder: Path, sets: int = 5) -> tuple[Stranger, ...]:
    """Write the first `sets` of the five below `folder` and return them."""
    return tuple(make(folder) for make in _MAKERS[:sets])


_TUMOURS: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "taken",
    "traffic.prediction": "malign",
    "traffic.probability": "certainty",
    "traffic.request_id": "scan",
    "traffic.version": "model_build",
    "traffic.ignore": {"site"},
    "labels.label": "biopsy",
    "labels.request_id": "scan",
    "labels.arrived_at": "reported",
}


def _tumours(folder: Path) -> Stranger:
    """Breast cancer: two classes, a probability, a version, a text id, labels a day or two later."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, random = shuffled(load_breast_cancer(as_frame=True).frame, 1, times=4)
    features = [each for each in rows if each != "target"]
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(rows[features][:400], rows.target[:400])
    when = clock(len(rows), 30, random)
    traffic = (
        rows[features]
        .rename(columns=lambda name: name.replace(" ", "_"))
        .assign(
            scan=[f"scan-{i:06}" for i in random.permutation(len(rows))],
            taken=when,
            malign=model.predict(rows[features]),
            certainty=model.predict_proba(rows[features])[:, 1],
            model_build=np.where(np.arange(len(rows)) < len(rows) // 2, "2026.1", "2026.2"),
            site="north",
        )
    )
    labels = pd.DataFrame(
        {
            "scan": traffic.scan,
            "biopsy": rows.target,
            "reported": when + pd.to_timedelta(random.integers(20, 47, len(rows)), unit="h"),
        }
    )
    return brought(
        folder / "tumours",
        traffic,
        labels,
        _TUMOURS,
    )


_DIGITS: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "eventTime",
    "traffic.prediction": "readAs",
    "traffic.request_id": "itemKey",
    "traffic.version": None,
    "labels.label": "truth",
    "labels.request_id": "item",
    "labels.arrived_at": None,
}


def _digits(folder: Path) -> Stranger:
    """Digits: ten classes, a confidence, whole-number ids under another name in the labels, as CSV."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    rows, random = shuffled(load_digits(as_frame=True).frame, 2, times=3)
    features = [each for each in rows if str(each).startswith("pixel")][:40]
    model = LogisticRegression(max_iter=300).fit(rows[features][:1000] / 16, rows.target[:1000])
    sure = model.predict_proba(rows[features] / 16)
    when = clock(len(rows), 20, random)
    traffic = rows[features].assign(
        eventTime=when,
        itemKey=random.permutation(len(rows)) + 70_000,
        readAs=sure.argmax(axis=1),
        sureness=sure.max(axis=1),
        customer=[f"c{i}" for i in random.integers(0, 900, len(rows))],
    )
    constant = (each for each in features if len(set(rows[each])) == 1)
    labels = pd.DataFrame({"item": traffic.itemKey, "truth": rows.target})
    return brought(
        folder / "digits",
        traffic,
        labels.sample(frac=0.9, random_state=0),
        {**_DIGITS, "traffic.ignore": {"customer", "sureness", *constant}},
        suffix="csv",
    )


_DIABETES: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "visited_on",
    "traffic.prediction": "expected",
    "traffic.request_id": "request",
    "traffic.version": None,
    "traffic.ignore": {"row", "actual_progress"},
    "labels.label": "actual_progress",
    "labels.request_id": "request",
}


def _diabetes(folder: Path) -> Stranger:
    """Diabetes: a regression with a row counter, the outcome in the log itself."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    rows, random = shuffled(load_diabetes(as_frame=True).frame, 3, times=5)
    features = [each for each in rows if each != "target"]
    model = Ridge(alpha=0.1).fit(rows[features][:300], rows.target[:300])
    traffic = rows[features].assign(
        row=np.arange(len(rows)),
        visited_on=clock(len(rows), 25, random),
        request=[f"{i:08x}" for i in random.permutation(len(rows)) + 2**28],
        expected=model.predict(rows[features]),
        actual_progress=rows.target,
    )
    return brought(
        folder / "diabetes",
        traffic,
        None,
        _DIABETES,
    )


_WINE: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "requested_at",
    "traffic.prediction": "kind",
    "traffic.request_id": "bottle_uuid",
    "traffic.version": "release",
    "traffic.ignore": {"uploaded_at", "remark"},
    "labels.label": "cultivar",
    "labels.request_id": "bottle",
    "labels.arrived_at": "known_at",
}


def _wine(folder: Path) -> Stranger:
    """Wine: three classes by their names, two columns of times in the log, a column without values."""
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestClassifier

    rows, random = shuffled(load_wine(as_frame=True).frame, 4, times=12)
    features = [each for each in rows if each != "target"]
    kinds = np.array(["barolo", "grignolino", "barbera"])
    model = RandomForestClassifier(20, random_state=0).fit(rows[features][:300], rows.target[:300])
    when = clock(len(rows), 14, random)
    traffic = (
        rows[features]
        .rename(columns={"od280/od315_of_diluted_wines": "od280"})
        .assign(
            uploaded_at=when + pd.to_timedelta(random.integers(1, 50, len(rows)), unit="min"),
            requested_at=when,
            bottle_uuid=[f"{a:08x}-{i:04x}" for i, a in enumerate(random.integers(0, 2**31, len(rows)))],
            kind=kinds[model.predict(rows[features])],
            remark=pd.Series([None] * len(rows), dtype="string"),
            release="v3",
        )
    )
    labels = pd.DataFrame(
        {"bottle": traffic.bottle_uuid, "cultivar": kinds[rows.target], "known_at": when + 3 * _HOUR}
    )
    return brought(
        folder / "wine",
        traffic,
        labels,
        _WINE,
    )


_BIKES: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "at",
    "traffic.prediction": "demand",
    "traffic.request_id": "trace",
    "traffic.version": None,
    "traffic.ignore": {"instant"},
    "labels.label": "rented",
    "labels.request_id": "trace",
    "labels.arrived_at": "counted",
}


def _bikes(folder: Path) -> Stranger:
    """Bike rentals with their own clock of 2011 and 2012, hourly, with gaps."""
    from sklearn.ensemble import HistGradientBoostingRegressor

    rows = pd.read_parquet(_BIKES_DATA)
    features = ["season", "hr", "weekday", "workingday", "weathersit", "temp", "hum", "windspeed"]
    model = HistGradientBoostingRegressor(max_iter=40, random_state=0).fit(
        rows[features][:8000], rows.cnt[:8000]
    )
    when = rows.ts.dt.tz_localize(UTC)
    traffic = rows[["instant", *features]].assign(
        at=when, trace=[f"r{i}" for i in rows.instant], demand=model.predict(rows[features])
    )
    labels = pd.DataFrame({"trace": traffic.trace, "rented": rows.cnt, "counted": when + 24 * _HOUR})
    return brought(
        folder / "bikes",
        traffic,
        labels,
        _BIKES,
    )


_MAKERS: tuple[Callable[[Path], Stranger], ...] = (_tumours, _digits, _diabetes, _wine, _bikes)
