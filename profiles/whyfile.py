"""whylogs' file format: named columns of named metric components, to bytes and back.

`WHY1`, a segment header, a profile header (timestamps, metadata, where each column starts, the names of
the metrics) and one chunk per column; each message stands after its length. Stock whylogs writes the maps
in any order; here they are written in a fixed one.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from profiles.errors import ProfileUnreadable
from profiles.window import as_utc

_MAGIC = b"WHY1"


@dataclass(frozen=True)
class Contents:
    """What a profile file holds: per column the protobuf message of each component, and the metadata."""

    columns: Mapping[str, Mapping[str, Any]]
    metadata: Mapping[str, str]


@cache
def messages() -> Any:
    """Return whylogs' protobuf messages without running the package's own import, which takes 1.6 s."""
    import importlib.util
    import sys
    from pathlib import Path

    name = "whylogs.core.proto.whylogs_messages_pb2"
    if name not in sys.modules:
        package = importlib.util.find_spec("whylogs")
        folder = Path(*(package.submodule_search_locations or [""])[:1]) if package else Path()
        spec = importlib.util.spec_from_file_location(name, folder / "core/proto/whylogs_messages_pb2.py")
        if spec is None or spec.loader is None:
            raise ImportError(
                f"whylogs' message definitions were not found in {folder}; reinstall whylogs 1.6.4"
            )
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        # Under its own name, so that a later import of whylogs finds it and does not define it twice.
        sys.modules[name] = module
    return sys.modules[name]


def write(contents: Contents, at: datetime) -> bytes:
    """Write a profile file; `at` (aware, kept to the millisecond) becomes both of its timestamps."""
    paths = sorted({path for parts in contents.columns.values() for path in parts})
    number = {path: i for i, path in enumerate(paths)}
    header = messages().DatasetProfileHeader(indexed_metric_paths=dict(enumerate(paths)))
    header.properties.metadata.update(contents.metadata)
    moment = round(as_utc(at).timestamp() * 1000)
    header.properties.dataset_timestamp = header.properties.creation_timestamp = moment
    body = io.BytesIO()
    for name in sorted(contents.columns):
        parts = {number[path]: part for path, part in contents.columns[name].items()}
        chunk = messages().ChunkMessage(metric_components=parts).SerializeToString(deterministic=True)
        header.column_offsets[name].offsets.append(body.tell())
        kind = messages().ChunkHeader.COLUMN
        body.write(_delimited(messages().ChunkHeader(type=kind, length=len(chunk))) + chunk)
    header.length = body.tell()
    segments = messages().DatasetSegmentHeader(has_segments=False)
    return _MAGIC + _delimited(segments) + _delimited(header) + body.getvalue()


def read(data: bytes) -> Contents:
    """Read a profile file, ours or stock whylogs'; ProfileUnreadable says where it is damaged."""
    from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

    if data[:4] != _MAGIC:
        raise ProfileUnreadable(
            f"a profile begins with {_MAGIC.decode()}; found {data[:4]!r}: restore it or profile its rows"
        )
    try:
        return _contents(data)
    except (DecodeError, IndexError, KeyError, ValueError) as damage:
        raise ProfileUnreadable(
            f"profile of {len(data)} bytes is damaged ({damage}): restore it or profile the rows again"
        ) from damage


def _contents(data: bytes) -> Contents:
    at = len(_MAGIC)
    _, at = _undelimited(data, at, messages().DatasetSegmentHeader)
    header, start = _undelimited(data, at, messages().DatasetProfileHeader)
    if start + header.length != len(data):
        raise ValueError(f"wanted {start + header.length} bytes")
    paths = dict(header.indexed_metric_paths)
    columns: dict[str, dict[str, Any]] = {}
    for name, places in header.column_offsets.items():
        columns[name] = {}
        for offset in places.offsets:
            chunk_header, at = _undelimited(data, start + offset, messages().ChunkHeader)
            chunk = messages().ChunkMessage.FromString(_cut(data, at, chunk_header.length))
            columns[name] |= {paths[i]: part for i, part in chunk.metric_components.items()}
    return Contents(columns, dict(header.properties.metadata))


def _delimited(message: Any) -> bytes:
    """Write a message after its length, seven bits a byte, lowest first."""
    written: bytes = message.SerializeToString(deterministic=True)
    length, prefix = len(written), bytearray()
    while length >= 0x80:  # noqa: PLR2004 - the bit that says another byte follows
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes(prefix) + bytes([length]) + written


def _undelimited(data: bytes, at: int, kind: Any) -> tuple[Any, int]:
    """Read the message at `at`; return it and the place behind it."""
    length = shift = 0
    while data[at] & 0x80:
        length |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
    length |= data[at] << shift
    return kind.FromString(_cut(data, at + 1, length)), at + 1 + length


def _cut(data: bytes, at: int, length: int) -> bytes:
    if at + length > len(data):
        raise ValueError(f"wanted {at + length} bytes")
    return data[at : at + length]
