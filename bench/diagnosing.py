"""A model and its registration on a cut of a set, and diagnoses by the real path: sketch, compare, judge.

A set is cut at random into rows that the model is fitted on, held-out rows that baseline and strata are made
of, and a pool that windows are drawn from: without a cause they differ by chance alone.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from bench.labelled_sets import TRUTH, labelled
from policies.diagnose import diagnosed
from policies.diagnosis import Diagnosis
from policies.judge import judge
from policies.policy import Freshness, Policy
from policies.resolve import resolve
from policies.schema import PolicyFile, TeamFile
from policies.verdict import Severity
from profiles.arrivals import arrivals
from profiles.compare import compare
from profiles.held_out import HeldOut
from profiles.labels import LABEL, label_state
from profiles.losses import row_losses
from profiles.measures import measure
from profiles.profile import Floats, Profile
from profiles.reading import BaselineRef, Reading
from profiles.see import losses_of, profiled_columns
from profiles.sketch import read, sketch
from profiles.window import Window
from training.held_out import learned
from training.importance import column_importance

ROWS = 2_000
DAY = timedelta(days=1)
WINDOW = Window(datetime(2026, 1, 5, tzinfo=UTC), datetime(2026, 1, 6, tzinfo=UTC))
_PARTS = (0.4, 0.7)
_STAMPS = pa.timestamp("us", "UTC")


@dataclass(frozen=True, eq=False)
class Drawn:
    """The rows of a window, their outcomes in `truth`; `has_label` marks those whose label has come.

    `came` are the times of the rows, `label_silence` is how long no label has come.
    """

    rows: pd.DataFrame
    has_label: Any
    came: Any
    label_silence: timedelta | None = None


class Setting:
    """A fitted model with what its registration left, and the pool that its windows come from."""

    def __init__(self, name: str, cut: int) -> None:
        self.set = labelled(name)
        rows = self.set.rows
        order = np.random.default_rng([cut, len(rows)]).permutation(len(rows))
        fitted, held, pool = (
            rows.iloc[part].reset_index(drop=True)
            for part in np.split(order, [int(share * order.size) for share in _PARTS])
        )
        self.pool, self._held = pool, held
        self.estimator = self.set.estimator().fit(fitted[list(self.set.asked)], fitted[TRUTH])

    @cached_property
    def policy(self) -> Policy:
        """What a team writes that names its columns, 10 % as its allowance, and six hours of silence."""
        traffic: dict[str, Any] = {
            "path": "log/*.parquet",
            "timestamp": "ts",
            "prediction": "prediction",
            "request_id": "id",
        }
        if self.set.classes:
            traffic["probabilities"] = {each: f"p_{each}" for each in self.set.classes}
        written = {
            "version": 1,
            "model": f"bench.{self.set.name.replace('_', '-')}",
            "task": self.set.task,
            "traffic": traffic,
            "labels": {
                "path": "labels/*.parquet",
                "label": TRUTH,
                "request_id": "id",
                "arrives_within": "7d",
            },
            "cadence": "1d",
            "objectives": {"performance": {"metric": self.set.metric, "at_most_worse_than_baseline": "10%"}},
        }
        policy = resolve(PolicyFile.model_validate(written), TeamFile(team="bench"))
        return replace(policy, freshness=Freshness(DAY / 4, Severity.CRITICAL))

    @cached_property
    def held_out(self) -> HeldOut:
        """What is learned at registration."""
        told = learned(self._labelled(self._held), LABEL, self.policy.traffic, self.set.metric)
        if told is None:
            raise ValueError(f"{self.set.metric} should have row losses")
        asked = self._held[list(self.set.asked)]
        found = column_importance(self.estimator, asked, self._held[TRUTH], told.loss, repeats=2)
        return replace(told, importance=found)

    @cached_property
    def baseline(self) -> tuple[Profile, BaselineRef]:
        """The profile of the held-out rows, and what a reading keeps of it."""
        rows, told = self._labelled(self._held), self.held_out
        known = measure(rows, self.policy.traffic, (self.set.metric,), LABEL).known
        profile = self._profiled(rows.drop_columns([LABEL]))
        return profile, BaselineRef(
            "default",
            "sha256:0",
            profile.rows,
            scores=known,
            losses=told.losses,
            importance=told.importance,
        )

    def losses(self, rows: pd.DataFrame) -> Floats:
        """Return what the model loses on each row."""
        return self._losses(self.logged(rows), rows[TRUTH].to_numpy())

    def losses_of_truth(self, truth: Any) -> Floats:
        """Return what the model would lose on each row of the pool if its outcome were another."""
        return self._losses(self.logged_pool, truth)

    @cached_property
    def logged_pool(self) -> pa.Table:
        """The pool's rows as the service logs them."""
        return self.logged(self.pool)

    def _losses(self, logged: pa.Table, truth: Any) -> Floats:
        answers = {name: logged.column(column) for name, column in self.policy.traffic.answers.items()}
        return row_losses(self.held_out.loss, truth, logged.column("prediction"), answers)

    def reading(self, drawn: Drawn) -> Reading:
        """Return the reading of a window as a step makes it, its labels past due."""
        policy, (baseline, referred) = self.policy, self.baseline
        labels = pa.array(drawn.rows[TRUTH].to_numpy(), mask=~np.asarray(drawn.has_label))
        logged = self.logged(drawn.rows)
        known = logged.append_column(LABEL, labels)
        measures = measure(known, policy.traffic, (self.set.metric,), LABEL)
        if policy.labels is None:
            raise ValueError("the policy should name labels")
        return Reading(
            model=policy.model,
            window=WINDOW,
            version="1",
            arrivals=arrivals(pa.chunked_array([pa.array(drawn.came, _STAMPS)]), WINDOW, None),
            baseline=referred,
            comparison=compare(self._profiled(logged), baseline),
            labels=label_state(known, policy.labels, WINDOW, WINDOW.end + 30 * DAY),
            scores=measures.scores,
            unmeasured=measures.unmeasured,
            usual_rows=float(ROWS),
            label_silence=drawn.label_silence,
            usual_label_silence=DAY / 4,
            losses=losses_of(known, policy.traffic, self.held_out),
        )

    def diagnosis(self, drawn: Drawn) -> Diagnosis:
        """Judge and diagnose a window."""
        reading = self.reading(drawn)
        found = diagnosed(judge(reading, self.policy), reading, self.policy).diagnosis
        if found is None:
            raise ValueError("a diagnosed verdict should have a diagnosis")
        return found

    def _labelled(self, rows: pd.DataFrame) -> pa.Table:
        return self.logged(rows).append_column(LABEL, pa.array(rows[TRUTH].to_numpy()))

    def logged(self, rows: pd.DataFrame) -> pa.Table:
        """Return rows as the service logs them, its answers included."""
        asked = rows[list(self.set.asked)]
        logged = rows[list(self.set.logged)].assign(prediction=self.estimator.predict(asked))
        if self.set.classes:
            answered = self.estimator.predict_proba(asked)
            logged = logged.assign(**{f"p_{each}": answered[:, k] for k, each in enumerate(self.set.classes)})
        return pa.Table.from_pandas(logged, preserve_index=False).replace_schema_metadata(None)

    def _profiled(self, logged: pa.Table) -> Profile:
        names = profiled_columns(self.policy.traffic, logged.schema.names)
        return read(sketch(logged.select(list(names)), at=WINDOW.start))


@cache
def setting(name: str, cut: int) -> Setting:
    """Return the setting of one random cut of a set."""
    return Setting(name, cut)
