"""How long a person waits for a command."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measure, Target

_MUSTER = Path(sys.executable).with_name("muster")


def help_seconds(*, repeats: int = 15) -> list[float]:
    """`muster --help`."""
    with TemporaryDirectory() as folder:
        return _wall_seconds(["--help"], {}, Path(folder), "Usage: muster", repeats)


def status_seconds(*, models: int = 15, windows: int = 30, rows: int = 500, repeats: int = 11) -> list[float]:
    """`muster status` on a ledger of `models` x `windows`."""
    from bench import made_up

    with TemporaryDirectory() as folder:
        root = Path(folder)
        made_up.watched_fleet(root, models=models, windows=windows, rows=rows)
        last = f"bench.model-{models - 1:02}"
        return _wall_seconds(["status"], made_up.environment(root), root, last, repeats)


def _wall_seconds(
    arguments: list[str], settings: Mapping[str, str], folder: Path, expected: str, repeats: int
) -> list[float]:
    """Run the installed command once to warm up, then `repeats` times; it must print `expected`."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("MUSTER_")}
    inherited.pop("PYTHONDONTWRITEBYTECODE", None)
    spent = []
    for _ in range(1 + repeats):
        began = time.perf_counter()
        done = subprocess.run(
            [_MUSTER, *arguments],
            cwd=folder,
            env={**inherited, **settings},
            capture_output=True,
            text=True,
            check=False,
        )
        spent.append(time.perf_counter() - began)
        if done.returncode != 0 or expected not in done.stdout:
            said = done.stderr or done.stdout
            raise ValueError(f"muster {' '.join(arguments)} should print {expected!r}, and printed: {said}")
    return spent[1:]


MEASURES = (
    Measure(
        key="cli_help_s",
        unit="s",
        meaning="Wall time of `muster --help` as a whole process.",
        take=help_seconds,
        tiny={"repeats": 1},
        target=Target("at most", 0.5),
    ),
    Measure(
        key="cli_status_s",
        unit="s",
        meaning="Wall time of `muster status` as a whole process, on an SQLite ledger of 15 models with "
        "30 daily windows of 20 columns each.",
        take=status_seconds,
        tiny={"models": 2, "windows": 2, "rows": 200, "repeats": 1},
        target=Target("at most", 1.5),
    ),
)
