"""Where a team's rows lie and what their columns mean, as the readers need it."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeAlias

Task: TypeAlias = Literal["regression", "classification"]
Format: TypeAlias = Literal["parquet", "csv"]


@dataclass(frozen=True)
class TrafficLayout:
    """A prediction log: one row per answered request.

    `features` empty means: every column that has no other role. `version` names the column that
    says who answered; without one, whoever served at the time did.
    """

    path: str
    format: Format
    timestamp: str
    prediction: str
    request_id: str | None = None
    version: str | None = None
    features: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True)
class LabelLayout:
    """A stream of outcomes, joined to the traffic by request id.

    `arrived_at` names the column that says when a label became known; without one a label counts
    as known `arrives_within` after its request. After `arrives_within` a window's scores are mature.
    """

    path: str
    format: Format
    label: str
    request_id: str
    arrives_within: timedelta
    arrived_at: str | None = None
