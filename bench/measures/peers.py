"""Muster beside others on the same rows, each in an environment of its own."""

import json
import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measure, Target

_CHECKOUT = Path(__file__).parents[2]
_PEERS = _CHECKOUT / "bench" / "peers"


def times_evidently(*, rows: int = 100_000, repeats: int = 5, build: int = 1) -> list[float]:
    """Evidently's CPU time divided by ours for one window, repeat by repeat, in turns."""
    from bench.peers.environment import interpreter

    theirs = interpreter(_PEERS / "evidently.txt", build=bool(build))
    ratios = []
    with TemporaryDirectory() as folder:
        files = written(Path(folder), rows)
        for _ in range(repeats):
            ours = cpu_seconds([sys.executable, "-m", "bench.peers.muster_window"], files)
            ratios.append(cpu_seconds([str(theirs), str(_PEERS / "evidently_window.py")], files) / ours)
    return ratios


def written(folder: Path, rows: int) -> tuple[Path, Path]:
    """Write a reference and a window of 20 columns, equally distributed, and return their files."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    from bench.made_up import features

    files = folder / "reference.parquet", folder / "window.parquet"
    for seed, file in enumerate(files):
        pq.write_table(pa.table(features(rows, seed)), file)
    return files


def cpu_seconds(command: list[str], files: tuple[Path, Path]) -> float:
    """Run a program on a reference and a window; it must have judged all 20 columns."""
    inherited = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [*command, *map(str, files)],
        cwd=_CHECKOUT,
        env={**inherited, "OMP_NUM_THREADS": "1", "DO_NOT_TRACK": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise ValueError(f"{command[-1]} failed: {done.stderr[-2_000:]}")
    told = json.loads(done.stdout.splitlines()[-1])
    if told["columns"] != 20:
        raise ValueError(f"{command[-1]} should judge 20 columns, and judged {told['columns']}")
    return float(told["cpu"])


MEASURES = (
    Measure(
        key="judge_vs_evidently_ratio",
        unit="times",
        meaning="CPU time of evidently 0.7.23 divided by ours for one window of 100,000 rows of 20 columns "
        "(10 floats with 2 % null, 5 integers, 5 texts) from rows in memory to an answer, in turns, "
        "each in a process and an environment of its own, from the same Parquet files; above 1 Muster "
        "is faster. Imports, reading files and the reference are outside the clock. Inside it, ours "
        "sketches the window, compares it with the stored profile of the reference (all distances, "
        "and what chance would make of them) and judges by the default policy; evidently runs "
        "`Report([DataDriftPreset()])` on a `Dataset` made before, one test a column by its own "
        "choice. Evidently keeps no fitted reference and goes through its 100,000 rows in every run.",
        take=times_evidently,
        tiny={"rows": 1_000, "repeats": 1, "build": 0},
        target=Target("at least", 1),
    ),
)
