"""Signed requests: what a receiver checks to know that Muster sent them."""

import hashlib
import hmac
from datetime import datetime


def signed(secret: str, body: bytes, at: datetime) -> dict[str, str]:
    """Return the headers that sign a request's body, sent at a time.

    `Muster-Signature` is `v1=` and the hexadecimal HMAC-SHA256 of `<Muster-Timestamp>.<body>`.
    """
    stamp = str(int(at.timestamp()))
    return {"Muster-Timestamp": stamp, "Muster-Signature": f"v1={signature(secret, stamp, body)}"}


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return the signature of a body: hexadecimal HMAC-SHA256 of `<timestamp>.<body>`."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()
