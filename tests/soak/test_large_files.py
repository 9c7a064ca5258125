"""A file larger than the memory that Muster may take is watched all the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).resolve().parents[2]
MB = 10**6


@pytest.mark.parametrize(
    ("rows", "part", "allowed"),
    [
        pytest.param(1_000_000, 8 * MB, 80 * MB, id="a small file in small parts"),
        # 16 bytes a row are kept, for a time and a prediction; the rest is a few parts of 64 MB.
        pytest.param(10_000_000, None, 500 * MB, id="a gigabyte", marks=pytest.mark.soak),
    ],
)
def test_watching_a_file_takes_less_memory_than_its_rows(
    rows: int, part: int | None, allowed: int, tmp_path: Path
) -> None:
    asked = [str(tmp_path), str(rows), *([] if part is None else [str(part)])]
    done = subprocess.run(
        [sys.executable, "-m", "tests.soak.large", *asked],
        cwd=CHECKOUT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["rows"] == rows
    assert told["after"] - told["before"] < allowed < told["size"]
