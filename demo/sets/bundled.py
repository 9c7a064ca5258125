"""The small sets that scikit-learn brings along, each replayed as a stationary stream.

None of them has times. Shuffled, one half of a set trains; the other is drawn from with replacement, 240 rows
a day, by the clock in `demo.spans`. So nothing drifts, and what goes wrong was injected.
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from demo.clocks import drawn, halves, replayed
from demo.faults import Fault, NoLabels, NoValues, OtherUnit, SentTwice
from demo.model import BaselineRows, DemoModel, Parts
from demo.spans import BASELINE, DRAWS, PER_DAY, SPAN, day

_PATCH = 2  # pixels of a digit's image that are added up, in both directions
_SIDE = 8


def _wine() -> pd.DataFrame:
    from sklearn.datasets import load_wine

    found: pd.DataFrame = load_wine(as_frame=True).frame
    return found.rename(columns={"od280/od315_of_diluted_wines": "dilution", "target": "cultivar"})


def _diabetes() -> pd.DataFrame:
    from sklearn.datasets import load_diabetes

    found: pd.DataFrame = load_diabetes(as_frame=True, scaled=False).frame
    return found


def _tumours() -> pd.DataFrame:
    from sklearn.datasets import load_breast_cancer

    found: pd.DataFrame = load_breast_cancer(as_frame=True).frame
    found.columns = found.columns.str.replace(" ", "_")
    means = [column for column in found.columns if column.startswith("mean_")]
    return found[[*means, "target"]]


def _digits() -> pd.DataFrame:
    """Return the images as sums of their patches, so that a log of them is readable."""
    from sklearn.datasets import load_digits

    found = load_digits()
    tiles = _SIDE // _PATCH
    sums = found.images.reshape(-1, tiles, _PATCH, tiles, _PATCH).sum(axis=(2, 4)).reshape(-1, tiles * tiles)
    frame = pd.DataFrame(sums, columns=[f"ink_{number:02}" for number in range(tiles * tiles)])
    return frame.assign(digit=found.target, even=(found.target % 2 == 0).astype(np.int64))


_INK = tuple(f"ink_{number:02}" for number in range((_SIDE // _PATCH) ** 2))


def _parts(load: Callable[[], pd.DataFrame], seed: str) -> Parts:
    trained, rest = halves(load(), seed)
    baseline = BaselineRows(drawn(rest, DRAWS, f"{seed}-baseline"), BASELINE, "period")
    return Parts(trained, replayed(lambda _: rest, SPAN, PER_DAY, seed), BASELINE, {"default": baseline})


def _classifier() -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier

    return HistGradientBoostingClassifier(max_iter=20, random_state=0)


def _regressor() -> Any:
    from sklearn.ensemble import HistGradientBoostingRegressor

    return HistGradientBoostingRegressor(max_iter=40, random_state=0)


def _model(
    name: str, data: str, load: Callable[[], pd.DataFrame], fault: Fault | None = None, **what: Any
) -> DemoModel:
    return DemoModel(
        name=name,
        data=data,
        clock="shuffled: one half trains, 240 rows a day are drawn from the other",
        parts=partial(_parts, load, name.partition(".")[2]),
        serves=SPAN,
        delay=timedelta(hours=6),
        held_out=0.0,
        fault=fault,
        **what,
    )


MODELS = (
    _model(
        "pricing.wine-grade",
        "chemical analyses of wines",
        _wine,
        NoValues(day(15).start, day(17).start, column="alcohol"),
        estimator=_classifier,
        inputs=(
            "alcohol",
            "malic_acid",
            "ash",
            "magnesium",
            "flavanoids",
            "color_intensity",
            "hue",
            "proline",
        ),
        target="cultivar",
        prediction="grade",
        metric="accuracy",
    ),
    _model(
        "pricing.diabetes-cost",
        "patients, and how their diabetes went on",
        _diabetes,
        NoLabels(day(16).start, day(19).start),
        estimator=_regressor,
        inputs=("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6"),
        names=("sex",),
        target="target",
        prediction="progression",
        metric="mae",
    ),
    _model(
        "search.screening",
        "measured cell nuclei of tumours",
        _tumours,
        OtherUnit(day(17).start, day(19).start, column="mean_radius", factor=1000.0),
        estimator=_classifier,
        inputs=(
            "mean_radius",
            "mean_texture",
            "mean_smoothness",
            "mean_compactness",
            "mean_concavity",
            "mean_symmetry",
        ),
        target="target",
        prediction="benign",
        positive="p_benign",
        metric="accuracy",
    ),
    _model(
        "search.digits",
        "images of written digits",
        _digits,
        SentTwice(day(14).start + timedelta(hours=9), day(14).start + timedelta(hours=15)),
        estimator=_classifier,
        inputs=_INK,
        target="digit",
        prediction="read_as",
        metric="accuracy",
    ),
    _model(
        "search.digit-parity",
        "images of written digits",
        _digits,
        estimator=_classifier,
        inputs=_INK,
        target="even",
        prediction="is_even",
        positive="p_even",
        metric="roc_auc",
    ),
)
