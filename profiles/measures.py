"""What a window's rows say besides their distributions: scores, business value, latency, failures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa

from profiles import standard_errors
from profiles.columns import dense, known, names, numbers
from profiles.layout import TrafficLayout
from profiles.profile import Floats
from profiles.reading import VALUE_MEAN, Failures, Latency, Score, Value

_T = TypeVar("_T")


@dataclass(frozen=True)
class Measures:
    """The measured numbers of some rows; `unmeasured` says for each that is missing why."""

    scores: Mapping[str, Score] = field(default_factory=dict)
    unmeasured: Mapping[str, str] = field(default_factory=dict)
    value: Value | None = None
    latency: Latency | None = None
    failures: Failures | None = None

    @property
    def known(self) -> dict[str, float]:
        """The numbers that a baseline of these rows keeps: its scores, and the mean value as `value_mean`."""
        value = {} if self.value is None else {VALUE_MEAN: self.value.mean}
        return {**{name: score.value for name, score in self.scores.items()}, **value}


def columns_of(layout: TrafficLayout) -> tuple[str, ...]:
    """Return the columns that `measure` needs besides prediction and label, each once."""
    found = (
        *layout.answers.values(),
        layout.group,
        layout.weight,
        layout.value,
        layout.latency,
        layout.status,
    )
    return tuple(dict.fromkeys(column for column in found if column is not None))


def measure(
    rows: pa.Table,
    layout: TrafficLayout,
    scores: Sequence[str],
    label: str | None,
    worth: tuple[str, str] | None = None,
) -> Measures:
    """Measure rows that have the layout's columns and, where `label` names one, that column of labels.

    `worth` names the column of values that came with the labels, and what the policy calls it.
    A measure whose columns hold something unfit is left out with its reason; nothing is raised for data.
    """
    found, why = ({}, {}) if label is None else _scores(rows, layout, scores, label)
    column, said = (layout.value, layout.value) if worth is None else worth
    value = _taken(said, "value", why, lambda: value_of(_of(rows, column), _weight(rows, layout)))
    latency = _taken(layout.latency, "latency", why, lambda: latency_of(_of(rows, layout.latency)))
    failures = _taken(layout.status, "errors", why, lambda: failures_of(_of(rows, layout.status), layout.ok))
    return Measures(found, why, value, latency, failures)


def _scores(
    rows: pa.Table, layout: TrafficLayout, wanted: Sequence[str], label: str
) -> tuple[dict[str, Score], dict[str, str]]:
    # scikit-learn takes two seconds to import, which models without labels do not pay
    from profiles.scores import Answers, scored

    answers = Answers(
        truth=rows.column(label),
        prediction=rows.column(layout.prediction),
        probabilities={each: rows.column(column) for each, column in layout.answers.items()},
        group=_of(rows, layout.group),
        weight=_of(rows, layout.weight),
    )
    found = {name: scored(name, answers) for name in wanted}
    return (
        {name: each for name, each in found.items() if isinstance(each, Score)},
        {name: each for name, each in found.items() if isinstance(each, str)},
    )


def _of(rows: pa.Table, column: str | None) -> Any:
    return None if column is None else rows.column(column)


def _weight(rows: pa.Table, layout: TrafficLayout) -> Any:
    return _of(rows, layout.weight)


def _taken(column: str | None, what: str, why: dict[str, str], take: Callable[[], _T | None]) -> _T | None:
    """Return a measure, or None after noting in `why` for what reason there is none."""
    if column is None:
        return None
    try:
        found = take()
    except ValueError as error:
        why[what] = f"column {column} {error}"
        return None
    if found is None:
        why[what] = f"column {column} has no value in any row"
    return found


def value_of(values: Any, weight: Any = None) -> Value | None:
    """Return sum, mean and standard error of the finite values; None where there is none.

    With a sampling weight they are sum w x (what all requests were worth) and sum w x / sum w; rows
    without a weight are left out. ValueError where a column does not hold numbers.
    """
    found = numbers(values)
    keep = np.isfinite(found)
    weights: Floats | None = None
    if weight is not None:
        weights = numbers(weight)
        keep &= np.isfinite(weights) & (weights >= 0)
        weights = weights[keep]
    found = found[keep]
    if not found.size or (weights is not None and not weights.any()):
        return None
    return Value(
        total=float(found.sum() if weights is None else weights @ found),
        mean=float(np.average(found, weights=weights)),
        rows=int(found.size),
        standard_error=standard_errors.of_mean(found, weights),
    )


def latency_of(milliseconds: Any) -> Latency | None:
    """Return the quantiles of the finite values from 0 on (numpy's linear ones); None where there is none."""
    found = numbers(milliseconds)
    found = found[np.isfinite(found) & (found >= 0)]
    if not found.size:
        return None
    p50, p95, p99 = (float(quantile) for quantile in np.quantile(found, (0.5, 0.95, 0.99)))
    return Latency(p50, p95, p99, int(found.size))


def failures_of(status: Any, ok: Sequence[str]) -> Failures | None:
    """Count the rows whose status is none of `ok`; None where no row has a status."""
    found = dense(status)
    found = found[known(found)]
    if not found.size:
        return None
    return Failures(failed=int((~np.isin(names(found), list(ok))).sum()), rows=int(found.size))
