"""Where logged rows are put: a folder at any address that fsspec knows."""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from profiles.effects import effect

if TYPE_CHECKING:
    import pyarrow as pa

# A fork in the middle of an import leaves half a module in the child for good, so forks wait for imports.
_LOADING = threading.RLock()
os.register_at_fork(
    before=_LOADING.acquire, after_in_parent=_LOADING.release, after_in_child=_LOADING.release
)


class Folder:
    """A folder, local or remote, in which files appear whole or not at all."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._opened: tuple[Any, str] | None = None

    def open(self) -> tuple[Any, str]:
        """Load what writing needs, once, and return the file system and the folder's path in it."""
        if self._opened is None:
            with _LOADING:
                import fsspec
                import pyarrow.parquet  # noqa: F401 - a process that ends at once can no longer load it

                files, root = fsspec.core.url_to_fs(self.address)
            self._opened = files, str(root).rstrip("/")
        return self._opened

    def put(self, name: str, rows: pa.Table) -> None:
        """Write rows as the Parquet file `name`; putting them again under that name changes nothing.

        They are written under a name that no reader looks for, and renamed. Raises what the file system
        raises; a file that was begun is then removed where that is possible.
        """
        files, root = self.open()
        path = f"{root}/{name}"
        parent, _, last = path.rpartition("/")
        begun = f"{parent}/.{last}.writing"
        files.makedirs(parent, exist_ok=True)
        try:
            files.pipe_file(begun, _as_parquet(rows))
            with effect("log.rename"):
                files.mv(begun, path)
        except BaseException:
            with suppress(Exception):
                files.rm_file(begun)
            raise


def _as_parquet(rows: pa.Table) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    written = pa.BufferOutputStream()
    pq.write_table(rows, written, compression="zstd")
    content: bytes = written.getvalue().to_pybytes()
    return content
