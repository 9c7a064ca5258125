"""How numbers and spans are said in the sentences of a verdict."""

from collections.abc import Sequence
from datetime import timedelta

_MINUTE = timedelta(minutes=1)
_LONG = timedelta(days=4)  # beyond it people count in days
_SAID = 3


def span(length: timedelta) -> str:
    """Say a span in days, hours and minutes, begun minutes counted whole: `36h`, `42m`, `12h 1m`, `5d 3h`."""
    minutes = -(-length // _MINUTE)
    hours, minutes = divmod(minutes, 60)
    if length >= _LONG:
        days, hours = divmod(hours, 24)
        return f"{days}d {hours}h" if hours else f"{days}d"
    parts = [f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m")) if count]
    return " ".join(parts) or "0m"


def percent(share: float) -> str:
    """Say a share of rows: `12 %`."""
    return f"{100 * share:.3g} %"


def number(value: float, digits: int = 3) -> str:
    """Say a number with about three digits, whole ones from 1,000 on: `82.3`, `0.0451`, `12,345`."""
    return f"{value:,.0f}" if abs(value) >= 10**digits else f"{value:.{digits}g}"


def apart(one: float, other: float) -> tuple[str, str]:
    """Say two numbers with as many digits as tell them apart."""
    for digits in (3, 5, 8):
        said = number(one, digits), number(other, digits)
        if said[0] != said[1] or one == other:
            return said
    return repr(one), repr(other)


def listed(sentences: Sequence[str]) -> str:
    """Join the first sentences and count the rest."""
    rest = len(sentences) - _SAID
    return "; ".join((*sentences[:_SAID], *((f"and {rest} more",) if rest > 0 else ())))
