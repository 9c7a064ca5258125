"""Two hundred kills of retraining, shadow, promotion, rollback and messages; `make test` has twenty."""

from pathlib import Path

import pytest

from bench.kills import swept

KILLS = 200


@pytest.mark.soak
def test_killed_two_hundred_times_the_end_is_always_the_same(tmp_path: Path) -> None:
    found = swept(KILLS, seed=200, folder=tmp_path)
    assert found.kills == KILLS
    assert found.inconsistent == ()
    assert len(found.chapters) == 6
