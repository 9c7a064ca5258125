"""Arrow rows in, profile bytes out that stock whylogs reads and merges.

The bytes are a function of the rows alone, whatever their order or chunking: the sketches are fed with
sorted, counted values, and the quantile sketch is our own (profiles.kll).

whylogs has no type for times and no place for a rank error. Both lie in the profile's metadata, which
stock whylogs carries along and merges key by key: `muster.<column>` holds JSON with `time` (true: the
distribution is in seconds since 1970), with the `rank_error` of a distribution of `rows` values, and with
`steady`, the share of a baseline's windows in which the column held a single value. What is
kept of text and embeddings lies there too, as `words` or `vectors` of a column of the `kind` and of `n` rows.
"""

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa

from profiles import kll, whyfile
from profiles.described import Described, Description, as_arrow, described, joined
from profiles.errors import ProfileUnreadable, TrafficUnavailable
from profiles.profile import Column, Profile
from profiles.spread import Spread, restored, spread
from profiles.spread import joined as joined_spreads
from profiles.values import SORTS, Values, frequent, kind_of, values
from profiles.whysketches import (
    LONGEST_ITEM,
    MOST_ITEMS,
    distinct_count,
    distinct_sketch,
    frequent_counts,
    frequent_sketch,
    united,
)

_NO_ROLES = Described()
_NOTE = "muster."
_COUNTS = ("n", "null", "nan", "inf", "true")
_TYPES = tuple(sort for sorts in SORTS.values() for sort in sorts)
_INT64_MAX = 2**63 - 1
# whylogs' numbers for "merge by the larger" and "merge by the smaller".
_BY_MAX, _BY_MIN = 2, 1


@dataclass(frozen=True, eq=False)
class _Sketches:
    """One column before it is written or after it was read."""

    counts: Mapping[str, int]
    types: Mapping[str, int]
    time: bool = False
    spread: Spread | None = None
    hll: bytes | None = None
    items: Mapping[str, int] | None = None
    ints: tuple[int, int] | None = None
    steady: float | None = None
    description: Description | None = None


def sketch(table: pa.Table, *, at: datetime, roles: Described = _NO_ROLES) -> bytes:
    """Profile the rows: the same bytes for the same rows in any order, in any chunks, in any process.

    `at` (aware) becomes both timestamps of the profile, `roles` says which columns hold text or embeddings.
    Raises TrafficUnavailable where two columns have one name.
    """
    columns = [*_profiled(table, roles)]
    names = [name for name, _ in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrafficUnavailable(f"columns need names of their own; found more than once: {', '.join(twice)}")
    return _written(dict(columns), at)


def _profiled(table: pa.Table, roles: Described) -> Iterator[tuple[str, _Sketches]]:
    """Yield the sketches of each column, and of those derived from it."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        found = described(name, column, roles)
        if found is None:
            yield name, _sketched(values(column))
            continue
        kept, derived = found
        types = {"string" if kept.kind == "text" else "tensor": kept.rows - kept.missing}
        yield name, _Sketches({"n": kept.rows, "null": kept.missing}, types, description=kept)
        for each, numbers in derived.items():
            yield each, _sketched(values(as_arrow(numbers)))


# A window's profile is asked for twice, and its baseline's by the next window as well.
@lru_cache(maxsize=8)
def read(data: bytes) -> Profile:
    """Decode profile bytes, Muster's or stock whylogs'; ProfileUnreadable where they are damaged."""
    columns = {name: _column(name, sketches) for name, sketches in _opened(data).items()}
    return Profile(max((column.rows for column in columns.values()), default=0), columns)


def merge(parts: Sequence[bytes], *, at: datetime) -> bytes:
    """Join profiles of disjoint rows into one; the order of the parts does not matter.

    Counts and HyperLogLogs merge without loss. Quantile points are compressed again and their rank errors
    added up; where a part kept only its 512 most frequent categories, the others of that part are lost.
    Raises ProfileUnreadable where a part is damaged.
    """
    opened = [_opened(part) for part in sorted(parts)]
    names = {name for part in opened for name in part}
    return _written({name: _merged([part[name] for part in opened if name in part]) for name in names}, at)


def without_values(
    data: bytes, items: Mapping[str, Mapping[str, int]], bare: Collection[str], *, at: datetime
) -> bytes:
    """Put other counted categories into some columns, and leave out the distributions of those in `bare`.

    Counts and estimates of distinct values stay. Raises ProfileUnreadable where the profile is damaged.
    """
    columns = _opened(data)
    for name, kept in items.items():
        columns[name] = replace(columns[name], items=kept)
    for name in bare:
        columns[name] = replace(columns[name], spread=None, ints=None)
    return _written(columns, at)


def with_steadiness(data: bytes, shares: Mapping[str, float], *, at: datetime) -> bytes:
    """Note in which share of its windows each column held a single value; ProfileUnreadable as above."""
    columns = _opened(data)
    return _written({name: replace(each, steady=shares.get(name)) for name, each in columns.items()}, at)


def _sketched(column: Values) -> _Sketches:
    counts = {"n": column.rows, "null": column.missing, "nan": column.nan, "inf": column.infinite}
    types: dict[str, int] = {column.sort: column.rows - column.missing}
    if column.distinct is None or column.counts is None:
        return _Sketches(counts, types)
    items = None
    if column.sort in ("boolean", "string", "integral"):
        items = frequent(column.distinct, column.counts, MOST_ITEMS, LONGEST_ITEM)
    if column.sort == "boolean":
        counts["true"] = items.get("True", 0) if items else 0
        hll = distinct_sketch(np.array(column.distinct == "True", np.int64))
        return _Sketches(counts, types, hll=hll, items=items)
    if column.sort == "string":
        return _Sketches(counts, types, hll=distinct_sketch(column.distinct), items=items)
    numbers = column.distinct.astype(np.float64)
    ints = None
    if column.sort == "integral" and numbers.size:
        low, high = int(column.distinct[0]), int(column.distinct[-1])
        ints = (min(low, _INT64_MAX), min(high, _INT64_MAX))
    # The sketch only hashes: bits that differ count as values that differ, also above 2**63.
    distinct = column.distinct.view(np.int64) if column.distinct.dtype == np.uint64 else column.distinct
    return _Sketches(
        counts, types, column.time, spread(numbers, column.counts), distinct_sketch(distinct), items, ints
    )


def _merged(parts: Sequence[_Sketches]) -> _Sketches:
    """Join the sketches of one column; the parts' order depends on their bytes alone."""
    ints = [part.ints for part in parts if part.ints is not None]
    items = Counter[str]()
    for part in parts:
        items.update(part.items or {})
    labels = sorted(items)
    sizes = np.array([items[label] for label in labels], np.int64)
    return _Sketches(
        counts={name: sum(part.counts.get(name, 0) for part in parts) for name in _COUNTS},
        types={name: sum(part.types.get(name, 0) for part in parts) for name in _TYPES},
        time=any(part.time for part in parts),
        spread=joined_spreads([part.spread for part in parts if part.spread is not None]),
        hll=united([part.hll for part in parts if part.hll is not None]),
        items=frequent(np.array(labels, object), sizes, MOST_ITEMS, LONGEST_ITEM)
        if any(part.items is not None for part in parts)
        else None,
        ints=(min(low for low, _ in ints), max(high for _, high in ints)) if ints else None,
        description=joined(
            # What is null throughout has no kind yet.
            [part.description for part in parts if sum(part.types.values())]
            or [part.description for part in parts],
            sum(part.counts.get("n", 0) for part in parts),
            sum(part.counts.get("null", 0) for part in parts),
        ),
    )


def _written(columns: Mapping[str, _Sketches], at: datetime) -> bytes:
    notes = {_NOTE + name: note for name, column in columns.items() if (note := _note(column))}
    components = {name: _components(column) for name, column in columns.items()}
    return whyfile.write(whyfile.Contents(components, notes), at)


def _note(column: _Sketches) -> str:
    note: dict[str, Any] = {"time": True} if column.time else {}
    if column.description is not None:
        note |= column.description.note()
    if column.spread is not None and column.spread.points.rows:
        points = column.spread.points
        note |= {"rank_error": points.rank_error, "rows": points.rows}
    if column.steady is not None:
        note["steady"] = column.steady
    return json.dumps(note, sort_keys=True) if note else ""


def _components(column: _Sketches) -> dict[str, Any]:
    """Build a column's messages under whylogs' names for its metrics."""
    build = whyfile.messages().MetricComponentMessage
    parts = {f"counts/{name}": build(n=column.counts.get(name, 0)) for name in _COUNTS}
    parts |= {f"types/{name}": build(n=column.types.get(name, 0)) for name in _TYPES}
    if column.spread is not None:
        parts["distribution/kll"] = build(kll={"sketch": kll.image(column.spread.points)})
        parts["distribution/mean"] = build(d=column.spread.mean)
        parts["distribution/m2"] = build(d=column.spread.m2)
    if column.hll is not None:
        parts["cardinality/hll"] = build(hll={"sketch": column.hll})
    if column.ints is not None:
        parts["ints/min"] = build(n=column.ints[0], type_id=_BY_MIN)
        parts["ints/max"] = build(n=column.ints[1], type_id=_BY_MAX)
    if column.items is not None:
        items = frequent_sketch(column.items)
        parts["frequent_items/frequent_strings"] = build(frequent_items={"sketch": items})
    return parts


def _opened(data: bytes) -> dict[str, _Sketches]:
    contents = whyfile.read(data)
    opened = {}
    for name in sorted(contents.columns):
        try:
            note = json.loads(contents.metadata.get(_NOTE + name, "{}"))
            opened[name] = _decoded(contents.columns[name], note)
        except (ValueError, KeyError, TypeError, RuntimeError, IndexError, AttributeError) as damage:
            raise ProfileUnreadable(
                f"column {name!r} of a profile is damaged ({damage}): restore it or profile the rows again"
            ) from damage
    return opened


def _decoded(parts: Mapping[str, Any], note: Mapping[str, Any]) -> _Sketches:
    def whole(prefix: str, names: Sequence[str]) -> dict[str, int]:
        return {name: parts[f"{prefix}/{name}"].n for name in names if f"{prefix}/{name}" in parts}

    items = None
    if "frequent_items/frequent_strings" in parts:
        items = frequent_counts(parts["frequent_items/frequent_strings"].frequent_items.sketch)
    hll = parts["cardinality/hll"].hll.sketch if "cardinality/hll" in parts else None
    if hll is not None:
        distinct_count(hll)  # a damaged one is told here
    ints = (parts["ints/min"].n, parts["ints/max"].n) if "ints/min" in parts else None
    return _Sketches(
        whole("counts", _COUNTS),
        whole("types", _TYPES),
        bool(note.get("time")),
        _spread(parts, note) if "distribution/kll" in parts else None,
        hll,
        items,
        ints,
        note.get("steady"),
        Description.of_note(note, parts["counts/n"].n, parts["counts/null"].n),
    )


def _spread(parts: Mapping[str, Any], note: Mapping[str, Any]) -> Spread:
    points = kll.points(parts["distribution/kll"].kll.sketch)
    # Another count than the note's: stock whylogs has merged this sketch since we wrote it.
    theirs = 0.0 if points.rows == note.get("rows") else points.rank_error
    points = replace(points, rank_error=float(note.get("rank_error", 0.0)) + theirs)
    return restored(points, parts["distribution/mean"].d, parts["distribution/m2"].d)


def _column(name: str, column: _Sketches) -> Column:
    kind = kind_of(column.types, time=column.time)
    kept = column.description
    if kept is not None and kind != "empty":
        kind = kept.kind
    numbers = column.spread if kind in ("number", "time") else None
    rows = column.counts.get("n", 0)
    return Column(
        name=name,
        kind=kind,
        rows=rows,
        missing=min(rows, column.counts.get("null", 0) if kept is None else kept.missing),
        infinite=column.counts.get("inf", 0),
        distinct=distinct_count(column.hll) if column.hll else 0.0,
        distribution=numbers.distribution() if numbers is not None and numbers.points.rows else None,
        categories=column.items if kind == "category" else None,
        steady=column.steady,
        words=None if kept is None else kept.words,
        vectors=None if kept is None else kept.vectors,
    )
