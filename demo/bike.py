"""A demand model of a bike rental: trained on 2011, serving through 2012."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from profiles.sketch import sketch
from profiles.window import Window
from registry.versions import AttachedBaseline, BaselineFacts, Candidate

DATA = Path(__file__).parent / "data" / "bike_sharing.parquet"
TRAINED_ON = Window(datetime(2011, 1, 1, tzinfo=UTC), datetime(2012, 1, 1, tzinfo=UTC))
SERVED_IN = Window(datetime(2012, 1, 1, tzinfo=UTC), datetime(2013, 1, 1, tzinfo=UTC))
NAME = "pricing.bike-demand"

_FEATURES = ["hr", "weekday", "workingday", "holiday", "weathersit", "temp", "atemp", "hum", "windspeed"]
_CATEGORIES = ["weekday", "workingday", "holiday", "weathersit"]  # numbers that only name something
_TARGET, _PREDICTION = "cnt", "demand"
_TRAINED_SHARE = 0.7  # of 2011 in time order; the rest measures the error to expect
_COUNTED_AFTER = timedelta(days=1)  # the rentals of an hour are known a day later


@dataclass(frozen=True)
class BikeDemand:
    """The model's whole story, made from the data file alone; the same file gives the same bytes."""

    folder: Path

    def write_logs(self) -> None:
        """Write the prediction log and the label stream of 2012, a file a month, as a service would."""
        served = self._rows[self._rows.ts >= SERVED_IN.start]
        for month, rows in served.groupby(served.ts.dt.strftime("%Y-%m")):
            _write(
                rows[["request_id", "ts", *_FEATURES, _PREDICTION]], self.folder / f"traffic/{month}.parquet"
            )
            labels = rows[["request_id", _TARGET]].assign(arrived_at=rows.ts + _COUNTED_AFTER)
            _write(labels, self.folder / f"labels/{month}.parquet")

    def candidate(self) -> Candidate:
        """Return the fitted model with its baseline, ready to be registered."""
        trained = self._trained
        scores = {"mae": self._expected_error}
        facts = BaselineFacts(
            name="default", kind="training", rows=len(trained), period=TRAINED_ON, scores=scores
        )
        table = _table(trained[[*_FEATURES, _PREDICTION]])
        return Candidate(
            name=NAME,
            recipe=self._recipe,
            estimator=self._model,
            example=trained[_FEATURES].head(5),
            baselines=(AttachedBaseline(facts, sketch(table, at=TRAINED_ON.start)),),
            scores=scores,
        )

    @cached_property
    def _rows(self) -> pd.DataFrame:
        """All rows with request ids and the frozen model's predictions."""
        rows = self._data
        return rows.assign(
            request_id=[f"bike-{number}" for number in rows.instant],
            **{_PREDICTION: self._model.predict(rows[_FEATURES])},
        )

    @cached_property
    def _data(self) -> pd.DataFrame:
        rows = pd.read_parquet(DATA)
        return rows.assign(ts=rows.ts.dt.tz_localize(UTC))

    @property
    def _trained(self) -> pd.DataFrame:
        return self._rows[self._rows.ts < TRAINED_ON.end]

    @cached_property
    def _model(self) -> Any:
        rows = self._data[self._data.ts < TRAINED_ON.end]
        return _estimator().fit(rows[_FEATURES], rows[_TARGET])

    @cached_property
    def _expected_error(self) -> float:
        """The mean absolute error on the last part of 2011 of a model fitted on the first part."""
        from sklearn.metrics import mean_absolute_error

        rows = self._data[self._data.ts < TRAINED_ON.end]
        cut = int(len(rows) * _TRAINED_SHARE)
        first, last = rows[:cut], rows[cut:]
        fitted = _estimator().fit(first[_FEATURES], first[_TARGET])
        return float(mean_absolute_error(last[_TARGET], fitted.predict(last[_FEATURES])))

    @property
    def _recipe(self) -> str:
        made_of = sha256(DATA.read_bytes())
        made_of.update(f"{_estimator()!r} {_FEATURES} scikit-learn {version('scikit-learn')}".encode())
        return made_of.hexdigest()


def _estimator() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=60, random_state=0)


def _table(rows: pd.DataFrame) -> pa.Table:
    """Name categories by text, so that they are profiled as what they are."""
    return pa.Table.from_pandas(
        rows.astype({c: str for c in _CATEGORIES if c in rows}), preserve_index=False
    ).replace_schema_metadata(None)


def _write(rows: pd.DataFrame, path: Path) -> None:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        pq.write_table(_table(rows), unfinished)
        unfinished.replace(path)
