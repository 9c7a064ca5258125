"""Held-out rows, answered and labelled, become what is kept of them for later windows."""

from collections.abc import Mapping

import pyarrow as pa

from profiles.held_out import HeldOut
from profiles.layout import TrafficLayout
from profiles.losses import confidence, loss_of, row_losses
from profiles.see import profiled_columns
from profiles.strata import stratum_losses
from training.calibration import calibrated
from training.strata import fit_strata


def learned(
    rows: pa.Table,
    label: str,
    layout: TrafficLayout,
    score: str,
    importance: Mapping[str, float] | None = None,
    *,
    seed: int = 0,
) -> HeldOut | None:
    """Learn from rows as they are logged, with their labels in the column `label`, what explains `score`.

    Strata ask for features, the prediction and the logged probabilities; sensitive columns are left out, as
    a stratum's limits are values. The sums are those of the same rows. None for a score without row losses.
    """
    loss = loss_of(score)
    if loss is None:
        return None
    answers = {name: rows.column(column) for name, column in layout.answers.items()}
    losses = row_losses(loss, rows.column(label), rows.column(layout.prediction), answers)
    names = (*profiled_columns(layout, rows.schema.names), *layout.answers.values())
    asked = [name for name in dict.fromkeys(names) if name != label and name not in layout.sensitive]
    told = pa.table({**{name: rows.column(name) for name in asked}, **confidence(answers)})
    strata = fit_strata(told, losses, seed=seed)
    places = strata.of({name: told.column(name) for name in strata.columns}, rows.num_rows)
    return HeldOut(
        rows=rows.num_rows,
        loss=loss,
        strata=strata,
        losses=stratum_losses(places, strata.count, losses),
        importance=dict(importance or {}),
        calibrations=calibrated(rows.column(label), answers),
    )
