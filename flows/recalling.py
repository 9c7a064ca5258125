"""Recalling what a version answered that was rolled back: each request, and what would have been answered."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from flows.ports import Predict
from flows.world import World
from policies.policy import Policy
from profiles.errors import MusterError
from profiles.labels import LABEL, WORTH, known_labels, with_labels
from profiles.losses import loss_of, row_losses
from profiles.newest import differences
from profiles.see import profiled_columns
from profiles.window import Window
from registry.records import Transition

_BATCH = 20_000


@dataclass(frozen=True)
class Recall:
    """The requests that a bad version answered, a row each; see docs/rollback.md for the columns."""

    bad: str
    restored: str
    since: datetime
    until: datetime
    rows: pa.Table


def recall(policy: Policy, world: World, predict: Predict) -> Recall:
    """Return every request that the version answered which the last rollback took away.

    Raises MusterError where nothing was rolled back, or rows have no request id.
    """
    layout, model = policy.traffic, policy.model
    if layout.request_id is None:
        raise MusterError(
            f"the policy of {model} names no traffic.request_id, by which a request is recalled"
        )
    began, ended = _span(model, world)
    bad, restored = str(ended.before and ended.before.champion), str(ended.after.champion)
    until = world.clock()
    source = world.sight(policy).source
    found = []
    wanted = profiled_columns(layout, source.columns(began, until))
    extra = (layout.request_id, layout.timestamp, layout.version, layout.value)
    columns = tuple(dict.fromkeys([*wanted, *filter(None, extra)]))
    for batch in source.batches(columns, layout.timestamp, began, until if layout.version else ended.at):
        rows = pa.Table.from_batches([batch])
        if layout.version is not None:
            rows = rows.filter(pc.equal(rows.column(layout.version).cast(pa.string()), bad))
        found += [
            _recalled(rows[start : start + _BATCH], policy, restored, world, predict, began)
            for start in range(0, rows.num_rows, _BATCH)
        ]
    table = pa.concat_tables(found, promote_options="permissive") if found else pa.table({})
    return Recall(bad, restored, began, ended.at, table)


def _span(model: str, world: World) -> tuple[datetime, Transition]:
    """Return when the version began to serve that the last rollback took away, and that rollback."""
    transitions = world.ledger.transitions(model)
    ended = next((each for each in reversed(transitions) if each.kind == "rolled_back"), None)
    if ended is None or ended.before is None:
        raise MusterError(f"{model} was never rolled back: there is nothing to recall")
    began = ended.at
    for each in reversed([t for t in transitions if t.revision < ended.revision]):
        if each.after.champion != ended.before.champion:
            break
        began = each.at
    return began, ended


def _recalled(
    rows: pa.Table, policy: Policy, restored: str, world: World, predict: Predict, began: datetime
) -> pa.Table:
    layout, classes = policy.traffic, policy.task == "classification"
    answers = predict(policy, restored, rows)
    given = rows.column(layout.prediction)
    changed = differences(given, answers.prediction, classes=classes)
    told: dict[str, Any] = {
        "request_id": rows.column(str(layout.request_id)).cast(pa.string()),
        "timestamp": rows.column(layout.timestamp),
        "answered": given,
        "restored": answers.prediction,
        "difference": _known(changed),
    }
    labelled, worth = _labelled(rows, policy, world, began)
    if LABEL in labelled.schema.names:
        told["label"] = labelled.column(LABEL)
        loss = loss_of(policy.performance.score) if policy.performance is not None else None
        if loss in {"absolute error", "squared error", "share wrong"}:
            assert loss is not None  # noqa: S101 - one of those
            ours = row_losses(loss, labelled.column(LABEL), given, {})
            theirs = row_losses(loss, labelled.column(LABEL), answers.prediction, {})
            told["loss_avoidable"] = _known(ours - theirs)
    if worth is not None:
        value = np.asarray(labelled.column(worth).cast(pa.float64()).to_numpy(), dtype=np.float64)
        told["value_at_stake"] = _known(np.where(changed == 0, 0.0, value))
    return pa.table(told)


def _labelled(rows: pa.Table, policy: Policy, world: World, began: datetime) -> tuple[pa.Table, str | None]:
    """Return rows with the labels that are known, and the column of what a prediction was worth."""
    layout, labels = policy.traffic, policy.labels
    if labels is None or layout.request_id is None:
        return rows, layout.value
    now = world.clock()
    known = known_labels(labels, Window(began, now), now, world.root, rows.column(layout.request_id))
    joined = with_labels(rows, layout.request_id, known)
    return joined, layout.value or (WORTH if labels.value is not None else None)


def _known(numbers: Any) -> pa.Array:
    return pa.array(numbers, pa.float64(), from_pandas=True)
