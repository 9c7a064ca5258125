"""How a story of many flows ends when its process is killed over and over."""

from dataclasses import dataclass
from pathlib import Path

from bench.acting_story import told_in
from bench.stage import Told


@dataclass(frozen=True)
class Swept:
    """How many kills there were, in which chapters, and those after which the end was another one."""

    kills: int
    chapters: frozenset[str]
    inconsistent: tuple[Told, ...]


def swept(kills: int, seed: int, folder: Path) -> Swept:
    """Kill the story's processes so often with SIGKILL, each time run them again to the end, and compare."""
    with told_in(folder) as stage:
        found = list(stage.shot_at(kills, seed))
    of = [kill for told in found for kill in told.kills]
    return Swept(
        len(of), frozenset(kill.chapter for kill in of), tuple(told for told in found if told.differs)
    )
