"""When a message that was not delivered is tried again. Pure."""

import hashlib
from datetime import datetime, timedelta

FIRST = timedelta(seconds=30)
LONGEST = timedelta(hours=1)


def next_attempt(key: str, attempts: int, at: datetime, retry_after: timedelta | None = None) -> datetime:
    """Return when to try again after so many attempts (from 1), the last one at `at`.

    The pause doubles from 30 s up to an hour, shortened by up to half so that messages which failed together
    do not come back together; the share follows from the key and the attempt, so that it is the same when
    computed again. `retry_after` is what the receiver asked for: it is never tried sooner.
    """
    pause = min(FIRST * (1 << min(attempts - 1, 20)), LONGEST)
    drawn = hashlib.sha256(f"{key}/{attempts}".encode()).digest()[0] / 256
    return at + max(pause * (0.5 + drawn / 2), retry_after or timedelta(0))
