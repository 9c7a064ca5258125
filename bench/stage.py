"""A stage on which a story is told, killed and told again: chapter by chapter, in folders that are copied."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from bench.killing import KILLED, Point, in_child, killed_at, observed_beneath, points_of, shot

# A chapter is killed this often, and then its repetition.
_CHANCES = (0.85, 0.3)


@dataclass(frozen=True)
class Chapter:
    """One thing that Muster does below a root.

    `happens` is what others do before, and is never killed. `run` may be killed anywhere, and is run again
    with the next number, from 0: later by its clock, as a fresh process.
    """

    name: str
    happens: Callable[[Path], None]
    run: Callable[[Path, int], None]


@dataclass(frozen=True)
class Story:
    """Chapters, and what is left below a root, in values that can be compared.

    `remains` leaves out what may differ after a kill. It is asked in the process that forks.
    """

    chapters: tuple[Chapter, ...]
    remains: Callable[[Path], Any]


@dataclass(frozen=True)
class Kill:
    """One kill: in which chapter, and after which point."""

    chapter: str
    point: str

    def __str__(self) -> str:
        return f"{self.chapter}, killed {self.point}"


@dataclass(frozen=True)
class Told:
    """A chapter that was killed and then run to its end; `differs` is empty when nobody can tell."""

    kills: tuple[Kill, ...]
    differs: tuple[str, ...] = ()


@dataclass
class Stage:
    """Where a story is told; all tellings share one root, because messages may name its files.

    `before` holds copies of the root from before each chapter, `after` what was left when nobody was killed,
    and `points` what was passed then.
    """

    story: Story
    root: Path
    before: list[Path] = field(default_factory=list)
    after: list[Any] = field(default_factory=list)
    points: list[tuple[Point, ...]] = field(default_factory=list)

    def tell(self) -> None:
        """Tell the story undisturbed, from the root as it is now."""
        for index, chapter in enumerate(self.story.chapters):
            _well(in_child(lambda now=chapter: now.happens(self.root)), f"what comes before {chapter.name}")  # type: ignore[misc]
            self.before.append(copied(self.root, self.root.with_name(f"before-{index}")))
            self.points.append(points_of(lambda now=chapter: now.run(self.root, 0)))  # type: ignore[misc]
            self.after.append(self.story.remains(self.root))

    def reset(self, chapter: int) -> Path:
        """Put the root back to where a chapter begins."""
        return copied(self.before[chapter], self.root)

    def kill(self, chapter: int, nth: int) -> Kill:
        """Begin a chapter and kill it at its nth point."""
        root, told = self.reset(chapter), self.story.chapters[chapter]

        def run() -> None:
            with observed_beneath(killed_at(nth)):
                told.run(root, 0)

        point = named(self.points[chapter], nth)
        if (code := in_child(run)) != KILLED:
            raise ChildProcessError(f"{told.name} should have been killed {point}, and ended with {code}")
        return Kill(told.name, point)

    def again(self, chapter: int, number: int, kills: Sequence[Kill]) -> Told:
        """Run a chapter to its end and compare what is left with what should be."""
        told = self.story.chapters[chapter]
        _well(in_child(lambda: told.run(self.root, number)), f"{told.name}, run again after {kills}")
        return Told(tuple(kills), tuple(differences(self.after[chapter], self.story.remains(self.root))))

    def crashed(self, chapter: int) -> Iterator[Told]:
        """Kill a chapter between all its effects in turn, and run it again.

        Where nothing happens outside, after one effect and before the next one are the same moment.
        """
        points = self.points[chapter]
        last = len(points) - 1
        for nth in (
            nth for nth, point in enumerate(points) if point.name.startswith("before") or nth == last
        ):
            yield self.again(chapter, 1, [self.kill(chapter, nth)])

    def shot_at(self, kills: int, seed: int) -> Iterator[Told]:
        """Tell the story over and over and kill it so often with SIGKILL, at moments drawn at random.

        First a span between two points is drawn, then a moment in it, so that what takes long does not get
        all the kills. A repetition may be killed as well. The next chapter begins where the last one ended.
        """
        random, left = np.random.default_rng(seed), kills
        while left:
            self.reset(0)
            for index, chapter in enumerate(self.story.chapters):
                if index:
                    _well(in_child(lambda now=chapter: now.happens(self.root)), chapter.name)  # type: ignore[misc]
                found: list[Kill] = []
                for chance in _CHANCES:
                    if len(found) < left and random.random() < chance:
                        found += self._shot(index, len(found), random)
                left -= len(found)
                yield self.again(index, len(found), found)
                if not left:
                    return

    def _shot(self, chapter: int, number: int, random: np.random.Generator) -> list[Kill]:
        points = self.points[chapter]
        nth = int(random.integers(len(points) + 1))
        begins = points[nth - 1].after if nth else 0.0
        ends = points[nth].after if nth < len(points) else begins
        told = self.story.chapters[chapter]
        delay = float(random.uniform(0, max(ends - begins, 0.0)))
        if not shot(lambda: told.run(self.root, number), nth, delay):
            return []
        return [Kill(told.name, f"beyond {points[nth - 1].name}" if nth else "at its beginning")]


def named(points: Sequence[Point], nth: int) -> str:
    """Name a moment by the effects on both its sides."""
    before = points[nth - 1].name if nth else "at the beginning"
    return f"{before}, {points[nth].name}"


def copied(source: Path, target: Path) -> Path:
    """Make `target` a copy of a folder."""
    shutil.rmtree(target, ignore_errors=True)
    return Path(shutil.copytree(source, target))


def differences(expected: Any, found: Any, where: str = "") -> Iterator[str]:
    """Yield what differs between two values of plain JSON, a line per place."""
    if isinstance(expected, dict) and isinstance(found, dict):
        for key in sorted({*expected, *found}):
            yield from differences(expected.get(key), found.get(key), f"{where}/{key}")
    elif isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        for place, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{where}/{place}")
    elif expected != found:
        yield f"{where} should be {expected!r:.600} and is {found!r:.600}"


def _well(code: int, what: str) -> None:
    if code != 0:
        raise ChildProcessError(f"{what} ended with {code}")
