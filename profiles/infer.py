"""From a sample of traffic and labels to what its columns mean. Pure: tables in, guesses out.

Names are evidence, values are better: a request id joins, a prediction comes near to its label, a
version answers for a while and then another does.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn, sample_columns, vocabulary
from profiles.infer_answers import (
    ANSWERS,
    LABELS,
    SCORES,
    infer_label,
    infer_prediction,
    infer_probability,
    infer_task,
    positive,
)
from profiles.infer_described import embeddings, free_text
from profiles.layout import Task

_TIMES = vocabulary("ts time timestamp datetime at when date logged created requested served event")
_LATER = vocabulary(
    "arrived arrival received known settled confirmed updated modified labelled labeled closed birth "
    "expires due reported resolved"
)
_IDS = vocabulary("id ids uuid guid ident identifier key ref reference hash sha token trace request serial")
_PEOPLE = vocabulary("customer user client account session device email mail phone iban card")
_VERSIONS = vocabulary("version ver revision rev build release")
_VERSION = re.compile(r"v\d[\w.-]*|\d+(\.\d+)+[\w.-]*|[0-9a-f]{7,40}")
_FEW_VERSIONS = 50
_MANY = 50  # different values from which on a column may name single things
_COUNTING = 5  # different values from which on a column that only grows is a counter or a clock
_JOINS = 0.5  # share of the label stream's ids that the traffic has to hold
_UNIQUE = 0.98


@dataclass(frozen=True)
class Roles:
    """What the columns of a sample mean; None for a role that no column was found for.

    `positive` is the class that `probability` is of, None where it is that of whatever was answered.
    `labels_in_traffic` says that the outcome lies in the prediction log itself.
    """

    task: Guess[Task] | None
    timestamp: Guess[str] | None
    prediction: Guess[str] | None
    probability: Guess[str] | None
    positive: str | None
    request_id: Guess[str] | None
    version: Guess[str] | None
    label: Guess[str] | None
    label_request_id: Guess[str] | None
    arrived_at: Guess[str] | None
    ignore: tuple[Guess[str], ...]
    features: tuple[str, ...]
    labels_in_traffic: bool = False
    text: tuple[Guess[str], ...] = ()
    embeddings: tuple[Guess[str], ...] = ()


@dataclass(frozen=True)
class _Pair:
    """The columns that join labels to traffic."""

    traffic: SampleColumn
    labels: SampleColumn
    reason: str


def infer_roles(traffic: pa.Table, labels: pa.Table | None = None) -> Roles:
    """Infer the roles of the columns of a prediction log, and of the stream of its labels."""
    columns = sample_columns(traffic)
    time = _timestamp(columns)
    outcomes = columns if labels is None else sample_columns(labels)
    pair = None if labels is None else _pair(columns, outcomes)
    joining = None if pair is None else Guess(pair.traffic.name, pair.reason)
    request = _request_id(columns) if labels is None else joining
    version = _version(_without(columns, time, request))
    arrived = None if labels is None else _arrived(outcomes)
    theirs = None if pair is None else Guess(pair.labels.name, pair.reason)
    rest = _without(columns, time, request, version)
    label = infer_label(
        _without(outcomes, theirs, arrived) if labels is not None else rest, alone=labels is not None
    )
    truth = None if label is None else _beside(_named(outcomes, label), pair, len(traffic))
    rest = rest if labels is not None else _without(rest, label)
    prediction = infer_prediction(rest, truth)
    answered = _maybe(columns, prediction)
    task = infer_task(truth, answered)
    probability, of_class = _probability(task, _without(rest, prediction), answered, truth)
    rest = _without(rest, prediction, probability)
    ignore = tuple(_ignored(rest, _order(columns, time), label))
    if labels is None and label is not None:
        ignore += (Guess(label.value, "the outcome is no input"),)
    inputs = _without(rest, *ignore)
    return Roles(
        task=task,
        timestamp=time,
        prediction=prediction,
        probability=probability,
        positive=of_class,
        request_id=request,
        version=version,
        label=label,
        label_request_id=theirs,
        arrived_at=arrived,
        ignore=ignore,
        features=tuple(column.name for column in inputs),
        labels_in_traffic=labels is None and label is not None,
        text=free_text(inputs),
        embeddings=embeddings(inputs),
    )


def _probability(
    task: Guess[Task] | None,
    columns: Sequence[SampleColumn],
    answered: SampleColumn | None,
    truth: SampleColumn | None,
) -> tuple[Guess[str] | None, str | None]:
    """Return the column of probabilities and the class that they are of."""
    if answered is None or task is None or task.value != "classification":
        return None, None
    found = infer_probability(columns, answered, truth)
    return found, None if found is None else positive(_named(columns, found), answered)


def _timestamp(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """Choose among the columns of times the one that every row has and that is named for a request's."""
    times = [column for column in columns if column.nature == "time" and column.present]
    times = times or [column for column in columns if column.nature == "day" and column.present]
    if not times:
        return None
    if len(times) == 1:
        return Guess(times[0].name, "the only column of times")
    best = max(
        times,
        key=lambda c: (
            not c.named(_LATER),
            c.present,
            c.named(_TIMES),
            c.series.is_monotonic_increasing,  # logs are written in the order of their requests
            -columns.index(c),
        ),
    )
    return Guess(best.name, f"of {len(times)} columns of times the one that says when a request came")


def _pair(traffic: Sequence[SampleColumn], labels: Sequence[SampleColumn]) -> _Pair | None:
    """Find the two columns whose values meet: the ids of the labels among those of the traffic."""
    best, found = 0.0, None
    ours = [column for column in traffic if _may_identify(column)]
    for theirs in (column for column in labels if _may_identify(column)):
        wanted = set(theirs.keys.dropna())
        for mine in ours:
            held = set(mine.keys.dropna())
            share = len(wanted & held) / min(len(wanted), len(held))
            score = share * mine.uniqueness * theirs.uniqueness
            score += 0.1 * (mine.named(_IDS) + theirs.named(_IDS)) + 0.1 * (mine.name == theirs.name)
            if share >= _JOINS and score > best:
                best = score
                found = _Pair(mine, theirs, f"{share:.0%} of the labels' {theirs.name} are among its values")
    return found


def _may_identify(column: SampleColumn) -> bool:
    return column.nature in {"text", "whole"} and column.uniqueness >= _JOINS and not column.spaced


def _request_id(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """Without labels to join: a column that is different in every row, texts before numbers."""
    unique = [column for column in columns if _may_identify(column) and column.uniqueness >= _UNIQUE]
    found = [column for column in unique if column.nature == "text" or column.named(_IDS)]
    if not found:
        return None
    best = max(found, key=lambda c: (c.named(_IDS), "request" in c.words, c.nature == "text"))
    return Guess(best.name, "different in every row")


def _version(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    """A column of few values that is named for versions, or whose texts all look like versions."""
    few = [c for c in columns if c.nature in {"text", "whole", "number"} and 0 < c.distinct <= _FEW_VERSIONS]
    for column in few:
        if column.named(_VERSIONS):
            return Guess(column.name, f"named for it; {_counted(column.distinct, 'value')}")
    for column in few:
        if column.nature == "text" and all(
            _VERSION.fullmatch(text) for text in column.series.dropna().unique()
        ):
            return Guess(
                column.name, f"its values look like versions, such as {column.series.dropna().iloc[0]}"
            )
    return None


def _arrived(columns: Sequence[SampleColumn]) -> Guess[str] | None:
    times = [column for column in columns if column.nature == "time" and column.present]
    if not times:
        return None
    best = max(times, key=lambda c: (c.named(_LATER), c.present, -columns.index(c)))
    # Next to the request's own time, repeated, the arrival is the later one.
    if len(times) > 1 and not best.named(_LATER):
        best = max(times, key=lambda c: c.series.dropna().median())
    return Guess(
        best.name, "the labels' column of times" if len(times) == 1 else "the later of the labels' times"
    )


def _beside(label: SampleColumn, pair: _Pair | None, rows: int) -> SampleColumn | None:
    """Return the labels in the order of the traffic's rows, null where a row has none."""
    if len(label.values) == rows and pair is None:
        return label
    if pair is None:
        return None
    table = pd.DataFrame({"key": pair.labels.keys.to_numpy(), "row": np.arange(len(label.values))}).dropna()
    last = table.drop_duplicates("key", keep="last").set_index("key")["row"]
    rows_of = pa.array(last.reindex(pair.traffic.keys.to_numpy()).astype("Int64"), pa.int64())
    return label.take(rows_of)


def _order(columns: Sequence[SampleColumn], time: Guess[str] | None) -> NDArray[np.int64] | None:
    if time is None:
        return None
    moments = _named(columns, time).series
    return np.asarray(moments.argsort(kind="stable"), dtype=np.int64)


def _ignored(
    columns: Iterable[SampleColumn], order: NDArray[np.int64] | None, label: Guess[str] | None
) -> Iterable[Guess[str]]:
    """Yield the columns that say nothing about how inputs are distributed, each with its reason."""
    for column in columns:
        reason = _useless(column, order)
        if reason is None and label is not None and column.name == label.value and column.named(LABELS):
            reason = "the outcome is no input"
        if reason is None and column.nature == "other" and column.named(SCORES | ANSWERS):
            reason = "part of the answer, not an input"
        if reason is not None:
            yield Guess(column.name, reason)


def _useless(column: SampleColumn, order: NDArray[np.int64] | None) -> str | None:
    """Return why a column's distribution says nothing, or None where it says something."""
    if column.nature == "other":
        return None
    if column.nature in {"time", "day"}:
        return "a time, which always moves"
    if column.distinct <= 1:
        return "constant" if column.distinct else "empty"
    if order is not None and _only_grows(column, order):
        return "only grows, as counters and clocks do"
    return _identifying(column) if column.distinct > _MANY else None


def _identifying(column: SampleColumn) -> str | None:
    if column.nature == "text" and not column.spaced and column.uniqueness >= _JOINS:
        return "an id, different in most rows"
    if column.nature == "text" and not column.spaced and column.named(_IDS | _PEOPLE):
        return "names single things or persons"
    return "an id" if column.nature == "whole" and column.named(_IDS) else None


def _only_grows(column: SampleColumn, order: NDArray[np.int64]) -> bool:
    if column.nature == "flag" or column.distinct < _COUNTING or column.present < len(column.values):
        return False
    return bool(column.series.iloc[order].is_monotonic_increasing)


def _named(columns: Collection[SampleColumn], guess: Guess[str]) -> SampleColumn:
    return next(column for column in columns if column.name == guess.value)


def _maybe(columns: Collection[SampleColumn], guess: Guess[str] | None) -> SampleColumn | None:
    return None if guess is None else _named(columns, guess)


def _without(columns: Iterable[SampleColumn], *guesses: Guess[str] | None) -> tuple[SampleColumn, ...]:
    taken = {guess.value for guess in guesses if guess is not None}
    return tuple(column for column in columns if column.name not in taken)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
