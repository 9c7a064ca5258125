"""What a model of the demonstration is: frozen descriptions, from which everything else is made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pandas as pd

from demo.faults import Fault
from profiles.window import Window

# Columns of every frame: when the request came by the model's clock, and its id.
TIME, REQUEST_ID = "ts", "request_id"


@dataclass(frozen=True, eq=False)
class BaselineRows:
    """The rows that a baseline is made of, and the period that they are said to be of."""

    rows: pd.DataFrame
    period: Window
    kind: str = "training"


@dataclass(frozen=True, eq=False)
class Parts:
    """A data set as one model meets it; `served` has TIME and REQUEST_ID beside the model's columns.

    `baselines` go by name; without any, the baseline is made of the rows that the model was trained on.
    """

    trained: pd.DataFrame
    served: pd.DataFrame
    period: Window
    baselines: Mapping[str, BaselineRows] = field(default_factory=dict)


@dataclass(frozen=True)
class DemoModel:
    """A model of the fleet: its data and clock, what it is asked, what it answers, and what befalls it.

    `inputs` are the columns that the estimator takes, `features` those that the log holds, `names` those of
    them whose values only name something, be they numbers. `metric` is the score that its baselines keep,
    computed on the last `held_out` share of the training rows by a model fitted on those before, or on the
    baseline's own rows where that is 0. `positive` names the column of the probability of class 1.
    `delay` is the time from a request to its label. `drift` says what is known to change in the data. Of a
    model with `pulsed` the feed's pulse is taken as well.
    """

    name: str
    data: str
    clock: str
    parts: Callable[[], Parts]
    estimator: Callable[[], Any]
    inputs: tuple[str, ...]
    target: str
    prediction: str
    metric: str
    serves: Window
    delay: timedelta
    features: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    positive: str | None = None
    held_out: float = 0.3
    fault: Fault | None = None
    drift: str | None = None
    pulsed: bool = False

    @property
    def logged(self) -> tuple[str, ...]:
        """The feature columns of the log."""
        return self.features or self.inputs

    @property
    def folder(self) -> str:
        """The folder of its logs below the traffic's root."""
        return self.name.partition(".")[2]
