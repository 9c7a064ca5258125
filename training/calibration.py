"""Calibration: what a version's probabilities were worth on held-out rows."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from profiles.columns import dense, known, names
from profiles.estimate import Calibration
from profiles.strata import numbers_of


def calibrated(truth: Any, probabilities: Mapping[str, Any]) -> dict[str, Calibration]:
    """Fit, for each class, its true frequency as a rising function of its logged probability.

    Isotonic regression (Zadrozny and Elkan, KDD 2002). A class whose probability is never known is left out.
    """
    from sklearn.isotonic import IsotonicRegression

    labels = dense(truth)
    there = known(labels)
    found = {}
    for name, column in probabilities.items():
        logged = numbers_of(column)
        keep = there & np.isfinite(logged)
        if keep.any():
            fitted = IsotonicRegression(out_of_bounds="clip", y_min=0.0, y_max=1.0).fit(
                logged[keep], names(labels[keep]) == name
            )
            knots = fitted.X_thresholds_, fitted.y_thresholds_
            found[name] = Calibration(*(tuple(float(each) for each in side) for side in knots))
    return found
