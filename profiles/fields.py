"""Columns by name, nested ones with dots (`features.amount`), and one type for many files' columns."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import pyarrow as pa

from profiles.errors import TrafficUnavailable

Place: TypeAlias = tuple[str, ...]


def leaves(schema: pa.Schema) -> dict[str, Place]:
    """Return where each column lies; the fields of a struct are columns of their own, named with dots.

    A column that has dots in its own name goes before a nested one of the same name.
    """
    found: dict[str, Place] = {}
    for field in schema:
        for place in _places(field, (field.name,)):
            found.setdefault(".".join(place), place)
    return found | {name: (name,) for name in schema.names if not pa.types.is_struct(schema.field(name).type)}


def kind_at(schema: pa.Schema, place: Place) -> pa.DataType:
    """Return the type of the column at a place that `leaves` named."""
    kind = schema.field(place[0]).type
    for name in place[1:]:
        kind = kind.field(name).type
    return kind


def _places(field: pa.Field, place: Place) -> Iterable[Place]:
    if not pa.types.is_struct(field.type) or field.type.num_fields == 0:
        yield place
        return
    for child in field.type:
        yield from _places(child, (*place, child.name))


def spread(names: Iterable[str], known: Sequence[str]) -> tuple[str, ...]:
    """Write a struct's name as the names of all its fields; other names, known or not, stay as they are."""
    there = set(known)
    found: dict[str, None] = {}
    for name in names:
        inner = [] if name in there else [k for k in known if k.startswith(f"{name}.")]
        found.update(dict.fromkeys(inner or [name]))
    return tuple(found)


def united(schemas: Mapping[str, pa.Schema]) -> tuple[pa.Schema, frozenset[str]]:
    """Unite the files' schemas; return the result and the columns whose types differ between files.

    A column that some files lack is null there. Types that do not go together become text, so that one
    odd file is seen as a column that changed its type, and does not blind the rest. Raises
    TrafficUnavailable, naming column and files, where even that is impossible (lists beside numbers).
    """
    kinds: dict[str, dict[pa.DataType, str]] = {}
    last: pa.Schema | None = None
    for file, schema in schemas.items():
        if last is not None and schema.equals(last):
            continue
        last = schema
        for field in schema:
            kinds.setdefault(field.name, {}).setdefault(field.type, file)
    mixed = frozenset(name for name, found in kinds.items() if len(found) > 1)
    return pa.schema([(name, _one_type(name, found)) for name, found in kinds.items()]), mixed


def _one_type(name: str, kinds: Mapping[pa.DataType, str]) -> pa.DataType:
    known = [kind for kind in kinds if not pa.types.is_null(kind)] or [pa.null()]
    if all(pa.types.is_timestamp(kind) for kind in known) and len(known) > 1:
        return pa.timestamp("us", "UTC")
    try:
        parts = [pa.schema([(name, kind)]) for kind in known]
        return pa.unify_schemas(parts, promote_options="permissive").field(name).type
    except pa.ArrowException:
        nested = next((kind for kind in known if pa.types.is_nested(kind)), None)
        if nested is None:
            return pa.string()
    other = next(kind for kind in known if kind != nested)
    raise TrafficUnavailable(
        f"the files do not agree on the type of a column: {name} is {other} in {kinds[other]} and "
        f"{nested} in {kinds[nested]}; write one type, or files of another name"
    )


def lacking(wanted: Iterable[str], known: Mapping[str, Any]) -> str | None:
    """Say which of the wanted columns are not there and which are; None where all are."""
    missing = sorted(set(wanted) - set(known))
    if not missing:
        return None
    listed = sorted(known)
    most = 40
    rest = f" and {len(listed) - most} more" if len(listed) > most else ""
    return f"has no column {', '.join(missing)}; it has {', '.join(listed[:most])}{rest}"
