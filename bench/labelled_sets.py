"""Labelled sets to fit models on: three real ones, and a made-up one that limits are tuned on."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from profiles.layout import Task

TRUTH = "truth"
SETS = ("bank", "bike", "commits")
MADE_UP = "made_up"
_DATA = Path(__file__).parents[1] / "demo" / "data"
_BIKE = (
    "season",
    "hr",
    "holiday",
    "weekday",
    "workingday",
    "weathersit",
    "temp",
    "atemp",
    "hum",
    "windspeed",
)
_BIKE_CODES = ("season", "holiday", "weekday", "workingday", "weathersit")
# `duration` is known only after the call.
_NOT_OF_BANK = ["row", "y", "duration", "year_month"]


@dataclass(frozen=True, eq=False)
class LabelledSet:
    """Rows in no order, with their outcomes in the column `truth`, and the model that a team would have.

    The model takes the columns `asked`; `logged` are those that its service writes down. `classes` are those
    of whose probabilities it writes down too, empty for numbers.
    """

    name: str
    task: Task
    metric: str
    rows: pd.DataFrame
    asked: tuple[str, ...]
    logged: tuple[str, ...]
    classes: tuple[str, ...]
    estimator: Callable[[], Any]


@cache
def labelled(name: str) -> LabelledSet:
    """Return a set by its name."""
    return {"bank": _bank, "bike": _bike, "commits": _commits, MADE_UP: _made_up}[name]()


def _trees(asked: pd.DataFrame, estimator: Any) -> Any:
    """Return trees over numbers as they are and names as numbers; what is null or new is missing."""
    from sklearn.compose import ColumnTransformer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    names = [column for column in asked if asked[column].dtype == object]
    code = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    return make_pipeline(ColumnTransformer([("names", code, names)], remainder="passthrough"), estimator)


def _regressor(asked: pd.DataFrame) -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return _trees(asked, HistGradientBoostingRegressor(max_iter=60, random_state=0))


def _bike() -> LabelledSet:
    found = pd.read_parquet(_DATA / "bike_sharing.parquet")
    rows = (
        found[list(_BIKE)].astype(dict.fromkeys(_BIKE_CODES, str)).astype(dict.fromkeys(_BIKE_CODES, object))
    )
    rows[TRUTH] = found["cnt"].astype(float)
    return LabelledSet(
        "bike", "regression", "mae", rows, _BIKE, _BIKE, (), lambda: _regressor(rows[list(_BIKE)])
    )


def _bank() -> LabelledSet:
    from sklearn.ensemble import HistGradientBoostingClassifier

    found = pd.read_parquet(_DATA / "bank_marketing.parquet")
    rows = found.drop(columns=_NOT_OF_BANK)
    rows = rows.astype({name: object for name in rows if not pd.api.types.is_numeric_dtype(rows[name])})
    asked = tuple(map(str, rows.columns))
    rows[TRUTH] = found["y"].astype(int)

    def estimator() -> Any:
        return _trees(rows[list(asked)], HistGradientBoostingClassifier(max_iter=60, random_state=0))

    return LabelledSet("bank", "classification", "log_loss", rows, asked, asked, ("0", "1"), estimator)


def _commits() -> LabelledSet:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    found = pd.read_parquet(_DATA / "commit_types.parquet")
    text = found["text"]
    rows = pd.DataFrame(
        {
            "text": text.astype(object),
            "length": [float(len(each)) for each in text],
            "words": [float(len(each.split())) for each in text],
            "hour": found["ts"].dt.hour.astype(float),
            "weekday": found["ts"].dt.day_name().astype(object),
            TRUTH: found["label"].astype(object),
        }
    )

    def estimator() -> Any:
        told = FunctionTransformer(_text)
        return make_pipeline(
            told, TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=5.0, max_iter=500)
        )

    classes = tuple(sorted(rows[TRUTH].unique()))
    logged = ("length", "words", "hour", "weekday")
    return LabelledSet("commits", "classification", "log_loss", rows, ("text",), logged, classes, estimator)


def _text(asked: pd.DataFrame) -> Any:
    return asked["text"].to_numpy()


def _made_up(rows: int = 20_000) -> LabelledSet:
    """A curved demand with noise that grows with it, two kinds of shops and a column that says nothing."""
    random = np.random.default_rng(20_260_101)
    numbers = {f"x{i}": random.normal(5, 1 + i / 3, rows) for i in range(6)}
    shop = random.choice(["a", "b", "c", "d", "e"], rows, p=[0.4, 0.3, 0.15, 0.1, 0.05])
    made = pd.DataFrame({**numbers, "shop": shop.astype(object)})
    mean = 20 + 6 * np.sin(made["x0"]) + made["x1"] * made["x2"] / 3 + made["shop"].map(ord) % 7
    noise = random.normal(0, 1, rows) * (1 + np.exp((made["x3"] - 5) / 2)) * np.where(shop == "d", 2.0, 1.0)
    made[TRUTH] = mean + noise
    asked = tuple(str(name) for name in made if name != TRUTH)
    return LabelledSet(
        MADE_UP, "regression", "mae", made, asked, asked, (), lambda: _regressor(made[list(asked)])
    )
