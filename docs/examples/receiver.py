"""A receiver of Muster's webhooks: it checks who sent a message, and takes none twice."""

import hashlib
import hmac
import time
from collections.abc import Mapping

# A message that was held back and sent again by somebody else is older than this, in seconds.
_FRESH = 300


def is_from_muster(secret: str, headers: Mapping[str, str], body: bytes, now: float | None = None) -> bool:
    """Say whether a request was signed with the secret, over this very body, a moment ago."""
    stamp = headers["Muster-Timestamp"]
    wanted = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()
    age = (time.time() if now is None else now) - int(stamp)
    return abs(age) < _FRESH and hmac.compare_digest(headers["Muster-Signature"], f"v1={wanted}")


def is_new(taken: set[str], headers: Mapping[str, str]) -> bool:
    """Say whether a message is not taken yet; keep the keys for eight days, as messages live for seven."""
    key = headers["Idempotency-Key"]
    if key in taken:
        return False
    taken.add(key)
    return True
