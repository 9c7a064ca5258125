"""However often a watch is killed, the next one makes up for it; `make test` kills it three times."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash import staged

KILLS = 20


@pytest.mark.soak
def test_a_watch_that_is_killed_from_outside_twenty_times_leaves_the_same_ledger(
    tmp_path: Path, mlflow_store: Callable[[Path], str]
) -> None:
    found = list(staged(tmp_path, mlflow_store).shot_at(KILLS, seed=4))
    assert sum(len(each.kills) for each in found) == KILLS
    assert [each for each in found if each.differs] == []
