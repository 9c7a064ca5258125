"""Counts as text: many whole numbers, most of them small, in a profile's metadata."""

import base64
import binascii
import zlib

import numpy as np

from profiles.kll import Counts


def packed(counts: Counts) -> str:
    """Write signed whole numbers (n, int64) as text, which `unpacked` reads back."""
    # The same byte of all numbers together: the upper ones are nearly all equal, and deflate away. Folding
    # the sign into the lowest bit keeps them so for negative numbers.
    folded = (counts << 1) ^ (counts >> 63)
    planes = folded.astype("<i8").view(np.uint8).reshape(-1, 8).T
    return base64.b64encode(zlib.compress(planes.tobytes(), 6)).decode()


def unpacked(text: str, size: int) -> Counts:
    """Read `size` numbers; ValueError where the text does not hold them."""
    try:
        # One byte more than wanted, so that damage cannot ask for any amount of memory.
        planes = zlib.decompressobj().decompress(base64.b64decode(text, validate=True), 8 * size + 1)
    except (zlib.error, binascii.Error) as damage:
        raise ValueError(f"not packed numbers: {damage}") from None
    if len(planes) != 8 * size:
        raise ValueError(f"wanted {size} packed numbers, found {len(planes)} bytes")
    folded = np.frombuffer(planes, np.uint8).reshape(8, -1).T.copy().view("<u8").ravel()
    counts: Counts = (folded >> np.uint64(1)).astype(np.int64) ^ -(folded & np.uint64(1)).astype(np.int64)
    return counts
