"""The door to whylogs: Arrow rows in, profile bytes out that stock whylogs reads and merges.

The bytes are a function of the rows alone, whatever their order or chunking: the sketches are fed with
sorted, counted values, and the quantile sketch is our own (profiles.kll). Only whylogs' compiled sketches
and message definitions are loaded; importing the package costs 1.6 s and is left to `stock_view`.

whylogs has no type for times and no place for a rank error. Both lie in the profile's metadata, which
stock whylogs carries along and merges key by key: `muster.<column>` holds JSON with `time` (true: the
distribution is in seconds since 1970) and with the `rank_error` of a distribution of `rows` values.
"""

import json
import math
import os
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa

from profiles import kll, whyfile
from profiles.errors import ProfileUnreadable, TrafficUnavailable
from profiles.profile import Column, Distribution, Kind, Profile
from profiles.values import Values, frequent, values

_NOTE = "muster."
_COUNTS = ("n", "null", "nan", "inf", "true")
_TYPES = ("integral", "fractional", "boolean", "string", "object", "tensor")
_KINDS: Mapping[Kind, tuple[str, ...]] = {
    "number": ("integral", "fractional"),
    "category": ("boolean", "string"),
    "other": ("object", "tensor"),
}
# whylogs' own sizes; its frequent-items sketch begins to drop items above 768.
_HLL_SIZE = 12
_ITEMS_SIZE = 10
_MOST_ITEMS = 512
_LONGEST_ITEM = 128
_INT64_MAX = 2**63 - 1
# whylogs' numbers for "merge by the larger" and "merge by the smaller".
_BY_MAX, _BY_MIN = 2, 1


@dataclass(frozen=True, eq=False)
class _Sketches:
    """One column before it is written or after it was read."""

    counts: Mapping[str, int]
    types: Mapping[str, int]
    time: bool = False
    points: kll.Points | None = None
    mean: float = 0.0
    m2: float = 0.0
    hll: bytes | None = None
    items: Mapping[str, int] | None = None
    ints: tuple[int, int] | None = None


def sketch(table: pa.Table, *, at: datetime) -> bytes:
    """Profile the rows: the same bytes for the same rows in any order, in any chunks, in any process.

    `at` (aware) becomes both timestamps of the profile. Raises TrafficUnavailable where two columns
    have one name.
    """
    names = table.column_names
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise TrafficUnavailable(f"columns need names of their own; found more than once: {', '.join(twice)}")
    return _written({name: _sketched(values(table.column(name))) for name in names}, at)


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
        columns[name] = replace(columns[name], points=None, mean=0.0, m2=0.0, ints=None)
    return _written(columns, at)


def stock_view(data: bytes) -> Any:
    """Open a profile with stock whylogs, as its DatasetProfileView, for notebooks and other tools."""
    os.environ.setdefault("WHYLOGS_NO_ANALYTICS", "1")
    # whylogs 1.6.4 names a type that numpy 2 has removed.
    if not hasattr(np, "unicode_"):
        np.unicode_ = np.str_  # type: ignore[attr-defined]  # noqa: NPY201 - given back, not used
    from whylogs.core import DatasetProfileView

    return DatasetProfileView.deserialize(data)


def _sketched(column: Values) -> _Sketches:
    counts = {"n": column.rows, "null": column.missing, "nan": column.nan, "inf": column.infinite}
    types: dict[str, int] = {column.sort: column.rows - column.missing}
    if column.distinct is None or column.counts is None:
        return _Sketches(counts, types)
    items = None
    if column.sort in ("boolean", "string", "integral"):
        items = frequent(column.distinct, column.counts, _MOST_ITEMS, _LONGEST_ITEM)
    if column.sort == "boolean":
        counts["true"] = items.get("True", 0) if items else 0
        hll = _hll(np.array(column.distinct == "True", np.int64))
        return _Sketches(counts, types, hll=hll, items=items)
    if column.sort == "string":
        return _Sketches(counts, types, hll=_hll(column.distinct), items=items)
    numbers = column.distinct.astype(np.float64)
    mean, m2 = _moments(numbers, column.counts)
    ints = None
    if column.sort == "integral" and numbers.size:
        low, high = int(column.distinct[0]), int(column.distinct[-1])
        ints = (min(low, _INT64_MAX), min(high, _INT64_MAX))
    # The sketch only hashes: bits that differ count as values that differ, also above 2**63.
    distinct = column.distinct.view(np.int64) if column.distinct.dtype == np.uint64 else column.distinct
    # Only large integers can become equal as doubles.
    grouped = (numbers, column.counts) if ints is None else kll.grouped(numbers, column.counts)
    points = kll.compress(*grouped)
    return _Sketches(counts, types, column.time, points, mean, m2, _hll(distinct), items, ints)


def _moments(numbers: Any, weights: Any) -> tuple[float, float]:
    """Return mean and sum of squared deviations; shares come before the sum, so that it cannot overflow."""
    if not numbers.size:
        return 0.0, 0.0
    mean = float((numbers * (weights / weights.sum())).sum())
    with np.errstate(over="ignore"):
        return mean, float((weights * (numbers - mean) ** 2).sum())


def _hll(distinct: Any) -> bytes:
    """Sketch distinct values, which come in a fixed order because the sketch's bytes depend on it."""
    import whylogs_sketching

    sketch = whylogs_sketching.hll_sketch(_HLL_SIZE)
    if distinct.dtype == object:
        sketch.update_str_list(distinct.tolist())
    else:
        sketch.update_np(distinct)
    return bytes(sketch.serialize_compact())


def _merged(parts: Sequence[_Sketches]) -> _Sketches:
    """Join the sketches of one column; the parts' order depends on their bytes alone."""
    ints = [part.ints for part in parts if part.ints is not None]
    items: dict[str, int] = {}
    for part in parts:
        for label, count in (part.items or {}).items():
            items[label] = items.get(label, 0) + count
    labels = sorted(items)
    sizes = np.array([items[label] for label in labels], np.int64)
    points, mean, m2 = _joined(parts)
    return _Sketches(
        counts={name: sum(part.counts.get(name, 0) for part in parts) for name in _COUNTS},
        types={name: sum(part.types.get(name, 0) for part in parts) for name in _TYPES},
        time=any(part.time for part in parts),
        points=points,
        mean=mean,
        m2=m2,
        hll=_united([part.hll for part in parts if part.hll is not None]),
        items=frequent(np.array(labels, object), sizes, _MOST_ITEMS, _LONGEST_ITEM)
        if any(part.items is not None for part in parts)
        else None,
        ints=(min(low for low, _ in ints), max(high for _, high in ints)) if ints else None,
    )


def _joined(parts: Sequence[_Sketches]) -> tuple[kll.Points | None, float, float]:
    """Join points, means and sums of squared deviations (Chan, Golub and LeVeque 1979, eq. 2.1)."""
    known = [(part, part.points) for part in parts if part.points is not None]
    if not known:
        return None, 0.0, 0.0
    rows = np.array([points.rows for _, points in known])
    means = np.array([part.mean for part, _ in known])
    mean, between = _moments(means, rows) if rows.any() else (0.0, 0.0)
    joined = kll.compress(
        *kll.grouped(
            np.concatenate([points.values for _, points in known]),
            np.concatenate([points.weights for _, points in known]),
        )
    )
    before = sum(points.rank_error * points.rows for _, points in known) / max(1, rows.sum())
    points = kll.Points(joined.values, joined.weights, joined.rank_error + float(before), joined.span)
    return points, mean, between + sum(part.m2 for part, _ in known)


def _united(sketches: Sequence[bytes]) -> bytes | None:
    import whylogs_sketching

    if not sketches:
        return None
    union = whylogs_sketching.hll_union(_HLL_SIZE)
    for one in sorted(sketches):
        union.update(whylogs_sketching.hll_sketch.deserialize(one))
    return bytes(union.get_result().serialize_compact())


def _written(columns: Mapping[str, _Sketches], at: datetime) -> bytes:
    notes = {_NOTE + name: note for name, column in columns.items() if (note := _note(column))}
    components = {name: _components(column) for name, column in columns.items()}
    return whyfile.write(whyfile.Contents(components, notes), at)


def _note(column: _Sketches) -> str:
    note: dict[str, Any] = {"time": True} if column.time else {}
    if column.points is not None and column.points.rows:
        note |= {"rank_error": column.points.rank_error, "rows": column.points.rows}
    return json.dumps(note, sort_keys=True) if note else ""


def _components(column: _Sketches) -> dict[str, Any]:
    """Build a column's messages under whylogs' names for its metrics."""
    import whylogs_sketching

    build = whyfile.messages().MetricComponentMessage
    parts = {f"counts/{name}": build(n=column.counts.get(name, 0)) for name in _COUNTS}
    parts |= {f"types/{name}": build(n=column.types.get(name, 0)) for name in _TYPES}
    if column.points is not None:
        parts["distribution/kll"] = build(kll={"sketch": kll.image(column.points)})
        parts["distribution/mean"] = build(d=column.mean)
        parts["distribution/m2"] = build(d=column.m2)
    if column.hll is not None:
        parts["cardinality/hll"] = build(hll={"sketch": column.hll})
    if column.ints is not None:
        parts["ints/min"] = build(n=column.ints[0], type_id=_BY_MIN)
        parts["ints/max"] = build(n=column.ints[1], type_id=_BY_MAX)
    if column.items is not None:
        items = whylogs_sketching.frequent_strings_sketch(_ITEMS_SIZE)
        for label, count in column.items.items():
            items.update(label, count)
        parts["frequent_items/frequent_strings"] = build(frequent_items={"sketch": bytes(items.serialize())})
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
    import whylogs_sketching

    def whole(prefix: str, names: Sequence[str]) -> dict[str, int]:
        return {name: parts[f"{prefix}/{name}"].n for name in names if f"{prefix}/{name}" in parts}

    points, mean, m2 = None, 0.0, 0.0
    if "distribution/kll" in parts:
        points = kll.points(parts["distribution/kll"].kll.sketch)
        # Another count than the note's: stock whylogs has merged this sketch since we wrote it.
        ours = points.rows == note.get("rows")
        error = float(note.get("rank_error", 0.0)) + (0.0 if ours else points.rank_error)
        points = kll.Points(points.values, points.weights, error, points.span)
        mean, m2 = parts["distribution/mean"].d, parts["distribution/m2"].d
        if math.isnan(m2) or not math.isfinite(mean):
            # Stock whylogs lets one infinity into its mean.
            mean, m2 = _moments(points.values, points.weights)
    items = None
    if "frequent_items/frequent_strings" in parts:
        items = _items(parts["frequent_items/frequent_strings"].frequent_items.sketch)
    hll = parts["cardinality/hll"].hll.sketch if "cardinality/hll" in parts else None
    if hll is not None:
        whylogs_sketching.hll_sketch.deserialize(hll)
    ints = (parts["ints/min"].n, parts["ints/max"].n) if "ints/min" in parts else None
    return _Sketches(
        whole("counts", _COUNTS),
        whole("types", _TYPES),
        bool(note.get("time")),
        points,
        mean,
        m2,
        hll,
        items,
        ints,
    )


def _items(data: bytes) -> dict[str, int]:
    import whylogs_sketching

    found = whylogs_sketching.frequent_strings_sketch.deserialize(data)
    return {
        item: int(estimate)
        for item, estimate, _, _ in found.get_frequent_items(
            whylogs_sketching.frequent_items_error_type.NO_FALSE_NEGATIVES
        )
    }


def _column(name: str, column: _Sketches) -> Column:
    import whylogs_sketching

    kind = _kind(column)
    distribution = None
    if kind in ("number", "time") and column.points is not None and column.points.rows:
        points = column.points
        deviation = math.sqrt(column.m2 / (points.rows - 1)) if points.rows > 1 else 0.0
        weights = points.weights.astype(np.float64)
        distribution = Distribution(points.values, weights, column.mean, deviation, points.rank_error)
    rows = column.counts.get("n", 0)
    return Column(
        name=name,
        kind=kind,
        rows=rows,
        missing=min(rows, column.counts.get("null", 0)),
        infinite=column.counts.get("inf", 0),
        distinct=whylogs_sketching.hll_sketch.deserialize(column.hll).get_estimate() if column.hll else 0.0,
        distribution=distribution,
        categories=column.items if kind == "category" else None,
    )


def _kind(column: _Sketches) -> Kind:
    """Tell the kind by the type that most values have; only the note knows of times."""
    values_of = {kind: sum(column.types.get(sort, 0) for sort in sorts) for kind, sorts in _KINDS.items()}
    if not any(values_of.values()):
        return "empty"
    kind: Kind = max(values_of, key=lambda kind: values_of[kind])
    return "time" if kind == "other" and column.time else kind
