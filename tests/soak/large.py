"""Watches one large file of traffic and says how much memory that took; a program of its own to be measured.

    python -m tests.soak.large ROOT ROWS [PART]

writes ROWS of 15 columns below ROOT, in row groups, and prints how many rows were judged, the bytes that
they take in memory, and the peak of this process's memory before it watched them and after. PART is how
many bytes are profiled at a time, where that is not to be as usual.
"""

import json
import resource
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from flows.step import begin, step
from profiles import stream
from profiles.layout import TrafficLayout
from profiles.sketch import sketch
from profiles.window import Window
from registry.model_registry import AttachedBaseline, BaselineFacts
from tests.fakes import DAY, START, FakeVersions, policy, world

GROUP = 100_000
_FEATURES = 13


def rows_from(begin_at: int, count: int, total: int) -> pa.Table:
    """Some rows of a day that has `total` of them: a time, a prediction and 13 features."""
    random = np.random.default_rng(begin_at)
    at = np.datetime64(START.replace(tzinfo=None), "us")
    steps = (np.arange(begin_at, begin_at + count) * (86_400_000_000 / total)).astype("timedelta64[us]")
    made = {"ts": pa.array(at + steps, pa.timestamp("us", "UTC")), "price": random.normal(10, 2, count)}
    made |= {f"x_{i}": random.normal(i, 1, count) for i in range(_FEATURES)}
    return pa.table(made)


def write(root: Path, name: str, rows: int) -> int:
    """Write a day's file, a row group at a time; return the bytes of its rows in memory."""
    folder = root / name
    folder.mkdir(parents=True)
    size = 0
    with pq.ParquetWriter(folder / "day.parquet", rows_from(0, 0, rows).schema, compression="none") as out:
        for first in range(0, rows, GROUP):
            group = rows_from(first, min(GROUP, rows - first), rows)
            size += group.nbytes
            out.write_table(group)
    return size


def watch(root: Path, name: str) -> int:
    """Watch a day's file with a real ledger and profile store; return the rows of its recorded reading."""
    facts = BaselineFacts("default", "training", 1_000, Window(START - DAY, START), {})
    attached = AttachedBaseline(facts, sketch(rows_from(0, 1_000, 1_000).drop_columns("ts"), at=START))
    model = f"shop.{name}"
    known = FakeVersions({(model, "champion"): "1"}, {"1": (attached,)})
    traffic = TrafficLayout(f"{name}/*.parquet", "parquet", "ts", "price")
    watched_by = replace(policy(model), traffic=traffic, labels=None, performance=None)
    opened = world(root, START + DAY + timedelta(hours=1), known)
    with opened.ledger:
        step(begin(watched_by, "", opened), Window(START, START + DAY), opened)
        judged = opened.ledger.judged(model)
    assert judged is not None
    assert judged.reading.comparison is not None, judged.reading.fault
    return judged.reading.comparison.rows


def peak() -> int:
    """Return the most bytes that this process has held."""
    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def main(root: Path, rows: int) -> None:
    """Watch a small file, which pays for what is imported, then the large one."""
    write(root, "small", GROUP)
    size = write(root, "large", rows)
    watch(root, "small")
    before = peak()
    told = {"rows": watch(root, "large"), "size": size, "before": before, "after": peak()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    if len(sys.argv) > 3:
        stream._BYTES = int(sys.argv[3])
    main(Path(sys.argv[1]), int(sys.argv[2]))
