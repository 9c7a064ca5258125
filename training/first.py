"""The first version of a replay: fitted on what lies before it, with what later windows are compared with."""

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from numpy.typing import NDArray

from policies.policy import Policy
from profiles.columns import dense
from profiles.errors import MusterError
from profiles.labels import LABEL
from profiles.recorded import Recorded
from profiles.see import Sight
from profiles.window import Window
from registry.model_registry import AttachedBaseline
from training.evaluate import answered
from training.in_process import answers_of, refitted
from training.new_version import attached_baselines, held_out_facts
from training.shuffled import of_held, questions


@dataclass(frozen=True, eq=False)
class FirstVersion:
    """A fitted estimator with its baselines."""

    estimator: Any
    baselines: tuple[AttachedBaseline, ...]


def first_version(
    of: Recorded,
    places: NDArray[Any],
    estimator: Any,
    policy: Policy,
    sight: Sight,
    period: Window,
    seed: int,
) -> FirstVersion:
    """Fit on the labelled rows at `places` of `period`, and learn what the version is worth.

    Scores, strata and importance come of the newest `holdout` share of the rows, answered by a fit on those
    before; the version itself is fitted on all of them. MusterError where there are too few.
    """
    recipe, features, classes = policy.remediation.recipe, of.features, policy.traffic.answers
    if places.size < recipe.minimum_rows:
        raise MusterError(
            f"only {places.size} labelled rows lie before {period.end:%Y-%m-%d %H:%M} UTC, and the recipe of "
            f"{policy.model} needs {recipe.minimum_rows}: name a later --baseline-until"
        )
    rows = of.rows.take(pa.array(places)).append_column(LABEL, of.truth.take(pa.array(places)))
    asked, truth = rows.select(list(features)), dense(rows.column(LABEL))
    cut = int(rows.num_rows * (1 - recipe.holdout))
    held = rows.slice(cut)
    trial = refitted(estimator, asked.slice(0, cut), truth[:cut])
    shuffled = questions(held, features, seed)
    answers = answers_of(trial, shuffled.table, classes)
    facts = held_out_facts(shuffled, answers, held, features, policy, seed)
    fitted = refitted(estimator, asked, truth)
    baselines = attached_baselines(
        answered(rows, answers_of(fitted, asked, classes), policy),
        features,
        held,
        of_held(shuffled, answers),
        facts,
        sight,
        policy,
    )
    return FirstVersion(fitted, baselines)
