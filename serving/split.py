"""The split of a canary: which requests the challenger answers. Sticky, and the same wherever it is asked."""

from collections.abc import Iterable
from hashlib import blake2b
from typing import Any

_BITS = 53  # as many as a float holds exactly


def salt_of(model: str, challenger: str) -> str:
    """Return what the places of one canary depend on: another challenger gets other requests."""
    return f"{model}:{challenger}"


def place(key: str, salt: str) -> float:
    """Return where a request lies in [0, 1), by its own key or by that of whoever asks.

    The first 53 bits of the BLAKE2b digest (RFC 7693, 8 bytes) of salt, a zero byte and key: uniform, and to
    be had in every language. A key keeps its place for the whole canary.
    """
    digest = blake2b(f"{salt}\0{key}".encode(), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> (64 - _BITS)) / 2.0**_BITS


def is_challengers(key: str, salt: str, share: float) -> bool:
    """Say whether the challenger answers; what falls into a share falls into every larger one as well."""
    return place(key, salt) < share


def challengers(keys: Iterable[Any], salt: str, share: float) -> Any:
    """Return a boolean array over the keys (as text): those that the challenger answers."""
    import numpy as np

    return np.array([is_challengers(str(key), salt, share) for key in keys], dtype=bool)
