"""What two versions did with the rows of one window: losses side by side, decisions side by side."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from profiles.answers import Answers
from profiles.columns import dense, known, names
from profiles.keys import as_text
from profiles.labels import ARRIVED, LABEL
from profiles.layout import TrafficLayout
from profiles.mirrored import EVERYWHERE, Decisions, Mirrored
from profiles.paired import PairedLosses, Pairs, paired_rows
from profiles.row_losses import ROW_LOSSES, RowLoss, clip_bound, row_losses
from profiles.slices import slices

_POSITIVE = "1"


@dataclass(frozen=True, eq=False)
class Side:
    """One version's answers as numpy columns; `probabilities` by class."""

    prediction: NDArray[Any]
    probabilities: Mapping[str, NDArray[Any]]


def loss_for(name: str, layout: TrafficLayout) -> RowLoss:
    """Return the loss, or the share wrong where the log holds no probabilities that it could judge."""
    loss = ROW_LOSSES[name]
    return ROW_LOSSES["zero_one"] if loss.by_probability and not layout.answers else loss


def unseen(rows: pa.Table, timestamp: str, since: Any) -> NDArray[np.bool_]:
    """Mark the rows that a version fitted before `since` cannot have learned from.

    These were asked since then, or their labels came since then.
    """
    moment = np.datetime64(since.replace(tzinfo=None), "us")
    found = _moments(rows.column(timestamp)) >= moment
    if ARRIVED in rows.schema.names:
        found |= _moments(rows.column(ARRIVED)) >= moment
    return np.asarray(found)


def _moments(column: Any) -> NDArray[Any]:
    return np.asarray(dense(column)).astype("datetime64[us]")


def answered_by(rows: pa.Table, layout: TrafficLayout, version: str) -> NDArray[np.bool_] | None:
    """Mark the rows that a version answered itself; None where the log does not say who did."""
    if layout.version_is is not None:
        return np.full(rows.num_rows, layout.version_is == version)
    if layout.version is None:
        return None
    said = dense(as_text(rows.column(layout.version), layout.version))
    return np.asarray(said == version)


def logged(rows: pa.Table, layout: TrafficLayout) -> Side:
    """Return the answers that the log holds."""
    columns = {name: dense(rows.column(column)) for name, column in layout.answers.items()}
    return Side(dense(rows.column(layout.prediction)), columns)


def beside_logged(side: Side, answers: Answers, asked: NDArray[np.bool_]) -> Side:
    """Return the logged answers with those of the `asked` rows replaced by a version's own.

    ValueError where the version gives no probability of a class that is logged.
    """
    if missing := [name for name in side.probabilities if name not in answers.probabilities]:
        raise ValueError(f"no probability of class {missing[0]!r} was answered")
    found = {
        name: _put(each, answers.probabilities[name], asked) for name, each in side.probabilities.items()
    }
    return Side(_put(side.prediction, answers.prediction, asked), found)


def _put(column: NDArray[Any], answers: Any, asked: NDArray[np.bool_]) -> NDArray[Any]:
    new = dense(answers)
    if asked.all():
        return new
    kind = np.result_type(column, new) if "O" not in (column.dtype.kind, new.dtype.kind) else np.dtype(object)
    found = column.astype(kind)
    found[asked] = new
    return found


def bound_of(loss: RowLoss, labelled: pa.Table, layout: TrafficLayout) -> float | None:
    """Return where to clip a loss, by what the logged answers to labelled rows lost; None where nothing."""
    lost: Any = ()
    if loss.largest is None and LABEL in labelled.schema.names:
        lost = row_losses(
            loss, labelled.column(LABEL), _of_loss(loss, logged(labelled, layout)), _classes(layout)
        )
    try:
        return clip_bound(loss, lost)
    except ValueError:
        return None


def mirrored(
    rows: pa.Table,
    layout: TrafficLayout,
    loss: RowLoss,
    bound: float,
    sides: tuple[Side, Side],
    *,
    segments: tuple[str, ...] = (),
    k: int | None = None,
    served: int = 0,
) -> Mirrored:
    """Compare the answers of champion and challenger (`sides`, in that order) to the same rows.

    Rows without a label take part in the decisions only. ValueError where a column does not fit the loss.
    """
    paired = PairedLosses(loss.name, bound)
    if LABEL in rows.schema.names and rows.num_rows:
        pairs = Pairs(
            truth=rows.column(LABEL),
            champion=_of_loss(loss, sides[0]),
            challenger=_of_loss(loss, sides[1]),
            times=_moments(rows.column(layout.timestamp)),
            classes=_classes(layout),
            weight=None if layout.weight is None else rows.column(layout.weight),
            group=None if layout.group is None else rows.column(layout.group),
            k=k,
        )
        paired = paired_rows(loss, bound, pairs).within()
    return Mirrored(paired, _decided(rows, layout, loss, sides, segments), served)


def _of_loss(loss: RowLoss, side: Side) -> Any:
    if not loss.by_probability:
        return side.prediction
    columns = [np.asarray(side.probabilities[name], dtype=np.float64) for name in sorted(side.probabilities)]
    return columns[0] if len(columns) == 1 else np.column_stack(columns)


def _classes(layout: TrafficLayout) -> tuple[str, ...]:
    return tuple(sorted(layout.answers))


def _decided(
    rows: pa.Table, layout: TrafficLayout, loss: RowLoss, sides: tuple[Side, Side], segments: tuple[str, ...]
) -> Mapping[str, Decisions]:
    if loss.task != "classification" or not rows.num_rows:
        return {}
    both = known(sides[0].prediction) & known(sides[1].prediction)
    if not both.any():
        return {}
    positive = next(iter(sorted(layout.answers, reverse=True)), _POSITIVE)
    chosen = [np.full(both.size, "", dtype=object) for _ in sides]
    for spelled, side in zip(chosen, sides, strict=True):
        spelled[both] = names(side.prediction[both])
    everywhere = [(EVERYWHERE, np.ones(both.size, dtype=bool))]
    found = {}
    for name, within in [*everywhere, *((each.name, each.rows) for each in slices(rows, segments))]:
        champion, challenger = (each[both & within] for each in chosen)
        found[name] = Decisions(
            rows=int(champion.size),
            flips=int((champion != challenger).sum()),
            champion=int((champion == positive).sum()),
            challenger=int((challenger == positive).sum()),
        )
    return found
