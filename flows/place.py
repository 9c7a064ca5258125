"""Where a sample lies."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from policies.defaults import format_of
from profiles.errors import MusterError, TrafficUnavailable
from profiles.layout import Format
from profiles.traffic import Files

if TYPE_CHECKING:
    import pyarrow as pa

_FORMATS: tuple[Format, ...] = ("parquet", "csv", "jsonl")


@dataclass(frozen=True)
class Place:
    """Where a sample lies: its address as the policy is to name it, and the format of its files."""

    path: str
    format: Format
    told: bool

    @classmethod
    def of(cls, path: str, root: Path) -> Place:
        """Return where `path` is, as seen from `root`, where relative paths of policies start.

        A local path is made relative to `root` where it lies below it. MusterError when neither its suffix
        nor its files tell a format that Muster reads.
        """
        if "://" in path:
            written = path
        else:
            absolute = Path(path).expanduser().absolute()
            inside = absolute.is_relative_to(root)
            written = str(absolute.relative_to(root) if inside else absolute)
        told = format_of(written)
        if told is not None:
            return cls(written, told, told=True)
        for each in _FORMATS:
            if "://" not in written and any((root / written).glob(f"**/*.{each}")):
                return cls(written, each, told=False)
        raise MusterError(
            f"{path} is neither a file of a known format nor a folder of such files; "
            f"name a folder, or files with the suffix {' or '.join(f'.{each}' for each in _FORMATS)}"
        )

    def files(self, root: Path) -> Files:
        """Return its files, relative paths starting at `root`."""
        return Files(self.path, self.format, root)

    def holding(self, rows: pa.Table) -> pa.Table:
        """Return rows that were read here; TrafficUnavailable when there are none."""
        if not rows.num_rows:
            raise TrafficUnavailable(
                f"{self.path} holds no rows to infer a policy from; give a sample that does"
            )
        return rows
