"""The team's service on the simulated clock: it answers with whoever it was told of, and writes its log."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from demo.model import REQUEST_ID, TIME, DemoModel
from demo.service import Named, estimator_of, named_in
from registry.model_files import ModelStore
from serving.split import challengers

VERSION = "answered_by"
FOLLOWED = "serves.json"
_FIRST = Named("1")


@dataclass(frozen=True)
class SimulatedService:
    """Answers the requests of a model below `root`."""

    model: DemoModel
    root: Path
    store: ModelStore
    _loaded: dict[str, tuple[Any, tuple[str, ...]]] = field(default_factory=dict)
    _asked: dict[str, pd.DataFrame] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """Where its log, its labels and what it follows lie."""
        return self.root / self.model.folder

    @property
    def named(self) -> Named:
        """Who is to answer: the first version, until an order came."""
        follow = self.folder / FOLLOWED
        return (named_in(follow.read_text()) if follow.exists() else None) or _FIRST

    def answer(self, since: datetime, until: datetime) -> None:
        """Answer the requests of since <= time < until, and log them with who answered.

        Their outcomes are written as well; readers see none before it arrived.
        """
        logged = self._log_until(until)
        fault, served = self.model.fault, self._requests
        rows = served[(served[TIME] >= since) & (served[TIME] < until)]
        true = rows if fault is None else fault.truth(rows)
        asked = rows if fault is None else fault.inputs(rows)
        answered = self._answered(asked)
        labels = true[[REQUEST_ID, self.model.target]].assign(arrived_at=true[TIME] + self.model.delay)
        if fault is not None:
            answered, labels = fault.log(answered), fault.labels(labels)
        _write(labels, self.folder / "labels" / logged.name)
        _write(answered, logged)

    def has_answered(self, until: datetime) -> bool:
        """Say whether the requests before a time were answered already."""
        return self._log_until(until).exists()

    def _log_until(self, until: datetime) -> Path:
        return self.folder / "traffic" / f"{until:%Y-%m-%dT%H%M}.parquet"

    @property
    def _requests(self) -> pd.DataFrame:
        if not self._asked:
            self._asked["served"] = self.model.parts().served
        return self._asked["served"]

    def _answered(self, asked: pd.DataFrame) -> pd.DataFrame:
        named = self.named
        by = pd.Series(named.champion, index=asked.index, dtype=object)
        if named.challenger is not None:
            by[challengers(asked[REQUEST_ID], named.salt, named.share)] = named.challenger
        prediction = pd.Series(0.0, index=asked.index)
        for version, rows in asked.groupby(by):
            estimator, columns = self._version(str(version))
            prediction[rows.index] = estimator.predict(rows[list(columns)])
        kept = asked[[REQUEST_ID, TIME, *self.model.logged]]
        answers = pd.DataFrame({self.model.prediction: prediction, VERSION: by})
        return kept.join(answers)

    def _version(self, version: str) -> tuple[Any, tuple[str, ...]]:
        if version not in self._loaded:
            self._loaded[version] = estimator_of(self.store, self.model.name, version)
        return self._loaded[version]


def _write(rows: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    table = pa.Table.from_pandas(rows, preserve_index=False).replace_schema_metadata(None)
    pq.write_table(table, unfinished)
    unfinished.replace(path)
