"""However often a watch is killed, the next one makes up for it; `make test` kills it three times."""

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.crash import STORY, in_child, register, remains, tell, told_until_killed

KILLS = 20


@pytest.mark.soak
def test_a_watch_that_is_killed_from_outside_twenty_times_leaves_the_same_ledger(
    tmp_path: Path, mlflow_store: Callable[[Path], str]
) -> None:
    beginning, root = tmp_path / "beginning", tmp_path / "root"
    beginning.mkdir()
    mlflow_store(beginning)
    register(beginning)
    root.mkdir()
    shutil.copy(beginning / "mlflow.db", root)
    assert in_child(lambda: tell(root, STORY)) == 0
    uninterrupted = remains(root)

    random, kills, endings = np.random.default_rng(4), 0, 0
    while kills < KILLS:
        shutil.rmtree(root)
        root.mkdir()
        shutil.copy(beginning / "mlflow.db", root)
        moment, killed = 0, True
        while killed:
            # Seldom far enough to end, often so soon that the same moment is killed again.
            moment, killed = told_until_killed(root, moment, int(random.integers(1, 25)))
            kills += killed
        assert remains(root) == uninterrupted
        endings += 1
    assert endings >= 1
