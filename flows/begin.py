"""Beginning: from a sample of traffic and labels to a policy file. No Prefect here."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flows.place import Place
from policies.defaults import MINIMUM_ROWS
from policies.draft import FILL_IN, Draft, DraftLine, gap
from profiles.guess import micros, sample_columns
from profiles.infer import Roles, infer_roles
from profiles.infer_calendar import infer_calendar
from profiles.layout import Task
from profiles.sample import Waiting, labels_of, sample, times_of
from profiles.usual import Rhythm, lateness, rhythm
from profiles.window import spelled

if TYPE_CHECKING:
    import pyarrow as pa

_RARE = 0.4  # of an equal part of the labels; where the rarest class has less, accuracy says little
_WORSE = "10%"


@dataclass(frozen=True)
class Inferred:
    """What a sample told: its roles, its rhythm where it has times, and the draft that follows.

    `versions` are those that the traffic names, the one that answered last at the end. `rows` were read,
    and they are all rows where `whole`.
    """

    roles: Roles
    rhythm: Rhythm | None
    versions: tuple[str, ...]
    rows: int
    whole: bool
    draft: Draft


def infer(model: str, traffic: Place, labels: Place | None, root: Path, waiting: Waiting = iter) -> Inferred:
    """Read a sample and return what it tells; TrafficUnavailable when it cannot be read.

    However large the log is, memory holds what `profiles.sample` says; `waiting` is told of long reading.
    """
    files = traffic.files(root)
    seen = sample(files)
    table = traffic.holding(seen.rows)
    outcomes = None
    if labels is not None:
        outcomes = labels.holding(labels_of(labels.files(root), table, waiting).rows)
    roles = _without_keys(infer_roles(table, outcomes), files.keys())
    found = None
    if roles.timestamp is not None:
        name = roles.timestamp.value
        times = micros(table.column(name).drop_null()) if seen.whole else times_of(files, name, waiting)
        found = rhythm(times, MINIMUM_ROWS)
    lines = [
        DraftLine("version", 1),
        DraftLine("model", model),
        _task(roles),
        *_traffic(traffic, roles, joining=labels is not None),
        *_described(roles),
        *_labels(traffic, labels, roles, table, outcomes),
        *_watching(found),
        *_calendar(roles, found, table),
        *_performance(roles, labels, table, outcomes),
    ]
    return Inferred(
        roles, found, _versions(table, roles), table.num_rows, seen.whole, Draft(model, tuple(lines))
    )


def _without_keys(roles: Roles, keys: Sequence[str]) -> Roles:
    """Leave out what lies in the names of folders and has no role: nobody profiles it."""
    return replace(
        roles,
        ignore=tuple(guess for guess in roles.ignore if guess.value not in keys),
        features=tuple(name for name in roles.features if name not in keys),
    )


def draft_of_version(
    model: str, registered_as: str, alias: str, features: Sequence[str] | None, task: Task | None
) -> Draft:
    """Return the draft for a version that a model registry serves.

    `features` and `task` are what its signature tells; what a registry cannot know is to be filled in.
    """
    lines = [
        DraftLine("version", 1),
        DraftLine("model", model),
        DraftLine("registered_as", registered_as),
        DraftLine("alias", alias),
        DraftLine("task", task, "told by the type of the signature's output")
        if task
        else DraftLine(
            "task", "regression", fill_in="regression or classification; the version has no signature"
        ),
        DraftLine("traffic.path", f"{FILL_IN}/*.parquet", fill_in="folder or files of the prediction log"),
        gap("traffic.timestamp", "the column with the time of the request"),
        gap("traffic.prediction", "the column with the model's answer"),
    ]
    if features:
        lines.append(DraftLine("traffic.features", list(features), "the inputs of the version's signature"))
    lines.append(DraftLine("cadence", "1d", "a day is a usual beginning; a window needs 80 rows"))
    return Draft(model, tuple(lines))


def _versions(table: pa.Table, roles: Roles) -> tuple[str, ...]:
    if roles.version is None or roles.timestamp is None:
        return ()
    ordered = table.sort_by(roles.timestamp.value).column(roles.version.value).drop_null()
    # Reversed, because what comes first is kept: the version that answered last.
    return tuple(dict.fromkeys(reversed(_texts(ordered).tolist())))[::-1]


def _task(roles: Roles) -> DraftLine:
    if roles.task is None:
        return DraftLine(
            "task", "regression", fill_in="regression or classification; the sample does not tell"
        )
    return DraftLine("task", roles.task.value, roles.task.reason)


def _traffic(place: Place, roles: Roles, *, joining: bool) -> Iterator[DraftLine]:
    yield DraftLine("traffic.path", place.path)
    if not place.told:
        yield DraftLine("traffic.format", place.format, f"the folder holds .{place.format} files")
    open_columns = ", ".join(roles.features[:12])
    needed = {
        "timestamp": "the column with the time of the request; none of the sample's holds timestamps",
        "prediction": f"the column with the model's answer, one of {open_columns}",
    }
    if joining and roles.request_id is None:
        needed["request_id"] = "the column that labels are joined by; no column of the sample fits"
    for role in ("timestamp", "prediction", "request_id", "version", "latency"):
        guess = getattr(roles, role)
        if guess is not None:
            yield DraftLine(f"traffic.{role}", guess.value, guess.reason)
        elif role in needed:
            yield gap(f"traffic.{role}", needed[role])
    yield from _certainty(roles)
    ignored = roles.ignore
    if roles.probability is not None and roles.positive is None:
        ignored += (replace(roles.probability, reason="a certainty of the answer, no input"),)
    if ignored:
        reasons = "; ".join(f"{guess.value}: {guess.reason}" for guess in ignored)
        yield DraftLine("traffic.ignore", [guess.value for guess in ignored], reasons)


def _certainty(roles: Roles) -> Iterator[DraftLine]:
    one, every = roles.probability, roles.probabilities
    if one is not None and roles.positive == "1":
        yield DraftLine("traffic.probability", one.value, one.reason)
    elif one is not None and roles.positive is not None:
        yield DraftLine("traffic.probabilities", {roles.positive: one.value}, one.reason)
    if every is not None:
        yield DraftLine("traffic.probabilities", dict(every.value), every.reason)


def _described(roles: Roles) -> Iterator[DraftLine]:
    for role in ("text", "embeddings"):
        if found := getattr(roles, role):
            reasons = "; ".join(f"{guess.value}: {guess.reason}" for guess in found)
            yield DraftLine(f"traffic.{role}", [guess.value for guess in found], reasons)


def _labels(
    traffic: Place, labels: Place | None, roles: Roles, table: pa.Table, outcomes: pa.Table | None
) -> Iterator[DraftLine]:
    if labels is None and (roles.label is None or roles.request_id is None):
        return
    place = labels or traffic
    yield DraftLine("labels.path", place.path)
    if not place.told:
        yield DraftLine("labels.format", place.format, f"the folder holds .{place.format} files")
    if roles.label is None:
        named = ", ".join(outcomes.column_names) if outcomes is not None else ""
        yield gap("labels.label", f"the column with the outcome, one of {named}")
    else:
        yield DraftLine("labels.label", roles.label.value, roles.label.reason)
    joined = roles.label_request_id or (roles.request_id if roles.labels_in_traffic else None)
    if joined is not None:
        yield DraftLine("labels.request_id", joined.value, joined.reason)
    elif labels is not None:
        yield gap("labels.request_id", "the column to join by; none of the sample's fits")
    if roles.arrived_at is not None:
        yield DraftLine("labels.arrived_at", roles.arrived_at.value, roles.arrived_at.reason)
        late = _lateness(roles, table, outcomes)
        if late is not None:
            yield DraftLine("labels.arrives_within", spelled(late.value), late.reason)


def _watching(found: Rhythm | None) -> Iterator[DraftLine]:
    if found is None:
        yield DraftLine("cadence", "1d", "without times there is nothing to go by")
        return
    yield DraftLine("cadence", found.cadence.value.text, found.cadence.reason)
    yield DraftLine("objectives.freshness.at_most", spelled(found.silence.value), found.silence.reason)


def _calendar(roles: Roles, found: Rhythm | None, table: pa.Table) -> Iterator[DraftLine]:
    if found is None or roles.timestamp is None:
        return
    dated = table.filter(table.column(roles.timestamp.value).is_valid())
    columns = sample_columns(dated.select(list(roles.features)))
    same = infer_calendar(columns, micros(dated.column(roles.timestamp.value)), found.windows)
    if same:
        reasons = "; ".join(f"{guess.value}: {guess.reason}" for guess in same)
        yield DraftLine("objectives.drift.ignore", [guess.value for guess in same], reasons)


def _performance(
    roles: Roles, labels: Place | None, table: pa.Table, outcomes: pa.Table | None
) -> Iterator[DraftLine]:
    judged = roles.label is not None and roles.request_id is not None
    if roles.task is None or not judged or (labels is not None and roles.label_request_id is None):
        return
    assert roles.label is not None  # noqa: S101 - judged says so
    metric, reason = "mae", "the usual score for numbers, in the label's own unit"
    if roles.task.value == "classification":
        truth = (table if outcomes is None else outcomes).column(roles.label.value).drop_null()
        counts = sorted(each["counts"] for each in truth.value_counts().to_pylist())
        metric, reason = "accuracy", "the usual score for classes of similar size"
        if counts[0] * len(counts) < _RARE * len(truth):
            metric, reason = "f1", f"the rarest class has {counts[0] / len(truth):.0%} of the labels"
    key = "objectives.performance"
    yield DraftLine(f"{key}.metric", metric, reason)
    yield DraftLine(f"{key}.at_most_worse_than_baseline", _WORSE, "a beginning; agree on what hurts")


def _lateness(roles: Roles, table: pa.Table, outcomes: pa.Table | None) -> Any:
    """Infer `arrives_within` from the lags between requests and their labels."""
    import numpy as np
    import pandas as pd

    used = (roles.timestamp, roles.request_id, roles.label_request_id, roles.arrived_at)
    if outcomes is None or any(each is None for each in used):
        return None
    time, mine, theirs, arrived = (each.value for each in used if each is not None)
    asked = pd.Series(micros(table.column(time)), index=_texts(table.column(mine)))
    asked = asked[~asked.index.duplicated()]
    came = pd.Series(micros(outcomes.column(arrived)), index=_texts(outcomes.column(theirs)))
    lags = (came - asked.reindex(came.index)) / timedelta(seconds=1).total_seconds() / 1e6
    return lateness(np.asarray(lags, dtype=np.float64))


def _texts(column: pa.ChunkedArray) -> Any:
    import pyarrow as pa

    return column.cast(pa.string()).to_pandas()
