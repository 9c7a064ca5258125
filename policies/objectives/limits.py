"""A limit on a number of which more is better or worse, and how much of its allowance is used."""

from dataclasses import dataclass

from policies.objectives.wording import number, percent


@dataclass(frozen=True)
class Limit:
    """A limit, where its allowance begins, and how it came about.

    `direction` is 1 where a higher number is better and -1 where a lower one is.
    """

    value: float
    begins: float
    origin: str
    direction: int

    def beyond(self, measured: float) -> bool:
        """Say whether the number is on the wrong side of the limit."""
        return (measured - self.value) * self.direction < 0

    def used(self, measured: float) -> float:
        """Return the share of the allowance that the number uses; 0 where there is no allowance."""
        allowance = (self.begins - self.value) * self.direction
        return (self.begins - measured) * self.direction / allowance if allowance > 0 else 0.0


def relative(before: float, worse: float, direction: int) -> Limit:
    """Return the limit that lies the share `worse` on the wrong side of the baseline's number."""
    way = "below" if direction > 0 else "above"
    origin = f" ({percent(worse)} {way} the baseline's {number(before)})"
    # by its size, so that a negative number (r2, a loss) is worsened downwards too
    return Limit(before - direction * worse * abs(before), before, origin, direction)
