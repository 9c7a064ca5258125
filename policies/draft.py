"""A policy file as a first draft: every guess with its reason, every gap as one line to fill in."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

FILL_IN = "FILL_IN"
_NOT_IN_NAMES = re.compile(r"[^a-z0-9_-]+")


@dataclass(frozen=True)
class DraftLine:
    """One key of a draft with its value.

    `key` is dotted. `guessed` is the reason of a guess, None for what a person said. `fill_in` says what
    to write there instead, where the value could not be inferred and only stands in.
    """

    key: str
    value: Any
    guessed: str | None = None
    fill_in: str | None = None


@dataclass(frozen=True)
class Draft:
    """A policy file that is about to be written: the model it names and its lines, in order."""

    model: str
    lines: tuple[DraftLine, ...]

    @property
    def gaps(self) -> tuple[DraftLine, ...]:
        """The lines that a person has to fill in."""
        return tuple(line for line in self.lines if line.fill_in is not None)

    def text(self, head: Sequence[str]) -> str:
        """Return the file's text; `head` are the sentences of the comment above it."""
        return "\n".join([*(f"# {_one_line(sentence)}" for sentence in head), *_written(self.lines)]) + "\n"


def gap(key: str, what: str) -> DraftLine:
    """Return the line of a column that could not be inferred; what stands in is another for each key."""
    return DraftLine(key, f"{FILL_IN}_{key.replace('.', '_').upper()}", fill_in=what)


def fitting_name(text: str, otherwise: str) -> str:
    """Return `text` as a team's or model's part of a name: lower-case letters, digits, - and _."""
    return _NOT_IN_NAMES.sub("-", text.lower()).strip("-_")[:50] or otherwise


def _written(lines: Iterable[DraftLine]) -> Iterator[str]:
    """Write dotted keys as nested ones; keys of one section have to follow each other."""
    inside: list[str] = []
    for line in lines:
        *sections, key = line.key.split(".")
        same = next((i for i, (a, b) in enumerate(zip(inside, sections, strict=False)) if a != b), None)
        depth = min(len(inside), len(sections)) if same is None else same
        for level, section in enumerate(sections[depth:], depth):
            yield f"{'  ' * level}{section}:"
        inside = sections
        yield f"{'  ' * len(sections)}{key}: {_inline(line.value)}{_comment(line)}"


def _comment(line: DraftLine) -> str:
    if line.fill_in is not None:
        return f"  # fill in: {_one_line(line.fill_in)}"
    return "" if line.guessed is None else f"  # guessed: {_one_line(line.guessed)}"


def _inline(value: Any) -> str:
    # inside a flow list, so that the text is quoted for every position it may stand in
    return yaml.safe_dump([value], default_flow_style=True, width=1_000_000, allow_unicode=True).strip()[1:-1]


def _one_line(text: str) -> str:
    return "".join(each if each.isprintable() else " " for each in text)
