"""How many models one flow run watches."""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.measure import Measure

_CHECKOUT = Path(__file__).parents[2]
# What a shell says of another installation, or of a server that is to be left alone.
_FOREIGN = ("MUSTER_", "PREFECT_", "MLFLOW_")


def models_per_min(*, models: int = 1_000, rows: int = 1_000, repeats: int = 1) -> list[float]:
    """Models that one flow run watches in a minute of wall time, one window of `rows` each."""
    from bench import large_fleet, made_up
    from registry.settings import load_settings

    found = []
    for _ in range(repeats):
        with TemporaryDirectory() as folder:
            root = Path(folder)
            variables = made_up.environment(root)
            window = large_fleet.due(datetime.now(UTC))
            large_fleet.write(root, window, models=models, rows=rows)
            large_fleet.register(load_settings(variables, root), window, rows=10 * rows)
            found.append(60 * models / _seconds(root, variables, models))
    return found


def _seconds(root: Path, variables: dict[str, str], models: int) -> float:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    done = subprocess.run(
        [sys.executable, "-m", "bench.large_fleet", str(root)],
        cwd=_CHECKOUT,
        env={**inherited, **variables, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    told = json.loads(done.stdout.splitlines()[-1]) if done.returncode == 0 and done.stdout else {}
    judged = [status for status in told.get("statuses", ()) if status in {"met", "breached", "at_risk"}]
    if len(judged) != models:
        raise ValueError(
            f"{len(judged)} of {models} models were judged: {told.get('state') or done.stderr[-2_000:]}"
        )
    return float(told["wall"])


MEASURES = (
    Measure(
        key="models_watched_per_min",
        unit="models/min",
        meaning="Models that ONE run of the flow `watch` takes in per minute of wall time, in one process "
        "with four threads: 1,000 models with a policy file and traffic of their own, one window of "
        "1,000 rows and 20 profiled columns due each, on an SQLite ledger, a temporary Prefect server "
        "and one version in an MLflow store that all models name. It is each model's first watch, so "
        "recording its policy, asking MLflow who serves and taking over the baseline are in it; the "
        "server's start is not.",
        take=models_per_min,
        tiny={"models": 3, "rows": 200},
    ),
)
