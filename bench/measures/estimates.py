"""How near label-free estimates come: to another tool's on its data, and to what labels tell in the end."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.measure import Measure, Target

_PEERS = Path(__file__).parents[1] / "peers"
_METRICS = ("accuracy", "precision", "recall", "f1", "roc_auc")
_CHUNK = 5_000
_EFFECTS = (0.0, 0.10, 0.25)


def largest_difference(*, build: int = 1) -> list[float]:
    """Largest difference of our estimate from nannyml's on its car loans, for each of five scores."""
    import numpy as np
    import pandas as pd

    from bench.peers.environment import interpreter
    from profiles.estimate import estimated_by_confidence
    from training.calibration import calibrated

    theirs = interpreter(_PEERS / "nannyml.txt", build=bool(build))
    with TemporaryDirectory() as folder:
        told = _told([str(theirs), str(_PEERS / "nannyml_estimates.py"), folder, str(_CHUNK)])
        reference, rows = (
            pd.read_parquet(Path(folder, f"{name}.parquet")) for name in ("reference", "analysis")
        )
    calibrations = calibrated(reference["repaid"].to_numpy(), {"1": reference["y_pred_proba"].to_numpy()})
    differences = []
    for metric in _METRICS:
        ours = []
        for start in range(0, len(rows), _CHUNK):
            part = rows.iloc[start : start + _CHUNK]
            chances = {"1": part["y_pred_proba"].to_numpy()}
            found = estimated_by_confidence(metric, part["y_pred"].to_numpy(), chances, calibrations)
            ours.append(np.nan if found is None else found.value)
        differences.append(float(np.abs(np.array(ours) - told[metric]["value"]).max()))
    return [max(differences)]


def _told(command: list[str]) -> Any:
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    quiet = {"NML_DISABLE_USAGE_LOGGING": "1", "PYTHONWARNINGS": "ignore", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env={**inherited, **quiet}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ValueError(f"nannyml failed: {done.stderr[-2_000:]}")
    return json.loads(done.stdout.splitlines()[-1])["estimates"]


def error_of_confidence(*, windows: int = 20) -> list[float]:
    """Mean distance of estimated from realised accuracy, f1 and area, for each effect."""
    return [_mean(_errors_of_confidence(effect, windows)) for effect in _EFFECTS]


def error_of_strata(*, windows: int = 20) -> list[float]:
    """Mean distance of the estimated from the realised mean absolute error, as a share, for each effect."""
    from profiles.estimate import estimated_by_strata

    means = []
    for effect in _EFFECTS:
        errors = []
        for here, drawn in _windows("bike", effect, windows):
            losses = here.reading(drawn).losses
            estimate = estimated_by_strata("mae", here.held_out.loss, losses, here.held_out.losses)
            realised = float(here.losses(drawn.rows).mean())
            errors.append(abs((0.0 if estimate is None else estimate.value) - realised) / realised)
        means.append(_mean(errors))
    return means


def _errors_of_confidence(effect: float, windows: int) -> Iterator[float]:
    from profiles.estimate import estimated_by_confidence
    from profiles.reading import Score
    from profiles.scores import Answers, scored

    for name, metrics in (("bank", ("accuracy", "f1", "roc_auc")), ("commits", ("accuracy",))):
        for here, drawn in _windows(name, effect, windows):
            logged = here.logged(drawn.rows)
            chances = {each: logged.column(column) for each, column in here.policy.traffic.answers.items()}
            answers = Answers(drawn.rows["truth"].to_numpy(), logged.column("prediction"), chances)
            for metric in metrics:
                estimate = estimated_by_confidence(
                    metric, answers.prediction, chances, here.held_out.calibrations
                )
                realised = scored(metric, answers)
                if estimate is None or not isinstance(realised, Score):
                    raise ValueError(f"{metric} of {name} should be known both ways")
                yield abs(estimate.value - realised.value)


def _windows(name: str, effect: float, windows: int) -> Iterator[tuple[Any, Any]]:
    import numpy as np

    from bench.causes import covariate, none
    from bench.diagnosing import setting

    for case in range(windows):
        here, random = setting(name, case % 2), np.random.default_rng([case, int(100 * effect)])
        yield here, covariate(here, random, effect) if effect else none(here, random)


def _mean(errors: Any) -> float:
    found = list(errors)
    return float(sum(found)) / len(found)


MEASURES = (
    Measure(
        key="cbpe_vs_nannyml",
        unit="score",
        meaning="Largest difference of a confidence-based estimate from that of nannyml 0.13.1 (in an "
        "environment of its own), over accuracy, precision, recall, f1 and ROC AUC of ten chunks of 5,000 "
        "rows of its made-up car loans; both calibrate on its reference.",
        take=largest_difference,
        tiny={"build": 0},
        target=Target("at most", 0.002),
    ),
    Measure(
        key="estimate_mae_vs_realised",
        unit="score",
        meaning="Mean absolute difference of a confidence-based estimate from the score that labels give, "
        "over accuracy, f1 and ROC AUC on the bank set and accuracy on the commits, windows of 2,000 rows; a "
        "repeat is without drift, or with inputs resampled so that the loss is up by 10 or by 25 %. What "
        "2,000 labels leave to chance is in it. After a change of what inputs mean it would be blind.",
        take=error_of_confidence,
        tiny={"windows": 2},
    ),
    Measure(
        key="loss_estimate_error",
        unit="share",
        meaning="The same for the estimate by loss strata: mean absolute difference from the realised mean "
        "absolute error on the bike set, as a share of it.",
        take=error_of_strata,
        tiny={"windows": 2},
    ),
)
