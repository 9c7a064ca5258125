"""From a description to what is there of a model: its logs, and the fitted estimator with its baselines."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from demo.model import REQUEST_ID, TIME, BaselineRows, DemoModel, Parts
from profiles.held_out import HeldOut
from profiles.labels import LABEL
from profiles.layout import TrafficLayout
from profiles.losses import loss_of
from profiles.outcomes import outcome_profile
from profiles.reading import Score
from profiles.segments import LABELS, baseline_name
from profiles.sketch import read, sketch, with_steadiness
from profiles.steadiness import steady_shares
from profiles.window import Cadence
from registry.model_registry import AttachedBaseline, BaselineFacts, Candidate
from training.held_out import learned
from training.importance import column_importance

_DEFAULT = "default"
# Rows that the importance of columns is measured on, and how often each column is shuffled.
_ASKED, _SHUFFLED = 1_000, 2


@dataclass(frozen=True)
class Making:
    """A model in the making; the same description gives the same bytes.

    With the cadence that it is watched by, its baselines know which columns are constant in a window; with
    the layout of its log, what rows that it never learned from tell of later windows.
    """

    model: DemoModel
    cadence: Cadence | None = None
    layout: TrafficLayout | None = None

    def write_logs(self, root: Path) -> None:
        """Write the prediction log and the label stream, a file a year, as a service would."""
        traffic, labels = self.logs
        years = traffic[TIME].dt.year
        for year in sorted(years.unique()):
            here = traffic[years == year]
            self._write(here, root / self.model.folder / f"traffic/{year}.parquet")
            known = labels[labels[REQUEST_ID].isin(here[REQUEST_ID])]
            self._write(known, root / self.model.folder / f"labels/{year}.parquet")

    @property
    def logs(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """The prediction log and the label stream, with the fault in them."""
        model, fault = self.model, self.model.fault
        served = self._parts.served
        asked = served if fault is None else fault.inputs(served)
        traffic = self._answered(asked)[[REQUEST_ID, TIME, *self._profiled, *self._probabilities]]
        true = served if fault is None else fault.truth(served)
        labels = true[[REQUEST_ID, model.target]].assign(arrived_at=served[TIME] + model.delay)
        if fault is not None:
            traffic, labels = fault.log(traffic), fault.labels(labels)
        return traffic, labels

    def candidate(self) -> Candidate:
        """Return the fitted model with its baselines, ready to be registered."""
        trained = BaselineRows(self._parts.trained, self._parts.period)
        baselines = self._parts.baselines or {_DEFAULT: trained}
        attached = {name: self._baseline(name, each) for name, each in baselines.items()}
        labels = (self._labels(name, each) for name, each in baselines.items())
        return Candidate(
            name=self.model.name,
            recipe=self._recipe,
            estimator=self._fitted,
            example=self._parts.trained[list(self.model.inputs)].head(5),
            baselines=(*attached.values(), *labels),
            scores=attached[_DEFAULT].facts.scores,
        )

    def _baseline(self, name: str, of: BaselineRows) -> AttachedBaseline:
        answered = self._answered(of.rows)
        scores = self._scores(self._held_out[1]) if self.model.held_out else self._scores(answered)
        facts = BaselineFacts(name=name, kind=of.kind, rows=len(of.rows), period=of.period, scores=scores)
        profile = sketch(self._table(answered[self._profiled]), at=of.period.start)
        if self.cadence is not None and TIME in answered:
            starts = answered[TIME].map(self.cadence.floor)
            windows = (self._table(rows[self._profiled]) for _, rows in answered.groupby(starts))
            steady = steady_shares(read(sketch(each, at=of.period.start)) for each in windows)
            profile = with_steadiness(profile, steady, at=of.period.start)
        return AttachedBaseline(facts, profile, self._learned(answered) if name == _DEFAULT else None)

    def _learned(self, answered: pd.DataFrame) -> HeldOut | None:
        """Learn what explains the score, from the rows that it was computed on."""
        if self.layout is None:
            return None
        by, rows = self._held_out if self.model.held_out else (self._fitted, answered)
        rows = rows.dropna(subset=[self.model.target])
        loss = loss_of(self.model.metric)
        some = rows.iloc[:: max(1, len(rows) // _ASKED)]
        asked = some[list(self.model.inputs)]
        weights = (
            {}
            if loss is None
            else column_importance(by, asked, some[self.model.target], loss, repeats=_SHUFFLED)
        )
        target = self.model.target
        logged = self._table(rows[[*self._profiled, *self._probabilities, target]])
        return learned(logged, target, self.layout, self.model.metric, weights)

    def _labels(self, name: str, of: BaselineRows) -> AttachedBaseline:
        """Return the labels of a baseline's rows, as the baseline that those of windows are compared with."""
        from sklearn.base import is_classifier

        target = self.model.target
        labelled = self._table(of.rows[[target]].dropna()).rename_columns([LABEL])
        profile = outcome_profile(labelled, target, classes=is_classifier(self._fitted), at=of.period.start)
        if profile is None:
            raise TypeError(f"the baseline {name} of {self.model.name} has no label")
        facts = BaselineFacts(baseline_name(name, LABELS), of.kind, len(labelled), of.period, {})
        return AttachedBaseline(facts, profile)

    @cached_property
    def _parts(self) -> Parts:
        return self.model.parts()

    @cached_property
    def _fitted(self) -> Any:
        return self._fit(self._parts.trained)

    @cached_property
    def _held_out(self) -> tuple[Any, pd.DataFrame]:
        """A model fitted on the first part of the training rows, and what it answers to those after them."""
        rows = self._parts.trained
        cut = int(len(rows) * (1 - self.model.held_out))
        fitted = self._fit(rows[:cut])
        return fitted, self._answered(rows[cut:], fitted)

    @property
    def _profiled(self) -> list[str]:
        return [*self.model.logged, self.model.prediction]

    @property
    def _probabilities(self) -> list[str]:
        return [] if self.model.positive is None else [self.model.positive]

    def _fit(self, rows: pd.DataFrame) -> Any:
        return self.model.estimator().fit(rows[list(self.model.inputs)], rows[self.model.target])

    def _answered(self, rows: pd.DataFrame, by: Any = None) -> pd.DataFrame:
        """Return the rows with what the model answers, and with the probability where it is logged."""
        estimator, asked = by or self._fitted, rows[list(self.model.inputs)]
        answers = {self.model.prediction: estimator.predict(asked)}
        if self.model.positive is not None:
            answers[self.model.positive] = estimator.predict_proba(asked)[:, 1]
        return rows.assign(**answers)

    def _scores(self, answered: pd.DataFrame) -> dict[str, float]:
        from profiles.scores import Answers, scored

        positive = self.model.positive
        found = scored(
            self.model.metric,
            Answers(
                truth=answered[self.model.target].to_numpy(),
                prediction=answered[self.model.prediction].to_numpy(),
                probabilities={} if positive is None else {"1": answered[positive].to_numpy()},
            ),
        )
        if not isinstance(found, Score):
            raise TypeError(f"{self.model.name} has no {self.model.metric}: {found}")
        return {self.model.metric: found.value}

    @property
    def _recipe(self) -> str:
        rows = self._parts.trained
        made_of = sha256(pd.util.hash_pandas_object(rows, index=False).to_numpy().tobytes())
        made_of.update(f"{self.model.estimator()!r} {self._profiled}".encode())
        made_of.update(f"scikit-learn {version('scikit-learn')}".encode())
        return made_of.hexdigest()

    def _table(self, rows: pd.DataFrame) -> pa.Table:
        """Name categories by text, so that they are profiled as what they are."""
        kinds: Mapping[str, type] = {name: str for name in self.model.names if name in rows}
        return pa.Table.from_pandas(rows.astype(kinds), preserve_index=False).replace_schema_metadata(None)

    def _write(self, rows: pd.DataFrame, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        pq.write_table(self._table(rows), unfinished)
        unfinished.replace(path)
