"""Answered requests as Arrow tables of the documented prediction log (docs/prediction-log.md)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class Answer:
    """One answered request, as the service said it; nothing is checked yet."""

    request_id: Any
    at: datetime
    features: Mapping[str, Any]
    prediction: Any
    score: Any = None
    latency_ms: float | None = None
    status: Any = None


def by_date(answers: Iterable[Answer]) -> dict[date, list[Answer]]:
    """Return the answers by the date (UTC) of their time, so that a log can lie in folders by date."""
    ordered = sorted(answers, key=lambda answer: answer.at)
    return {day: list(same) for day, same in groupby(ordered, key=lambda answer: answer.at.date())}


def table(answers: Sequence[Answer], model: str, version: str) -> pa.Table:
    """Return answers as one table: a row each, times in UTC to the microsecond, a column per feature.

    Features are columns of their own, named `features.NAME`: one that changes its type then is a finding
    about that column, where inside one struct it would make the whole file unreadable beside others. A
    column in which Arrow finds no common type is written as text.
    """
    import pyarrow as pa

    columns: dict[str, pa.Array] = {
        "request_id": pa.array([_text(answer.request_id) for answer in answers], pa.string()),
        "timestamp": pa.array([answer.at for answer in answers], pa.timestamp("us", "UTC")),
        "model": pa.array([model] * len(answers), pa.string()),
        "version": pa.array([version] * len(answers), pa.string()),
        "prediction": _column([answer.prediction for answer in answers]),
        "latency": pa.array([_number(answer.latency_ms) for answer in answers], pa.float64()),
        "status": pa.array([_text(answer.status) for answer in answers], pa.string()),
    }
    columns |= _spread("scores", [answer.score for answer in answers])
    columns |= _spread("features", [answer.features for answer in answers])
    return pa.table(columns)


def in_utc(at: datetime | None) -> datetime:
    """Return a time in UTC; a naive one is taken as UTC, as readers of the log take it; None is now."""
    if at is None:
        return datetime.now(UTC)
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _spread(name: str, values: Sequence[Any]) -> dict[str, pa.Array]:
    """Return plain values as one column, mappings as one for each key; a column of nulls is left out."""
    keys = dict.fromkeys(str(key) for value in values if isinstance(value, Mapping) for key in value)
    found = {
        f"{name}.{key}": [v.get(key) if isinstance(v, Mapping) else None for v in values] for key in keys
    }
    found[name] = [None if isinstance(value, Mapping) else value for value in values]
    return {column: _column(items) for column, items in found.items() if any(v is not None for v in items)}


def _column(values: Sequence[Any]) -> pa.Array:
    import pyarrow as pa

    try:
        return pa.array(values)
    except (pa.ArrowException, TypeError, ValueError, OverflowError):
        return pa.array([_text(value) for value in values], pa.string())


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)
