"""Importance: by how much a version is worse when a column tells it nothing."""

from typing import Any

import numpy as np
import pandas as pd

from profiles.columns import names
from profiles.losses import Loss, row_losses

_REPEATS = 5
_MOST_ROWS = 5_000


def column_importance(
    estimator: Any, asked: pd.DataFrame, truth: Any, loss: Loss, *, seed: int = 0, repeats: int = _REPEATS
) -> dict[str, float]:
    """Return per column of `asked` by how much shuffling it raises the mean loss, as a share of that loss.

    Permutation importance on held-out rows (Breiman, Machine Learning 45(1), 2001), the mean of `repeats`,
    of at most 5,000 rows. Negative ones, which are chance, are 0; all are 0 where nothing is lost.
    """
    from sklearn.inspection import permutation_importance

    def loss_kept_low(fitted: Any, rows: pd.DataFrame, labels: Any) -> float:
        return -float(
            np.nanmean(
                row_losses(loss, np.asarray(labels), fitted.predict(rows), chances(fitted, rows, loss))
            )
        )

    before = -loss_kept_low(estimator, asked, truth)
    if not before > 0:
        return dict.fromkeys(map(str, asked.columns), 0.0)
    found = permutation_importance(
        estimator,
        asked,
        np.asarray(truth),
        scoring=loss_kept_low,
        n_repeats=repeats,
        random_state=seed,
        max_samples=min(1.0, _MOST_ROWS / len(asked)),
    )
    means = np.maximum(found.importances_mean, 0.0) / before
    return {str(name): float(mean) for name, mean in zip(asked.columns, means, strict=True)}


def chances(estimator: Any, asked: pd.DataFrame, loss: Loss) -> dict[str, Any]:
    """Return the probability of each class by its name, of the positive one alone where there are two."""
    if loss != "squared error of probabilities":
        return {}
    answered = estimator.predict_proba(asked)
    named = {str(each): answered[:, k] for k, each in enumerate(names(np.asarray(estimator.classes_)))}
    return named if len(named) > 2 else dict([*named.items()][-1:])  # noqa: PLR2004 - two classes, one number
