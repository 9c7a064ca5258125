"""The champion's estimator as it can be fitted again in this process, as its own retraining would."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from profiles.errors import TrainerFailed
from training import child
from training.in_process import fresh


def like_champion(folder: Path, trusted: Sequence[str], what: str) -> Any:
    """Return an unfitted clone of the estimator in MLflow's `folder`, which takes a frame of all features.

    Of these it uses the columns of the champion's signature, in their types. `trusted` are the types that a
    model in skops' format may hold. TrainerFailed for `what` cannot be read safely, or not be cloned.
    """
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer

    try:
        champion, saved = child.read_champion(str(folder), list(trusted))
    except child.Refused as refused:
        raise TrainerFailed(f"{what} cannot be fitted again here: {refused}") from refused
    told = {"known": child.seen_by(champion), "saved": saved}
    return make_pipeline(FunctionTransformer(_as_asked, kw_args=told), fresh(champion))


def _as_asked(rows: Any, known: list[str], saved: Any) -> Any:
    try:
        inputs = child.inputs_of(known, saved, list(rows.columns))
    except child.Refused as refused:
        raise TrainerFailed(str(refused)) from refused
    return child.typed(rows[inputs], saved)
