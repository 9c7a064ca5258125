"""Muster's own copies of model versions: there when the model registry is not, and checked at every use."""

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from profiles.effects import effect
from profiles.errors import RegistryUnavailable

# Name and version, into an empty folder. Raises RegistryUnavailable.
Fetch: TypeAlias = Callable[[str, str, Path], None]

_FILES, _MANIFEST = "model", "manifest.json"
_PLAIN = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True)
class ModelFiles:
    """The files of a version as MLflow lays them out, and the digest of all of them (`sha256:<hex>`)."""

    folder: Path
    digest: str


class ModelStore:
    """A folder of model versions. Each appears whole or not at all, and is never changed."""

    def __init__(self, root: Path, fetch: Fetch) -> None:
        self._root = root
        self._fetch = fetch

    def files(self, name: str, version: str, digest: str | None = None) -> ModelFiles:
        """Return the files of a version, copied from the model registry where they are not there yet.

        `digest` is what they are known to have. Raises RegistryUnavailable when they cannot be copied, or
        were changed since.
        """
        home = self._home(name, version)
        if not home.exists():
            self._copy(name, version, home)
        written: Mapping[str, str] = json.loads((home / _MANIFEST).read_text(encoding="utf-8"))
        found = _digests(home / _FILES)
        wrong = sorted(file for file in {*written, *found} if written.get(file) != found.get(file))
        if wrong:
            raise RegistryUnavailable(
                f"{home / _FILES / wrong[0]} is not what was copied for version {version} of {name}: it "
                f"was changed. Find out who, then remove {home}; it is copied anew from the model registry"
            )
        whole = _digest_of(found)
        if digest not in {None, whole}:
            raise RegistryUnavailable(
                f"version {version} of {name} was recorded with the digest {digest}, and its files have "
                f"{whole}: they were changed before they were copied. Register it as a new version"
            )
        return ModelFiles(home / _FILES, whole)

    def has(self, name: str, version: str) -> bool:
        """Say whether a version was copied already."""
        return self._home(name, version).exists()

    def _home(self, name: str, version: str) -> Path:
        return self._root / _folder(name) / _folder(version)

    def _copy(self, name: str, version: str, home: Path) -> None:
        home.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=home.parent, prefix=".copying-") as scratch:
            begun = Path(scratch, "copy")
            (begun / _FILES).mkdir(parents=True)
            self._fetch(name, version, begun / _FILES)
            digests = _digests(begun / _FILES)
            if not digests:
                raise RegistryUnavailable(f"version {version} of {name} has no files in the model registry")
            (begun / _MANIFEST).write_text(json.dumps(digests, indent=1, sort_keys=True), encoding="utf-8")
            with effect("model files.rename"):
                try:
                    begun.rename(home)
                except OSError:
                    if not home.exists():  # else somebody else copied it in the meantime
                        raise

    def remove(self, name: str, version: str) -> None:
        """Forget a copy."""
        shutil.rmtree(self._home(name, version), ignore_errors=True)


def _digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of each file below a folder by its path in it."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def _digest_of(files: Mapping[str, str]) -> str:
    return f"sha256:{hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()}"


def _folder(name: str) -> str:
    """Return a folder's name for any text."""
    plain = _PLAIN.fullmatch(name) is not None
    return name if plain else f"named-{hashlib.sha256(name.encode()).hexdigest()[:16]}"
