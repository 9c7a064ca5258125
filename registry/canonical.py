"""One spelling for every value that is stored or hashed."""

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

from profiles.window import as_utc

if TYPE_CHECKING:
    from pydantic import TypeAdapter

T = TypeVar("T")

# Building one takes milliseconds.
_ADAPTERS: "dict[Any, TypeAdapter[Any]]" = {}


def canonical_json(value: Any) -> str:
    """Write plain JSON data with sorted keys, no spaces and floats by repr (shortest exact digits).

    NaN and infinity raise ValueError: they are not measurements, and null in their place would read
    back as another type. What may be unknown is an optional field.
    """
    try:
        return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except ValueError as error:
        raise ValueError(f"not to be stored: {error}; leave an unknown number out (None)") from error


def digest(content: str | bytes) -> str:
    """Return `sha256:<hex>` of bytes, or of a text's UTF-8."""
    data = content.encode() if isinstance(content, str) else content
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def iso(at: datetime) -> str:
    """Write a time in UTC with microseconds, always 27 characters, so that text sorts as time does."""
    return as_utc(at).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def dump(value: Any) -> str:
    """Write a frozen dataclass as canonical JSON; `load` with its type is the inverse."""
    return canonical_json(_adapter(type(value)).dump_python(value, mode="json"))


def load(kind: type[T], text: str | bytes) -> T:
    """Read back what `dump` wrote; text that is no `kind` raises ValueError."""
    loaded: T = _adapter(kind).validate_json(text)
    return loaded


def _adapter(kind: Any) -> "TypeAdapter[Any]":
    if kind not in _ADAPTERS:
        from pydantic import TypeAdapter

        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
