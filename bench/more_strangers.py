"""Five more strangers: 0.52 of their roles were right when they first came, and the rules were mended then.

They are chosen to be unlike the other five: several probabilities, several outcomes in the labels, codes of
places, a latency, nested inputs, free text, versions that do not look like any.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.stranger import Stranger, brought, clock, shuffled

_DATA = Path(__file__).parents[1] / "demo" / "data"
_KINDS = np.array(["setosa", "versicolor", "virginica"])
_PIXELS = 6_000


def more_strangers(folder: Path, sets: int = 5) -> tuple[Stranger, ...]:
    """Write the first `sets` of the five below `folder` and return them."""
    return tuple(make(folder) for make in _MAKERS[:sets])


_IRISES: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "occurred",
    "traffic.prediction": "winner",
    "traffic.probabilities": {kind: f"p_{kind}" for kind in _KINDS},
    "traffic.request_id": "specNo",
    "traffic.version": None,
    "traffic.ignore": set(),
    "labels.label": "botanistSays",
    "labels.request_id": "specNo",
    "labels.arrived_at": None,
}


def _irises(folder: Path) -> Stranger:
    """Iris: three classes, each with its probability, whole-number ids, as CSV."""
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    rows, random = shuffled(load_iris(as_frame=True).frame, 11, times=20)
    features = [each for each in rows if each != "target"]
    sure = LogisticRegression(max_iter=300).fit(rows[features], rows.target).predict_proba(rows[features])
    traffic = (
        rows[features]
        .set_axis(["sl", "sw", "pl", "pw"], axis=1)
        .assign(specNo=random.permutation(len(rows)) + 5_000, occurred=clock(len(rows), 25, random))
        .assign(winner=_KINDS[sure.argmax(axis=1)])
        .assign(**{f"p_{kind}": sure[:, i] for i, kind in enumerate(_KINDS)})
    )
    labels = pd.DataFrame({"specNo": traffic.specNo, "botanistSays": _KINDS[rows.target]})
    return brought(folder / "irises", traffic, labels.sample(frac=0.8, random_state=0), _IRISES, "csv")


_CALLS: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "dialled",
    "traffic.prediction": "will_take",
    "traffic.probabilities": {"yes": "chance"},
    "traffic.request_id": "call",
    "traffic.version": "engine",
    "traffic.ignore": set(),
    "labels.label": "took",
    "labels.request_id": "call",
    "labels.arrived_at": "booked",
}


def _calls(folder: Path) -> Stranger:
    """Bank: texts and numbers, two engines one after the other, labels beside a second outcome, as JSONL."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rows = pd.read_parquet(_DATA / "bank_marketing.parquet").sample(8_000, random_state=12).sort_values("row")
    random = np.random.default_rng(12)
    features = ["age", "campaign", "pdays", "previous", "emp_var_rate", "cons_conf_idx", "euribor3m"]
    texts = ["job", "marital", "education", "housing", "loan", "contact", "poutcome"]
    sure = HistGradientBoostingClassifier(max_iter=60, random_state=0)
    chance = sure.fit(rows[features], rows.y).predict_proba(rows[features])[:, 1]
    when = clock(len(rows), 28, random).set_axis(rows.index)
    traffic = rows[features + texts].assign(
        dialled=when,
        call=[f"k{i:07}" for i in random.permutation(len(rows))],
        desk=random.choice([110, 120, 130, 140], len(rows)),
        chance=chance,
        will_take=np.where(chance > 1 / 4, "yes", "no"),
        engine=np.where(np.arange(len(rows)) < len(rows) // 3, "otter", "heron"),
    )
    labels = pd.DataFrame({"call": traffic.call, "minutes_talked": rows.duration / 60})
    labels["took"] = np.where(rows.y == 1, "yes", "no")
    labels["booked"] = when + pd.to_timedelta(random.integers(2, 70, len(rows)), unit="h")
    return brought(folder / "calls", traffic, labels, _CALLS, "jsonl")


_COMMITS: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "pushed",
    "traffic.prediction": "sorted_into",
    "traffic.request_id": "hex",
    "traffic.version": None,
    "traffic.ignore": {"how_sure", "host"},
    "labels.label": "reviewed_as",
    "labels.request_id": "commit",
    "labels.arrived_at": "seen",
}


def _commits(folder: Path) -> Stranger:
    """Commits on their own clock of eight years: free text, six classes, a finer outcome in the labels."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    rows = pd.read_parquet(_DATA / "commit_types.parquet").drop_duplicates("sha")
    model = make_pipeline(TfidfVectorizer(max_features=2_000), LogisticRegression(max_iter=300))
    sure = model.fit(rows.text[:3_000], rows.label[:3_000]).predict_proba(rows.text)
    traffic = pd.DataFrame(
        {
            "pushed": rows.ts,
            "subject": rows.text.astype(str),
            "hex": rows.sha.astype(str),
            "sorted_into": model.classes_[sure.argmax(axis=1)],
            "how_sure": sure.max(axis=1),
            "host": "forge",
        }
    )
    labels = pd.DataFrame(
        {
            "commit": traffic.hex,
            "raw_kind": rows.type.astype(str),
            "reviewed_as": rows.label.astype(str),
            "seen": rows.ts + timedelta(days=2),
        }
    )
    return brought(folder / "commits", traffic, labels, _COMMITS)


_ATHLETES: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "checked_in",
    "traffic.prediction": "fits",
    "traffic.request_id": "ticket",
    "traffic.version": None,
    "traffic.latency": "took_ms",
    "traffic.ignore": set(),
    "labels.label": "waist",
    "labels.request_id": "ticket",
    "labels.arrived_at": None,
}


def _athletes(folder: Path) -> Stranger:
    """Linnerud: twenty persons often, three outcomes in the labels, a code of four halls, a latency."""
    from sklearn.datasets import load_linnerud
    from sklearn.tree import DecisionTreeRegressor

    bundle = load_linnerud(as_frame=True)
    rows, random = shuffled(bundle.frame, 14, times=150)
    model = DecisionTreeRegressor(max_depth=3, random_state=0)
    features = list(bundle.data)
    traffic = (
        rows[features]
        .rename(columns=str.lower)
        .assign(
            ticket=random.permutation(len(rows)) + 31_000,
            checked_in=clock(len(rows), 20, random),
            hall=random.choice([11, 12, 13, 14], len(rows)),
            took_ms=random.lognormal(3, 0.4, len(rows)),
            fits=model.fit(rows[features], rows.Waist).predict(rows[features]),
        )
    )
    labels = rows[list(bundle.target)].rename(columns=str.lower).assign(ticket=traffic.ticket)
    return brought(folder / "athletes", traffic, labels, _ATHLETES)


_PICTURE: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "asked",
    "traffic.prediction": "green_in",
    "traffic.request_id": "px",
    "traffic.version": "weights",
    "traffic.ignore": {"stored", "plant"},
    "labels.label": "green_out",
    "labels.request_id": "pixel",
    "labels.arrived_at": "measured",
}


def _picture(folder: Path) -> Stranger:
    """Pixels of a photograph: nested inputs, codes of ninety plants, two times, versions by their digests."""
    from sklearn.datasets import load_sample_image
    from sklearn.linear_model import LinearRegression

    random = np.random.default_rng(15)
    pixels = load_sample_image("flower.jpg").reshape(-1, 3).astype(float)
    red, green, blue = pixels[random.choice(len(pixels), _PIXELS, replace=False)].T
    model = LinearRegression().fit(np.c_[red, blue][:2_000], green[:2_000])
    asked = clock(_PIXELS, 30, random)
    traffic = pd.DataFrame(
        {
            "input": [{"red": r, "blue": b} for r, b in zip(red, blue, strict=True)],
            "stored": asked + pd.to_timedelta(random.integers(1, 90, _PIXELS), unit="s"),
            "asked": asked,
            "px": [f"{i:05}-{i % 7}" for i in random.permutation(_PIXELS)],
            "plant": [f"PLT-{i:04}" for i in random.integers(100, 190, _PIXELS)],
            "weights": np.where(np.arange(_PIXELS) < _PIXELS // 2, "5c1f0aa", "b7720de"),
            "green_in": model.predict(np.c_[red, blue]),
        }
    )
    labels = pd.DataFrame({"pixel": traffic.px, "green_out": green, "lab": "east"})
    return brought(folder / "picture", traffic, labels.assign(measured=asked + timedelta(hours=8)), _PICTURE)


_MAKERS: tuple[Callable[[Path], Stranger], ...] = (_irises, _calls, _commits, _athletes, _picture)
