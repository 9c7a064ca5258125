"""What explaining a verdict answers."""

from dataclasses import dataclass
from enum import StrEnum


class Cause(StrEnum):
    """Why a window stands as it does; `none` where there is nothing to explain."""

    NONE = "none"
    OUTAGE = "outage"
    PIPELINE = "pipeline"
    LABEL_DELAY = "label_delay"
    TOO_FEW_LABELS = "too_few_labels"
    DATA_DRIFT = "data_drift"
    CONCEPT_DRIFT = "concept_drift"
    BOTH = "both"
    UNCLEAR = "unclear"


@dataclass(frozen=True)
class LossChange:
    """How a window's mean loss differs from that of the held-out rows, in the loss's own unit.

    `mix` is the part that comes of the strata being mixed otherwise, `within` what the same strata lose
    more; together they are the change. Both with standard errors. `within` is None without labels: then
    `mix` is what the inputs let expect.
    """

    rows: int
    before: float
    mix: float
    mix_error: float
    within: float | None = None
    within_error: float | None = None

    @property
    def total(self) -> float:
        """The whole change, as far as it is known."""
        return self.mix + (self.within or 0.0)


@dataclass(frozen=True)
class Explaining:
    """A column that has something to do with it.

    `moved` is how far it moved (Jensen-Shannon, 0..1; 1 for a broken column), `importance` what shuffling
    it costs the version, None where that was never measured.
    """

    column: str
    moved: float
    importance: float | None = None

    @property
    def weight(self) -> float:
        """What columns are ranked by: importance times movement; an unknown importance counts as 1."""
        return self.moved * (1.0 if self.importance is None else self.importance)


@dataclass(frozen=True)
class Diagnosis:
    """Why a window stands as it does, in a sentence and in numbers.

    `beside` names the other of the two drifts where it may have a part that is not visible by itself.
    `columns` come by falling weight.
    """

    cause: Cause
    sentence: str
    beside: Cause | None = None
    change: LossChange | None = None
    columns: tuple[Explaining, ...] = ()
