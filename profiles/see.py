"""SEE: one window of a model's traffic, from the files to a profile and scores."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from profiles.arrivals import arrivals
from profiles.labels import LABEL, known_labels, label_state, with_labels
from profiles.layout import LabelLayout, TrafficLayout
from profiles.reading import Arrivals, Labels, Score
from profiles.traffic import Files, rows_in
from profiles.window import Window


@dataclass(frozen=True)
class Seen:
    """What one window of traffic held.

    `profile` holds the sketch bytes, None when there were no rows. `version` is who answered most of the
    rows, None when the log has no such column.
    """

    arrivals: Arrivals
    profile: bytes | None = None
    version: str | None = None
    labels: Labels | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)


@dataclass(frozen=True)
class Sight:
    """Where and how to look at a model: its logs, the scores to take, and where relative paths start."""

    traffic: TrafficLayout
    labels: LabelLayout | None
    metrics: tuple[str, ...]
    root: Path

    @property
    def files(self) -> Files:
        """The files of the prediction log."""
        return Files(self.traffic.path, self.traffic.format, self.root)


def see(sight: Sight, window: Window, now: datetime) -> Seen:
    """Read, profile and score one window as it was known at `now`.

    Raises TrafficUnavailable (or ColumnMissing) when the rows or the labels cannot be read.
    """
    layout = sight.traffic
    files = sight.files
    features = _features(layout, files)
    extra = [c for c in (layout.timestamp, layout.request_id, layout.version) if c and c not in features]
    rows = rows_in(files, [*features, *extra], layout.timestamp, window)
    came = arrivals(rows.column(layout.timestamp), window)
    if not came.rows:
        return Seen(came)
    labels, scores = _scored(sight, rows, window, now)
    return Seen(
        arrivals=came,
        profile=_sketched(rows.select(features), window),
        version=_most_frequent(rows, layout.version),
        labels=labels,
        scores=scores,
    )


def first_seen(sight: Sight) -> datetime | None:
    """Return the time of the oldest row of the log, or None when it is empty."""
    return sight.files.earliest(sight.traffic.timestamp)


def _features(layout: TrafficLayout, files: Files) -> list[str]:
    """The columns to profile: the named features or all without another role, and the prediction."""
    roles = {layout.timestamp, layout.request_id, layout.version, layout.prediction, *layout.ignore}
    names: Iterable[str] = layout.features or (c for c in files.columns() if c not in roles)
    return [*names, layout.prediction]


def _sketched(rows: pa.Table, window: Window) -> bytes:
    from profiles.sketch import sketch

    return sketch(rows, at=window.start)


def _most_frequent(rows: pa.Table, column: str | None) -> str | None:
    if column is None:
        return None
    counted = pc.value_counts(rows.column(column).drop_null().cast(pa.string()))
    ranked = sorted(counted.to_pylist(), key=lambda c: (-c["counts"], c["values"]))
    return ranked[0]["values"] if ranked else None


def _scored(
    sight: Sight, rows: pa.Table, window: Window, now: datetime
) -> tuple[Labels | None, Mapping[str, Score]]:
    if sight.labels is None or sight.traffic.request_id is None:
        return None, {}
    labels = known_labels(sight.labels, window, now, sight.root)
    labelled = with_labels(rows, sight.traffic.request_id, labels)
    return label_state(labelled, sight.labels, window, now), scores_of(
        labelled.column(LABEL), labelled.column(sight.traffic.prediction), sight.metrics
    )


def scores_of(
    truth: pa.ChunkedArray, prediction: pa.ChunkedArray, metrics: tuple[str, ...]
) -> dict[str, Score]:
    """Return each metric over the rows that have both a label and a prediction; none without such rows."""
    from profiles.scores import score

    found = {metric: score(metric, truth, prediction) for metric in metrics}
    return {metric: value for metric, value in found.items() if value is not None}
