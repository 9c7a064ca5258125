"""Policy files as teams write them, for the tests that load them."""

from pathlib import Path

from policies.load import load_policies

GOOD = """\
version: 1
model: pricing.bike
task: regression
traffic: {path: "bike/*.parquet", timestamp: ts, prediction: demand}
labels: {path: "labels/*.parquet", label: cnt}
cadence: 1d
objectives:
  performance: {metric: mae, at_most_worse_than_baseline: 10%}
"""


def write(root: Path, name: str, text: str | bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def faults_of(root: Path, text: str | bytes) -> list[str]:
    path = write(root, "pricing/bike.yaml", text)
    fleet = load_policies([root])
    assert fleet.policies == ()
    return [str(fault).removeprefix(f"{path}:") for fault in fleet.faults]
