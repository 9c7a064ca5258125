"""`bench/results.json`: one object per key, and under `machine` what they were taken on."""

import json
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

MACHINE = "machine"
RESULTS = Path(__file__).with_name("results.json")
# More digits than these are noise, and a difference in every line of every run.
_DIGITS = 4


def summarised(repeats: Sequence[float], unit: str) -> dict[str, Any]:
    """Return the object of one key: the median, and as spread the smallest and the largest repeat."""
    return {
        "value": _rounded(median(repeats)),
        "unit": unit,
        "spread": {"min": _rounded(min(repeats)), "max": _rounded(max(repeats))},
        "n": len(repeats),
    }


def updated(
    old: Mapping[str, Any],
    machine: Mapping[str, Any],
    entries: Mapping[str, Any],
    *,
    whole: bool,
    kept: Collection[str] = (),
) -> dict[str, Any]:
    """Return the file's new content: `machine` first, then the keys in alphabetical order.

    A whole run replaces everything but the keys in `kept`. A partial one replaces its own keys and leaves
    the machine. What was different about the machine when an object was made lies in it under `machine`.
    """
    if MACHINE not in old:
        return {MACHINE: dict(machine), **dict(sorted(entries.items()))}
    if whole:
        left = {key: _beside(entry, old[MACHINE], machine) for key, entry in old.items() if key in kept}
        return {MACHINE: dict(machine), **dict(sorted({**left, **entries}.items()))}
    fresh = {key: _beside(entry, machine, old[MACHINE]) for key, entry in entries.items()}
    others = {key: entry for key, entry in old.items() if key != MACHINE}
    return {MACHINE: old[MACHINE], **dict(sorted({**others, **fresh}.items()))}


def _beside(entry: Mapping[str, Any], own: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry that says what differs between its machine and the one at the top."""
    whole = {**own, **entry.get(MACHINE, {})}
    differing = {name: value for name, value in whole.items() if top.get(name) != value}
    bare = {name: value for name, value in entry.items() if name != MACHINE}
    return {**bare, MACHINE: differing} if differing else bare


def read(path: Path = RESULTS) -> dict[str, Any]:
    """Return the file's content, empty where there is no file yet."""
    return dict(json.loads(path.read_text())) if path.exists() else {}


def write(content: Mapping[str, Any], path: Path = RESULTS) -> None:
    """Write the file, whole or not at all."""
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content, indent=2) + "\n")
    unfinished.replace(path)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}")
