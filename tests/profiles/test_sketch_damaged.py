"""Bytes that are no profile, or no longer one, are refused with what to do."""

import random

import pytest

from profiles.errors import ProfileUnreadable
from profiles.sketch import read, sketch
from tests.profiles.sketched_rows import AT, traffic


def test_damaged_bytes_raise_one_error_and_never_another() -> None:
    data = sketch(traffic(300), at=AT)
    chance = random.Random(1)  # noqa: S311 - not for secrets
    refused = 0
    for _ in range(300):
        bad = bytearray(data)
        for _ in range(5):
            bad[chance.randrange(2000)] = chance.randrange(256)
        try:
            read(bytes(bad))
        except ProfileUnreadable:
            refused += 1
    assert refused > 150
    for cut in range(0, len(data), 97):
        with pytest.raises(ProfileUnreadable):
            read(data[:cut])


@pytest.mark.parametrize("data", [b"", b"WHY1", b"PAR1abc", b"WHY1" + b"\xff" * 50])
def test_what_is_no_profile_is_refused_with_what_to_do(data: bytes) -> None:
    with pytest.raises(ProfileUnreadable, match="restore it or profile"):
        read(data)
