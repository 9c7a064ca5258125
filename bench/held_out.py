"""Five strangers for whom no rule of `muster init` was ever written or changed; keep it so.

A rule that is mended for one of them ends this: then they belong among the others, and new ones are needed.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench.stranger import Stranger, brought, clock, shuffled

_DATA = Path(__file__).parents[1] / "demo" / "data"


def held_out(folder: Path, sets: int = 5) -> tuple[Stranger, ...]:
    """Write the first `sets` of the five below `folder` and return them."""
    return tuple(make(folder) for make in _MAKERS[:sets])


_VINTAGES: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "poured",
    "traffic.prediction": "abv_told",
    "traffic.request_id": "lot",
    "traffic.version": "served_by",
    "traffic.ignore": set(),
    "labels.label": "abv",
    "labels.request_id": "lot",
    "labels.arrived_at": "lab_day",
}


def _vintages(folder: Path) -> Stranger:
    """Wine as a regression: nested inputs in lines of JSON, two versions side by side, labels by the day."""
    from sklearn.datasets import load_wine
    from sklearn.ensemble import RandomForestRegressor

    rows, random = shuffled(load_wine(as_frame=True).frame, 21, times=16)
    inputs = [each for each in rows if each not in {"alcohol", "target"}]
    model = RandomForestRegressor(20, random_state=0).fit(rows[inputs][:300], rows.alcohol[:300])
    poured = clock(len(rows), 24, random)
    traffic = pd.DataFrame(
        {
            "lot": [f"L{i:06}" for i in random.permutation(len(rows))],
            "poured": poured,
            "served_by": random.choice(["cellar", "attic"], len(rows), p=[0.8, 0.2]),
            "must": rows[inputs].to_dict(orient="records"),
            "abv_told": model.predict(rows[inputs]),
        }
    )
    day = (poured + timedelta(days=3)).dt.strftime("%Y-%m-%d")
    labels = pd.DataFrame({"lot": traffic.lot, "abv": rows.alcohol, "lab_day": day})
    return brought(folder / "vintages", traffic, labels, _VINTAGES, "jsonl")


_LEADS: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "scored_at",
    "traffic.prediction": "offer",
    "traffic.probability": "propensity",
    "traffic.request_id": "lead",
    "traffic.version": None,
    "traffic.ignore": {"client_email", "propensity_no"},
    "labels.label": "converted",
    "labels.request_id": "lead",
    "labels.arrived_at": None,
}


def _leads(folder: Path) -> Stranger:
    """Bank: both probabilities of a yes or no in 0 and 1, addresses of persons, a constant in the labels."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows = pd.read_parquet(_DATA / "bank_marketing.parquet").sample(6_000, random_state=22)
    random = np.random.default_rng(22)
    inputs = ["age", "campaign", "pdays", "previous", "nr_employed", "cons_price_idx"]
    model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
    chance = model.fit(rows[inputs], rows.y).predict_proba(rows[inputs])[:, 1]
    traffic = rows[[*inputs, "job", "education", "day_of_week"]].assign(
        lead=random.permutation(len(rows)) + 900_000,
        scored_at=clock(len(rows), 30, random).set_axis(rows.index),
        client_email=[f"person{i}@example.org" for i in random.integers(0, 5_000, len(rows))],
        offer=(chance > 1 / 2).astype(int),
        propensity=chance,
        propensity_no=1 - chance,
    )
    labels = pd.DataFrame({"lead": traffic.lead, "converted": rows.y.astype(int), "source": "crm"})
    return brought(folder / "leads", traffic, labels.sample(frac=0.7, random_state=0), _LEADS, "csv")


_SHAPES: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "t_in",
    "traffic.prediction": "is_odd",
    "traffic.probability": "certain",  # true is class 1
    "traffic.request_id": "uid",
    "traffic.version": None,
    "labels.label": "odd",
    "labels.request_id": "image",
    "labels.arrived_at": "judged_at",
}


def _shapes(folder: Path) -> Stranger:
    """Digits, odd or even: flags as answers and labels, the time of the answer, who labelled."""
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression

    rows, random = shuffled(load_digits(as_frame=True).frame, 23, times=3)
    inputs = [f"pixel_{i}_{j}" for i in range(2, 6) for j in range(2, 6)]
    odd = rows.target % 2 == 1
    chance = LogisticRegression(max_iter=300).fit(rows[inputs][:900] / 16, odd[:900])
    certain = chance.predict_proba(rows[inputs] / 16)[:, 1]
    t_in = clock(len(rows), 21, random)
    traffic = rows[inputs].assign(
        uid=[f"{i:032x}" for i in random.permutation(len(rows)) + 2**60],
        t_in=t_in,
        t_out=t_in + pd.to_timedelta(random.integers(20, 400, len(rows)), unit="ms"),
        is_odd=certain > 1 / 2,
        certain=certain,
    )
    labels = pd.DataFrame({"image": traffic.uid, "odd": odd, "judged_at": t_in + timedelta(hours=30)})
    labels["annotator"] = random.choice(["ida", "joe", "kim"], len(rows))
    return brought(folder / "shapes", traffic, labels, {**_SHAPES, "traffic.ignore": {"t_out"}})


_INSULIN: Mapping[str, Any] = {
    "task": "regression",
    "traffic.timestamp": "seen",
    "traffic.prediction": "next_year",
    "traffic.request_id": "visit",
    "traffic.version": "commit",
    "traffic.ignore": {"ward_clock"},
    "labels.label": "a_year_on",
    "labels.request_id": "visit",
    "labels.arrived_at": "entered",
}


def _insulin(folder: Path) -> Stranger:
    """Diabetes: times as text with a zone, a counter, a version by its commit, two outcomes."""
    from sklearn.datasets import load_diabetes
    from sklearn.linear_model import Ridge

    rows, random = shuffled(load_diabetes(as_frame=True).frame, 24, times=8)
    inputs = [each for each in rows if each != "target"]
    seen = clock(len(rows), 35, random)
    traffic = (
        rows[inputs]
        .rename(columns={"sex": "group", "bmi": "mass"})
        .assign(
            visit=[f"v/{i}" for i in random.permutation(len(rows)) + 1_000],
            seen=seen.dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
            ward_clock=np.arange(len(rows)) * 7,
            commit="9f2c4e17ab03d5581f6e",
            next_year=Ridge(alpha=0.1).fit(rows[inputs], rows.target).predict(rows[inputs]),
        )
    )
    labels = pd.DataFrame({"visit": traffic.visit, "a_year_on": rows.target})
    labels["weight_change"] = random.normal(0, 4, len(rows)).round(1)
    labels["entered"] = (seen + timedelta(days=4)).dt.strftime("%Y-%m-%dT%H:%M:%S+00:00")
    return brought(folder / "insulin", traffic, labels, _INSULIN, "csv")


_CLINIC: Mapping[str, Any] = {
    "task": "classification",
    "traffic.timestamp": "at",
    "traffic.prediction": "finding",
    "traffic.probabilities": {"malignant": "how_bad"},
    "traffic.request_id": "case",
    "traffic.version": "generation",
    "traffic.ignore": {"ward"},
    "labels.label": "pathology",
    "labels.request_id": "case",
    "labels.arrived_at": "signed",
}


def _clinic(folder: Path) -> Stranger:
    """Breast cancer: classes by name, labels of which some were revised, three generations of a model."""
    from sklearn.datasets import load_breast_cancer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    rows, random = shuffled(load_breast_cancer(as_frame=True).frame, 25, times=6)
    inputs = [each for each in rows if str(each).startswith("mean")]
    names = np.array(["malignant", "benign"])
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(rows[inputs], rows.target)
    how_bad = model.predict_proba(rows[inputs])[:, 0]
    at = clock(len(rows), 30, random)
    traffic = rows[inputs].assign(
        case=[f"C-{i}" for i in random.permutation(len(rows)) + 20_000],
        at=at,
        ward=[f"ward {i}" for i in np.zeros(len(rows), int)],
        generation=np.arange(len(rows)) // 1_200 + 1,
        how_bad=how_bad,
        finding=np.where(how_bad > 0.4, "malignant", "benign"),
    )
    labels = pd.DataFrame({"case": traffic.case, "pathology": names[rows.target]})
    labels["signed"] = at + timedelta(days=2)
    revised = labels.sample(frac=0.05, random_state=0).assign(signed=lambda d: d.signed + timedelta(days=3))
    return brought(folder / "clinic", traffic, pd.concat([labels, revised]), _CLINIC)


_MAKERS: tuple[Callable[[Path], Stranger], ...] = (_vintages, _leads, _shapes, _insulin, _clinic)
