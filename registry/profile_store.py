"""Stored profiles: immutable, compressed, named by what they hold."""

import hashlib
import os
import re
import secrets
from datetime import datetime
from pathlib import Path

from profiles.effects import effect
from profiles.errors import ProfileUnreadable

_DIGEST = re.compile(r"sha256:([0-9a-f]{64})")
_TEMPORARY = ".tmp"


class ProfileStore:
    """A folder of profiles, each under the SHA-256 of its uncompressed bytes (`sha256:<hex>`).

    A file appears whole or not at all, and is never changed. What a crash leaves behind is a temporary
    file, which nothing reads and `sweep` removes. May be shared by threads, processes and machines.
    """

    def __init__(self, root: str | Path) -> None:
        self._root = Path(root)

    def put(self, profile: bytes) -> str:
        """Store a profile and return its digest; one that lies there already is left as it is.

        Raises ProfileUnreadable when it cannot be stored.
        """
        digest = f"sha256:{hashlib.sha256(profile).hexdigest()}"
        if not self._holds(digest):
            try:
                self._write(self.path(digest), _compressed(profile))
            except OSError as error:
                raise ProfileUnreadable(
                    f"profile {digest} cannot be stored below {self._root}: {error}. "
                    "Check the folder's permissions and free space"
                ) from error
        return digest

    def get(self, digest: str) -> bytes:
        """Return a stored profile's bytes; ProfileUnreadable when it is absent or damaged."""
        import zstandard

        file = self.path(digest)
        try:
            profile = zstandard.ZstdDecompressor().decompress(file.read_bytes())
        except FileNotFoundError as error:
            raise ProfileUnreadable(
                f"profile {digest} is not stored below {self._root}: "
                "it was removed, or profiles_root names another folder"
            ) from error
        except (OSError, zstandard.ZstdError) as error:
            raise ProfileUnreadable(
                f"profile {digest} cannot be read from {file}: {error}. Restore it from a backup"
            ) from error
        found = f"sha256:{hashlib.sha256(profile).hexdigest()}"
        if found != digest:
            raise ProfileUnreadable(
                f"{file} should hold profile {digest} and holds {found}: "
                "it was changed. Restore it from a backup"
            )
        return profile

    def path(self, digest: str) -> Path:
        """Return where a profile lies or would lie; ProfileUnreadable for what is no digest."""
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise ProfileUnreadable(f"{digest!r} names no profile; a digest is sha256: and 64 hex digits")
        return self._root / match[1][:2] / f"{match[1]}.zst"

    def export(self, digest: str, path: Path) -> None:
        """Write a profile uncompressed to `path`, as stock whylogs reads it."""
        path.write_bytes(self.get(digest))

    def sweep(self, older_than: datetime) -> int:
        """Remove temporary files last changed before a time, and return how many there were.

        Choose a time before which no `put` that still runs can have begun.
        """
        limit = older_than.timestamp()
        stale = [file for file in self._root.glob(f"*/*{_TEMPORARY}") if file.stat().st_mtime < limit]
        for file in stale:
            file.unlink(missing_ok=True)
        return len(stale)

    def _holds(self, digest: str) -> bool:
        """Say whether a profile is there and whole: a damaged one is written anew."""
        if not self.path(digest).exists():
            return False
        try:
            self.get(digest)
        except ProfileUnreadable:
            return False
        return True

    def _write(self, file: Path, content: bytes) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary = file.with_name(f"{file.name}.{secrets.token_hex(8)}{_TEMPORARY}")
        with temporary.open("wb") as out:
            out.write(content)
            out.flush()
            os.fsync(out.fileno())
        with effect("profile.rename"):
            temporary.replace(file)
        _sync_folder(file.parent)


def _compressed(profile: bytes) -> bytes:
    import zstandard

    return zstandard.ZstdCompressor(level=3).compress(profile)


def _sync_folder(folder: Path) -> None:
    """Make a rename last through a power cut, where folders can be opened."""
    if os.name == "posix":
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
