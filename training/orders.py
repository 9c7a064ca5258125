"""What a trainer is told and what it gives back; whoever fits, here or elsewhere, keeps to these values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import pyarrow as pa

from policies.policy import Policy
from profiles.answers import Answers
from registry.model_registry import ServedVersion


@dataclass(frozen=True, eq=False)
class FitOrder:
    """Fit a model on `rows` and let it answer `asked`.

    `rows` hold the columns `features` and the label in `label`, by rising time, and nothing is null in the
    label; `weight` names the column of sampling weights among them, if any. `asked` holds the features only.
    `champion` is what is refitted, by its version. `folder` is empty and belongs to the trainer.
    """

    policy: Policy
    champion: str
    recipe: str
    rows: pa.Table
    asked: pa.Table
    features: tuple[str, ...]
    label: str
    folder: Path
    weight: str | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Fitted:
    """A fitted model and its answers to the rows that it was asked, in their order.

    `model` is a folder in MLflow's format, or whatever the register takes that is beside this trainer.
    `environment` names what it was made with, such as `python` and `scikit-learn`.
    """

    model: Path | Any
    answers: Answers
    environment: Mapping[str, str] = field(default_factory=dict)


# Raise TrainerFailed with what a person has to know.
Fit: TypeAlias = Callable[[FitOrder], Fitted]
# The policy, a version, rows with its features; see flows.ports.
Predict: TypeAlias = Callable[[Policy, str, pa.Table], Answers]


@dataclass(frozen=True)
class Champion:
    """Who is to be beaten, with the folder of its files where its registry keeps any."""

    served: ServedVersion
    files: Path | None
