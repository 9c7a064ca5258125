"""What was unwatched when somebody last looked: a file among the state, because looking costs seconds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from profiles.errors import MusterError

_FILE = "unwatched.json"


@dataclass(frozen=True)
class Remembered:
    """How many models and folders nobody watched, and when that was seen."""

    at: datetime
    names: tuple[str, ...]


def remember(state: Path, at: datetime, names: Sequence[str]) -> None:
    """Keep what was seen in place of what was seen before; MusterError where the state cannot be written."""
    path = state / _FILE
    try:
        state.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        unfinished.write_text(json.dumps({"at": at.isoformat(), "names": list(names)}), encoding="utf-8")
        unfinished.replace(path)
    except OSError as error:
        raise MusterError(f"{path} cannot be written: {error.strerror}; check `state`") from error


def remembered(state: Path) -> Remembered | None:
    """Return what was seen last; None where nobody looked, or where the file is damaged."""
    try:
        found = json.loads((state / _FILE).read_text(encoding="utf-8"))
        return Remembered(datetime.fromisoformat(found["at"]), tuple(map(str, found["names"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None
