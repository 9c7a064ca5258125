"""SEE: one window of a model's traffic, from the files to a profile and scores."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from profiles.arrivals import arrivals
from profiles.delays import with_delays
from profiles.described import Described
from profiles.estimate import estimated_by_confidence, estimated_by_strata
from profiles.fields import spread
from profiles.held_out import HeldOut
from profiles.keys import as_text
from profiles.labels import ARRIVED, LABEL, WORTH, known_labels, label_state, with_labels
from profiles.layout import LabelLayout, TrafficLayout
from profiles.losses import confidence, row_losses
from profiles.measures import Measures, columns_of, measure
from profiles.outcomes import outcome_profile
from profiles.reading import Arrivals, Estimate, Failures, Labels, Latency, Score, Value
from profiles.sensitive import discreet
from profiles.slices import slices
from profiles.source import Source, source_of
from profiles.steadiness import steady_shares
from profiles.strata import StratumLoss, numbers_of, stratum_losses
from profiles.stream import Gathered, gathered, of_slices
from profiles.window import Window


@dataclass(frozen=True)
class SeenSlice:
    """What one slice of the rows held; `profile` is None where it has fewer rows than can be judged."""

    name: str
    rows: int
    profile: bytes | None = None
    labels: Labels | None = None
    measures: Measures = field(default_factory=Measures)


@dataclass(frozen=True)
class Seen:
    """What one window of traffic held.

    `profile` holds the sketch bytes, None when there were no rows, `outcomes` those of the known labels.
    `version` is who answered most of the rows, None when neither the log nor the policy says.
    """

    arrivals: Arrivals
    profile: bytes | None = None
    version: str | None = None
    labels: Labels | None = None
    scores: Mapping[str, Score] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    value: Value | None = None
    latency: Latency | None = None
    failures: Failures | None = None
    slices: tuple[SeenSlice, ...] = ()
    outcomes: bytes | None = None
    losses: tuple[StratumLoss, ...] = ()
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def known(self) -> dict[str, float]:
        """The numbers that a baseline of these rows keeps."""
        return Measures(scores=self.scores, value=self.value).known


@dataclass(frozen=True)
class Sight:
    """Where and how to look at a model: its logs, the scores to take, and where relative paths start.

    `segments` are the columns that rows are sliced by; slices below `minimum_rows` are only counted.
    `salt` goes into the digests of sensitive values: the model's name. `classes`: labels name classes.
    `held_out` is what the serving version's held-out rows tell, None where nobody learned about it.
    """

    traffic: TrafficLayout
    labels: LabelLayout | None
    metrics: tuple[str, ...]
    root: Path
    segments: tuple[str, ...] = ()
    minimum_rows: int = 1
    salt: str = ""
    classes: bool = False
    held_out: HeldOut | None = None

    @property
    def described(self) -> Described:
        """The columns of text and of embeddings."""
        return Described(self.traffic.text, self.traffic.embeddings, self.salt)

    @property
    def source(self) -> Source:
        """The prediction log."""
        return source_of(self.traffic, self.root)


def see(sight: Sight, window: Window, now: datetime) -> Seen:
    """Read, profile and score one window as it was known at `now`; memory holds a batch of its rows.

    Raises TrafficUnavailable (or ColumnMissing) when the rows or the labels cannot be read.
    """
    layout = sight.traffic
    rows = _gathered(sight, window)
    ids = None if layout.request_id is None else rows.kept.column(layout.request_id)
    came = arrivals(rows.kept.column(layout.timestamp), window, ids)
    if rows.profile is None:
        return Seen(came)
    labels, known = _labelled(sight, rows.kept, window, now)
    measures = measure(known, layout, sight.metrics, LABEL if labels else None, _worth(sight, known))
    losses = () if sight.held_out is None else losses_of(known, layout, sight.held_out)
    return Seen(
        arrivals=came,
        profile=_discreet(sight, rows.profile, window),
        version=layout.version_is or _most_frequent(rows.kept, layout.version),
        labels=labels,
        scores=measures.scores,
        unmeasured=measures.unmeasured,
        value=measures.value,
        latency=measures.latency,
        failures=measures.failures,
        slices=_sliced(sight, known, rows, window, now),
        outcomes=_outcomes(sight, known, window),
        losses=losses,
        estimates={} if sight.held_out is None else estimates_of(known, sight, sight.held_out, losses),
    )


def _gathered(sight: Sight, window: Window) -> Gathered:
    """Read a window's rows once: sketch them, and keep the narrow columns that have a role."""
    layout, source = sight.traffic, sight.source
    columns = source.columns(window.start, window.end)
    profiled = profiled_columns(layout, columns)
    asked = () if sight.held_out is None else (c for c in sight.held_out.strata.columns if c in columns)
    kept = (*_roles(layout), layout.prediction, *sight.segments, *asked)
    wanted = tuple(dict.fromkeys([*profiled, *kept]))
    batches = source.batches(wanted, layout.timestamp, window.start, window.end)
    narrow, hold = tuple(dict.fromkeys(kept)), bool(sight.segments)
    return gathered(batches, profiled, narrow, window.start, hold=hold, roles=sight.described)


def losses_of(rows: pa.Table, layout: TrafficLayout, held_out: HeldOut) -> tuple[StratumLoss, ...]:
    """Return what the rows lost by stratum; without a column of labels they are only counted."""
    strata = held_out.strata
    answers = _answers(rows, layout)
    asked = {name: rows.column(name) for name in strata.columns if name in rows.schema.names}
    lost = np.full(rows.num_rows, np.nan)
    if LABEL in rows.schema.names:
        lost = row_losses(held_out.loss, rows.column(LABEL), rows.column(layout.prediction), answers)
    weight = None if layout.weight is None else numbers_of(rows.column(layout.weight))
    return stratum_losses(
        strata.of({**asked, **confidence(answers)}, rows.num_rows), strata.count, lost, weight
    )


def estimates_of(
    rows: pa.Table, sight: Sight, held_out: HeldOut, losses: Sequence[StratumLoss]
) -> dict[str, Estimate]:
    """Return what each score will probably be, by confidence where probabilities allow, else by strata."""
    answers, prediction = _answers(rows, sight.traffic), rows.column(sight.traffic.prediction)
    found = {
        name: estimated_by_confidence(name, prediction, answers, held_out.calibrations)
        or estimated_by_strata(name, held_out.loss, losses, held_out.losses)
        for name in sight.metrics
    }
    return {name: each for name, each in found.items() if each is not None}


def _answers(rows: pa.Table, layout: TrafficLayout) -> dict[str, pa.ChunkedArray]:
    return {name: rows.column(column) for name, column in layout.answers.items()}


def _discreet(sight: Sight, profile: bytes, window: Window) -> bytes:
    return discreet(profile, sight.traffic.sensitive, sight.salt, at=window.start)


def steadiness(sight: Sight, windows: Iterable[Window]) -> Mapping[str, float]:
    """Return in which share of these windows each column held a single value; see `steady_shares`.

    Raises TrafficUnavailable as `see` does.
    """
    from profiles.sketch import read

    seen = (_gathered(sight, window).profile for window in windows)
    return steady_shares(read(profile) for profile in seen if profile is not None)


def first_seen(sight: Sight) -> datetime | None:
    """Return the time of the oldest row of the log, or None when it is empty."""
    return sight.source.earliest(sight.traffic.timestamp)


def last_seen(sight: Sight, since: datetime, until: datetime) -> datetime | None:
    """Return the time of the newest row in since <= t < until, or None when there is none."""
    return sight.source.latest(sight.traffic.timestamp, since, until)


def rows_in(sight: Sight, windows: Sequence[Window]) -> tuple[int, ...]:
    """Return how many rows each of the windows has now; they ascend and do not overlap."""
    return sight.source.counts(sight.traffic.timestamp, windows)


def mark_of(sight: Sight, since: datetime, until: datetime) -> str | None:
    """Return a mark of the log that is another whenever rows of the span may have changed, if it has one."""
    return sight.source.mark(since, until)


def profiled_columns(layout: TrafficLayout, columns: Sequence[str]) -> tuple[str, ...]:
    """Return the columns to profile: the named features or all without another role, and the prediction.

    Text and embeddings are features whether named as such or not.
    """
    taken = {*_roles(layout), layout.prediction, *spread(layout.ignore, columns)}
    names = spread(layout.features, columns) or (column for column in columns if column not in taken)
    return tuple(dict.fromkeys([*names, *layout.text, *layout.embeddings, layout.prediction]))


def _roles(layout: TrafficLayout) -> tuple[str, ...]:
    """The columns that say something else about a row than what was asked and answered."""
    roles = (layout.timestamp, layout.request_id, layout.version, *columns_of(layout))
    return tuple(column for column in roles if column is not None)


def _most_frequent(rows: pa.Table, column: str | None) -> str | None:
    if column is None:
        return None
    counted = pc.value_counts(as_text(rows.column(column), column).drop_null())
    ranked = sorted(counted.to_pylist(), key=lambda c: (-c["counts"], c["values"]))
    return ranked[0]["values"] if ranked else None


def _labelled(sight: Sight, rows: pa.Table, window: Window, now: datetime) -> tuple[Labels | None, pa.Table]:
    """Return the state of the labels and the rows with a column of them; the rows as they are without any."""
    if sight.labels is None or sight.traffic.request_id is None:
        return None, rows
    labels = known_labels(sight.labels, window, now, sight.root, rows.column(sight.traffic.request_id))
    labelled = with_labels(rows, sight.traffic.request_id, labels)
    state = label_state(labelled, sight.labels, window, now)
    if ARRIVED in labels.schema.names:
        state = with_delays(state, rows.column(sight.traffic.timestamp), labelled.column(ARRIVED))
    return state, labelled


def _outcomes(sight: Sight, rows: pa.Table, window: Window) -> bytes | None:
    if sight.labels is None or LABEL not in rows.schema.names:
        return None
    profile = outcome_profile(rows, sight.labels.label, classes=sight.classes, at=window.start)
    return None if profile is None else _discreet(sight, profile, window)


def _worth(sight: Sight, rows: pa.Table) -> tuple[str, str] | None:
    """Return the column of values that came with the labels, and its name in the stream of labels."""
    named = None if sight.labels is None else sight.labels.value
    return (WORTH, named) if named is not None and WORTH in rows.schema.names else None


def _sliced(
    sight: Sight, rows: pa.Table, gathered_rows: Gathered, window: Window, now: datetime
) -> tuple[SeenSlice, ...]:
    """Profile and measure each slice of the rows, which hold the labels where the model has any."""
    found = slices(rows, sight.segments)
    large = {each.name: each.rows for each in found if len(each) >= sight.minimum_rows}
    profiles = of_slices(gathered_rows.held, large, window.start, sight.described)
    seen = []
    for each in found:
        if each.name not in large:
            seen.append(SeenSlice(each.name, len(each)))
            continue
        own = each.of(rows)
        labels = (
            None
            if LABEL not in own.schema.names or sight.labels is None
            else label_state(own, sight.labels, window, now)
        )
        measures = measure(own, sight.traffic, sight.metrics, LABEL if labels else None, _worth(sight, own))
        profile = _discreet(sight, profiles[each.name], window)
        seen.append(SeenSlice(each.name, len(each), profile, labels, measures))
    return tuple(seen)
