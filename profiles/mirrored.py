"""What a window tells of two versions that answered the same rows: plain values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from profiles.paired import PairedLosses

# The name of all rows among those of the segments.
EVERYWHERE = "all rows"


@dataclass(frozen=True)
class Decisions:
    """How two versions decided the rows that both answered, at the threshold that they are served by.

    `flips` counts rows that they decide differently, `champion` and `challenger` those where each chose the
    positive class.
    """

    rows: int
    flips: int
    champion: int
    challenger: int


@dataclass(frozen=True)
class Mirrored:
    """What the rows of one window tell of a challenger and its opponent (`champion`).

    `decisions` are those of a classifier, for all rows and by segment, with or without labels. `served`
    counts the rows of the log that the challenger itself had answered.
    """

    paired: PairedLosses
    decisions: Mapping[str, Decisions] = field(default_factory=dict)
    served: int = 0
