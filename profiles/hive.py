"""Columns that lie in the names of folders: `dt=2026-03-01/region=north/part.parquet` (Hive's layout).

They are texts, and stand beside a file's own columns, which go before a folder's of the same name.
"""

from collections.abc import Collection, Iterable
from typing import Any

import pyarrow as pa


def keys_in(names: Iterable[str], own: Collection[str]) -> tuple[str, ...]:
    """Return the keys in the folders of some files, in order, without those in `own`."""
    found: dict[str, None] = {}
    for name in names:
        folders = name.replace("\\", "/").split("/")[:-1]
        found.update(dict.fromkeys(key for key, equals, _ in (f.partition("=") for f in folders) if equals))
    return tuple(key for key in found if key and key not in own)


def guarantee(name: str, keys: Collection[str]) -> Any:
    """Return what a file's folders say of all its rows, as a condition of Arrow's."""
    from pyarrow import dataset as arrow_dataset

    layout = arrow_dataset.HivePartitioning(pa.schema([(key, pa.string()) for key in keys]))
    return layout.parse(name)
