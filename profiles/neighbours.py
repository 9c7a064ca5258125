"""Folders of rows beside those that are read, on local disks: a listing each, and nothing is opened."""

import os
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path

from profiles.layout import SUFFIXES

_LOOKED_AT = 1_000  # files below a folder by which it is told whether it holds rows
_OPEN = ("*", "?", "[", "{")
_ENDS = tuple(end for ends in SUFFIXES.values() for end in ends)


def unread_folders(paths: Collection[str], root: Path) -> tuple[Path, ...]:
    """Return the folders with files of a known format that lie beside those of `paths` and are not read.

    `paths` are folders, files or globs; relative ones start at `root`, addresses of other stores are left
    out. A path that is a folder or file of `root` itself has the folders of `root` beside it.
    """
    read = {_folder(root / path) for path in paths if "://" not in path}
    found = {
        folder
        for parent in {each.parent for each in read if each != root}
        for folder in _folders(parent)
        if not any(folder == each or each in folder.parents or folder in each.parents for each in read)
    }
    return tuple(sorted(folder for folder in found if _holds_rows(folder)))


def _folder(path: Path) -> Path:
    """Return the folder that a path's files lie in or below: the part before its first open place."""
    parts = []
    for part in path.parts:
        if any(sign in part for sign in _OPEN):
            break
        parts.append(part)
    plain = Path(*parts)
    return plain.parent if plain.name.endswith(_ENDS) else plain


def _folders(parent: Path) -> Iterator[Path]:
    try:
        with os.scandir(parent) as entries:
            yield from (Path(e.path) for e in entries if e.is_dir() and not e.name.startswith("."))
    except OSError:  # gone, or somebody else's: not what was asked about
        return


def _holds_rows(folder: Path) -> bool:
    files = (name for _, _, names in os.walk(folder) for name in names)
    return any(name.endswith(_ENDS) for name in islice(files, _LOOKED_AT))
