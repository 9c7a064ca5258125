"""What the figures were taken on, without anything that names the machine."""

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = (
    "click",
    "mlflow",
    "numpy",
    "pandas",
    "prefect",
    "pyarrow",
    "scikit-learn",
    "scipy",
    "sqlalchemy",
    "sqlmodel",
    "whylogs",
)
_CPUINFO = Path("/proc/cpuinfo")


def described() -> dict[str, Any]:
    """Return the machine, the versions that matter, and how busy it is (load of 1, 5, 15 minutes)."""
    return {
        "cpu_count": os.cpu_count(),
        "cpu_model": _cpu_model(),
        "load_average_at_start": [round(load, 2) for load in os.getloadavg()],
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "packages": {name: version(name) for name in _PACKAGES},
        "python": platform.python_version(),
    }


def _cpu_model() -> str:
    for line in _CPUINFO.read_text().splitlines() if _CPUINFO.exists() else ():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return platform.processor() or platform.machine()
