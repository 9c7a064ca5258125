"""Telling a person who waits how far the work is."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

_T = TypeVar("_T")
_PATIENCE = 2.0  # seconds; what is done sooner needs no bar


def tracked(items: Sequence[_T], doing: str) -> Iterator[_T]:
    """Yield the items; on a terminal a bar appears on stderr when they take longer than two seconds."""
    began = time.monotonic()
    done = 0
    for item in items:
        if time.monotonic() - began > _PATIENCE:
            break
        yield item
        done += 1
    rest = items[done:]
    if not rest:
        return
    if not sys.stderr.isatty():
        yield from rest
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(
        rest, doing, total=len(items), completed=done, console=Console(stderr=True), transient=True
    )


def passing(items: Iterable[_T], doing: str) -> Iterator[_T]:
    """Yield items whose number nobody knows; on a terminal, after two seconds, a spinner says what for."""
    began = time.monotonic()
    found = iter(items)
    if not sys.stderr.isatty():
        yield from found
        return
    for item in found:
        yield item
        if time.monotonic() - began > _PATIENCE:
            break
    else:
        return
    from rich.console import Console

    with Console(stderr=True).status(doing):
        yield from found
