"""A model as a stranger would bring it: a log, labels, and what a person would write of their columns."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd


@dataclass(frozen=True)
class Stranger:
    """One model's log and labels in a folder, and the policy keys that a person would write for them.

    `roles` maps a dotted policy key to the right value; an `ignore` is compared as a set.
    """

    name: str
    traffic: str
    labels: str | None
    roles: Mapping[str, Any]


def roles_right(stranger: Stranger, written: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return how many of a stranger's roles a written policy has right, and the others in a sentence each."""
    wrong = []
    for key, wanted in stranger.roles.items():
        part: Any = written
        for step in key.split("."):
            part = part.get(step) if isinstance(part, dict) else None
        same = set(part or ()) == wanted if isinstance(wanted, set) else part == wanted
        if not same:
            wrong.append(f"{stranger.name}: {key} is {wanted!r}, found {part!r}")
    return len(stranger.roles) - len(wrong), wrong


def all_roles_right(brought: Iterable[Stranger], root: Path) -> tuple[int, list[str]]:
    """Begin with every stranger; return how many roles are right in all, and each wrong one in a sentence."""
    import yaml

    from flows.begin import infer
    from flows.place import Place

    right, wrong = 0, list[str]()
    for each in brought:
        labels = None if each.labels is None else Place.of(each.labels, root)
        inferred = infer(f"team.{each.name}", Place.of(each.traffic, root), labels, root)
        found, missed = roles_right(each, yaml.safe_load(inferred.draft.text(["A sample."])))
        right, wrong = right + found, [*wrong, *missed]
    return right, wrong


def shuffled(rows: pd.DataFrame, seed: int, *, times: int) -> tuple[pd.DataFrame, np.random.Generator]:
    """Draw rows in a random order, each some times, so that small sets fill a month of windows."""
    mixed = pd.concat([rows.sample(frac=1, random_state=seed + i) for i in range(times)], ignore_index=True)
    return mixed, np.random.default_rng(seed)


def clock(rows: int, days: int, random: np.random.Generator) -> "pd.Series[Any]":
    """Return made-up times in order, evenly scattered over days that end before 2026-11."""
    start = datetime(2026, 10, 31, tzinfo=UTC) - timedelta(days=days)
    seconds = np.sort(random.uniform(0, days * 86_400, rows)).round(3)
    return pd.Series(pd.to_datetime(start) + pd.to_timedelta(seconds, unit="s"))


def brought(
    folder: Path,
    traffic: pd.DataFrame,
    labels: pd.DataFrame | None,
    roles: Mapping[str, Any],
    suffix: str = "parquet",
) -> Stranger:
    """Write a log and its labels into a new folder and return the stranger who brings them."""
    folder.mkdir(parents=True)
    for name, rows in (("log", traffic), ("outcomes", labels)):
        if rows is not None:
            _write(rows, folder / f"{name}.{suffix}")
    outcomes = None if labels is None else str(folder / f"outcomes.{suffix}")
    return Stranger(folder.name, str(folder / f"log.{suffix}"), outcomes, roles)


def _write(rows: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".jsonl":
        rows.to_json(path, orient="records", lines=True, date_format="iso", date_unit="ms")
    else:
        rows.to_parquet(path, index=False)
