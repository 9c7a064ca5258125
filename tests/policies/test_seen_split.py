"""A canary is verified when both versions answer, nobody else, and the challenger about its share."""

from collections.abc import Sequence

import numpy as np
import pytest

from policies.rollout import NEWEST_OF_SPLIT, Sighting, is_split, not_split


def seen(share: float, rows: int = NEWEST_OF_SPLIT) -> tuple[str, ...]:
    """Rows of which the second version answered a share, spread evenly."""
    return tuple("2" if int((row + 1) * share) > int(row * share) else "1" for row in range(rows))


@pytest.mark.parametrize(
    ("versions", "share", "expected"),
    [
        (seen(0.1), 0.1, True),
        (seen(0.1, rows=10), 0.1, True),
        (seen(0.5), 0.5, True),
        (seen(0.1), 0.5, False),
        (seen(0.5), 0.1, False),
        (seen(0.9), 0.5, False),
        (seen(0.0), 0.1, False),
        (seen(1.0), 0.5, False),
        ((), 0.1, False),
        ((*seen(0.5), "3"), 0.5, False),
        (("3", *seen(0.5)), 0.5, True),
        ((*seen(0.0, rows=5_000), *seen(0.5)), 0.5, True),
    ],
)
def test_the_newest_rows_show_the_share(versions: Sequence[str], share: float, expected: bool) -> None:
    assert is_split(Sighting(tuple(versions)), "1", "2", share) is expected


@pytest.mark.parametrize("share", [0.01, 0.1, 0.5, 0.9])
def test_a_split_that_is_as_ordered_is_nearly_always_seen(share: float) -> None:
    random = np.random.default_rng(0)
    drawn = [np.where(random.random(NEWEST_OF_SPLIT) < share, "2", "1") for _ in range(300)]
    both = [tuple(each) for each in drawn if len(set(each)) == 2]
    assert all(is_split(Sighting(each), "1", "2", share) for each in both)


def test_what_is_seen_instead_is_said_in_numbers() -> None:
    assert not_split(Sighting(seen(0.5, rows=20)), "2", 0.1) == (
        "the prediction log names version 2 in 10 of the 20 newest rows instead of 10 %, else 1"
    )
    assert not_split(Sighting(), "2", 0.1) == "the prediction log has named nobody since"
