"""What a version's held-out rows tell of later windows; learned once, at registration."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from profiles.estimate import Calibration
from profiles.losses import Loss
from profiles.strata import Strata, StratumLoss


@dataclass(frozen=True)
class HeldOut:
    """Of `rows` labelled rows that a version never learned from.

    `losses` are those of the strata, by `loss`. `importance` is by how much shuffling a column worsens the
    version's loss, as a share of it. `calibrations` tell, by class, what its probabilities are worth.
    """

    rows: int
    loss: Loss
    strata: Strata
    losses: tuple[StratumLoss, ...]
    importance: Mapping[str, float] = field(default_factory=dict)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if len(self.losses) != self.strata.count:
            raise ValueError(f"{self.strata.count} strata have losses of their own, found {len(self.losses)}")
