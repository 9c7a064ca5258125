"""From a sample of traffic and labels to what its columns mean. Pure: tables in, guesses out.

Names are evidence, values are better: a request id joins, a prediction comes near to its label, a
version answers for a while and then another does.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.guess import Guess, SampleColumn, sample_columns
from profiles.infer_answers import infer_label, infer_prediction, infer_task
from profiles.infer_described import embeddings, free_text
from profiles.infer_inputs import ignored
from profiles.infer_joins import Pair, beside, infer_pair, infer_request_id
from profiles.infer_probabilities import Certainty, infer_certainty
from profiles.infer_requests import infer_arrival, infer_latency, infer_time, infer_version
from profiles.layout import Task


@dataclass(frozen=True)
class Roles:
    """What the columns of a sample mean; None for a role that no column was found for.

    `positive` is the class that `probability` is of, None where it is that of whatever was answered;
    `probabilities` holds the column of each class where there are several. `labels_in_traffic` says that
    the outcome lies in the prediction log itself.
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
    probabilities: Guess[Mapping[str, str]] | None = None
    latency: Guess[str] | None = None
    text: tuple[Guess[str], ...] = ()
    embeddings: tuple[Guess[str], ...] = ()


@dataclass(frozen=True)
class _Outcomes:
    """The stream of labels, or the log itself where it may hold them."""

    columns: tuple[SampleColumn, ...]
    alone: bool
    pair: Pair | None = None
    arrived: Guess[str] | None = None

    @property
    def joined_by(self) -> Guess[str] | None:
        return None if self.pair is None else Guess(self.pair.labels.name, self.pair.reason)


def infer_roles(traffic: pa.Table, labels: pa.Table | None = None) -> Roles:
    """Infer the roles of the columns of a prediction log, and of the stream of its labels."""
    columns = sample_columns(traffic)
    time = infer_time(columns)
    order = _order(columns, time)
    outcomes = _outcomes(columns, labels)
    pair = outcomes.pair
    joining = None if pair is None else Guess(pair.traffic.name, pair.reason)
    request = infer_request_id(columns) if labels is None else joining
    version = infer_version(_without(columns, time, request), _maybe(columns, time), order)
    rest = _without(columns, time, request, version)
    latency = infer_latency(rest)
    rest = _without(rest, latency)
    label, truth = _label(outcomes, rest, len(traffic))
    rest = rest if outcomes.alone else _without(rest, label)
    prediction = infer_prediction(rest, truth)
    rest = _without(rest, prediction)
    task = infer_task(truth, _maybe(columns, prediction))
    certainty = _certainty(task, rest, _maybe(columns, prediction), truth)
    rest = tuple(column for column in rest if column.name not in certainty.columns)
    ignore = (*certainty.ignored, *ignored(rest, order, label))
    if not outcomes.alone and label is not None:
        ignore += (Guess(label.value, "the outcome is no input"),)
    inputs = _without(rest, *ignore)
    return Roles(
        task=task,
        timestamp=time,
        prediction=prediction,
        probability=certainty.probability,
        positive=certainty.positive,
        request_id=request,
        version=version,
        label=label,
        label_request_id=outcomes.joined_by,
        arrived_at=outcomes.arrived,
        ignore=ignore,
        features=tuple(column.name for column in inputs),
        labels_in_traffic=not outcomes.alone and label is not None,
        probabilities=certainty.probabilities,
        latency=latency,
        text=free_text(inputs),
        embeddings=embeddings(inputs),
    )


def _outcomes(traffic: tuple[SampleColumn, ...], labels: pa.Table | None) -> _Outcomes:
    if labels is None:
        return _Outcomes(traffic, alone=False)
    columns = sample_columns(labels)
    return _Outcomes(columns, True, infer_pair(traffic, columns), infer_arrival(columns))


def _label(
    outcomes: _Outcomes, traffic: Sequence[SampleColumn], rows: int
) -> tuple[Guess[str] | None, SampleColumn | None]:
    """Return the column of outcomes, and its values in the order of the traffic's rows."""

    def aligned(column: SampleColumn) -> SampleColumn | None:
        return None if outcomes.alone and outcomes.pair is None else beside(column, outcomes.pair, rows)

    columns = _without(outcomes.columns, outcomes.joined_by, outcomes.arrived) if outcomes.alone else traffic
    found = infer_label(columns, traffic, aligned, alone=outcomes.alone)
    return found, None if found is None else aligned(_named(outcomes.columns, found))


def _certainty(
    task: Guess[Task] | None,
    columns: Sequence[SampleColumn],
    answered: SampleColumn | None,
    truth: SampleColumn | None,
) -> Certainty:
    if answered is None or task is None or task.value != "classification":
        return Certainty()
    return infer_certainty(columns, answered, truth)


def _order(columns: Sequence[SampleColumn], time: Guess[str] | None) -> NDArray[np.int64] | None:
    if time is None:
        return None
    moments = _named(columns, time).series
    return np.asarray(moments.argsort(kind="stable"), dtype=np.int64)


def _named(columns: Collection[SampleColumn], guess: Guess[str]) -> SampleColumn:
    return next(column for column in columns if column.name == guess.value)


def _maybe(columns: Collection[SampleColumn], guess: Guess[str] | None) -> SampleColumn | None:
    return None if guess is None else _named(columns, guess)


def _without(columns: Iterable[SampleColumn], *guesses: Guess[str] | None) -> tuple[SampleColumn, ...]:
    taken = {guess.value for guess in guesses if guess is not None}
    return tuple(column for column in columns if column.name not in taken)
