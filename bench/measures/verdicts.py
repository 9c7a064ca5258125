"""How fast stored readings become verdicts."""

import gc
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.measure import Measure

if TYPE_CHECKING:
    from registry.ledger import Ledger


def judged_per_s(*, windows: int = 1_000, rows: int = 1_000, repeats: int = 7) -> list[float]:
    """Readings that leave the ledger and are judged, per second of CPU time."""
    from bench.judging import HOUR, START, default_policy
    from policies.judge import judge
    from registry.ledger import Ledger

    policy = default_policy()
    starts = [START + hour * HOUR for hour in range(windows)]
    with TemporaryDirectory() as folder, Ledger.open(f"sqlite:///{Path(folder, 'ledger.db')}") as ledger:
        _record(ledger, windows, rows)
        found = []
        for _ in range(1 + repeats):
            gc.collect()
            began = time.process_time()
            verdicts = [judge(each, policy) for each in ledger.readings_at(policy.model, starts).values()]
            found.append(windows / (time.process_time() - began))
            if len(verdicts) != windows or any(verdict.of("drift") is None for verdict in verdicts):
                raise ValueError(f"{windows} windows should be judged, drift included; found {verdicts[:1]}")
    return found[1:]


def _record(ledger: "Ledger", windows: int, rows: int) -> None:
    """Record windows, each of rows of its own."""
    import pyarrow as pa

    from bench.judging import START, default_policy, profiled, seen
    from bench.large_fleet import columns
    from policies.judge import judge

    policy = default_policy()
    digest = ledger.record_policy(policy, "", at=START)
    baseline = profiled(pa.table(dict(columns(10 * rows, seed=0))))
    for hour in range(windows):
        reading = seen(pa.table(dict(columns(rows, seed=1 + hour))), baseline, hour)
        ledger.record_window(reading, judge(reading, policy), digest, at=reading.window.end)


MEASURES = (
    Measure(
        key="windows_judged_per_s",
        unit="windows/CPU-s",
        meaning="Windows judged by the default policy for columns per second of CPU time in one process: "
        "1,000 different readings of 20 columns are fetched from an SQLite ledger, unpacked and judged by "
        "`policies.judge`, as a replay with other limits would; nothing is profiled and nothing written.",
        take=judged_per_s,
        tiny={"windows": 3, "rows": 200, "repeats": 1},
    ),
)
