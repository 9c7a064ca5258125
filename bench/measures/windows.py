"""What watching one window costs."""

import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measure


def window_cpu_ms(*, rows: int = 1_000, windows: int = 31) -> list[float]:
    """CPU time of each of `windows` steps but the first, which pays for the imports."""
    from bench import made_up
    from flows.step import begin

    with TemporaryDirectory() as folder:
        root = Path(folder)
        made_up.write(root, models=1, windows=windows, rows=rows)
        with made_up.opened(root, rows=rows) as (world, (loaded,)):
            watched = begin(loaded.policy, loaded.source, world)
            spent = []
            for window in made_up.days(windows):
                gc.collect()
                began = time.process_time()
                made_up.stepped(watched, window, world)
                spent.append(1000 * (time.process_time() - began))
    return spent[1:]


MEASURES = (
    Measure(
        key="watch_window_cpu_ms",
        unit="ms",
        meaning="CPU time of the whole step of one window of 1,000 rows and 20 profiled columns with labels, "
        "among 31 daily files of traffic and 31 of labels: reading, profile, scores, comparison, verdict, "
        "and the write to an SQLite ledger. Imports, which the first window pays for, are left out; a repeat "
        "is a window.",
        take=window_cpu_ms,
        tiny={"rows": 200, "windows": 2},
    ),
)
