"""Quality: what makes a column unusable. Judged before drift, whose findings it may explain."""

import math
from collections.abc import Iterator

from policies.objectives.evidence import Blind, comparison_of, found, inconclusive
from policies.objectives.movement import profiled_otherwise, steady, visible
from policies.objectives.wording import number, percent
from policies.policy import Policy, Quality
from policies.verdict import Finding, ObjectiveVerdict, Severity, Status
from profiles.reading import Arrivals, ColumnComparison, Comparison, Reading, Rescaled

QUALITY = "quality"
# Standard errors that a rise of missing values must exceed: one false alarm in 30,000 columns.
_VISIBLE = 4.0
# Distinct values are noted where they are fewer than half or more than twice of what is usual.
_FAR_FROM_USUAL = 2.0


def judge_quality(reading: Reading, policy: Policy, target: Quality) -> ObjectiveVerdict:
    """Judge whether the columns can be used; one finding per column and kind of fault."""
    findings = [*_duplicated(reading.arrivals, target)]
    comparison = comparison_of(reading, policy)
    if isinstance(comparison, Blind):
        return found(QUALITY, findings) if findings else inconclusive(QUALITY, comparison.reason)
    if not comparison.columns and not comparison.missing_columns:
        return inconclusive(QUALITY, "the baseline has no column to compare with")
    findings += _lost(comparison, target)
    for column in comparison.columns:
        findings += _faults(column, comparison.baseline_rows, target)
    if findings:
        return found(QUALITY, findings)
    return ObjectiveVerdict(
        QUALITY, Status.MET, f"{len(comparison.columns)} columns as usable as in the baseline"
    )


def _duplicated(arrivals: Arrivals, target: Quality) -> Iterator[Finding]:
    share = arrivals.duplicates / arrivals.rows if arrivals.rows else 0.0
    if share > target.duplicates:
        yield Finding(
            code="duplicated_batch",
            sentence=(
                f"{arrivals.duplicates:,} rows repeat a request id, {percent(share)} of {arrivals.rows:,}; "
                f"{percent(target.duplicates)} are allowed: a batch came twice"
            ),
            status=Status.BREACHED,
            severity=target.severity,
            measured=share,
            limit=target.duplicates,
            rows=arrivals.rows,
        )


def _lost(comparison: Comparison, target: Quality) -> Iterator[Finding]:
    for name in comparison.missing_columns:
        yield Finding(
            code="column_missing",
            sentence=f"column {name} is missing; the baseline has it",
            status=Status.BREACHED,
            severity=target.severity,
            measured=1.0,
            limit=0.0,
            rows=comparison.rows,
            column=name,
        )


def _faults(column: ColumnComparison, baseline_rows: int, target: Quality) -> list[Finding]:
    """Return the faults of one column; a fault that explains all others stands alone."""
    if column.rows == 0 or profiled_otherwise(column):
        # What is derived of a column that has no value, or what cannot be set beside the baseline's.
        return []
    rise = column.missing_share - column.baseline_missing_share
    visible = rise > _VISIBLE * _rise_by_chance(column, baseline_rows)
    was = percent(column.baseline_missing_share)
    if column.present == 0 and column.rows > 0:
        # Without a value there is nothing else to say of the column; whether it is news is the question.
        news = f"{column.column} has no value in any row; in the baseline {was} are missing"
        return (
            [_finding("all_null", news, column, target, measured=1.0, limit=target.missing)]
            if visible
            else []
        )
    # The column holds values. Of another kind, they cannot be set beside the baseline's.
    if column.baseline_kind not in (column.kind, "empty"):
        news = f"{column.column} holds values of kind {column.kind}; in the baseline {column.baseline_kind}"
        return [_finding("kind_changed", news, column, target, measured=1.0, limit=0.0)]
    if column.dimension != column.baseline_dimension and column.baseline_dimension is not None:
        news = (
            f"{column.column} holds vectors of {column.dimension} numbers; in the baseline of "
            f"{column.baseline_dimension}"
        )
        return [_finding("kind_changed", news, column, target, measured=1.0, limit=0.0)]
    if column.rescaled is not None:
        # In another unit all values lie elsewhere; what else is unusual about them follows from that.
        return [
            *_missing(column, target, rise, visible=visible),
            _rescaled(column, column.rescaled, target),
        ]
    # Comparable values: the faults from here on do not exclude each other.
    return [
        *_missing(column, target, rise, visible=visible),
        *_constant(column, target),
        *_unknown_values(column, target),
        *_infinite(column, target),
        *_cardinality(column),
    ]


def _rescaled(column: ColumnComparison, conversion: Rescaled, target: Quality) -> Finding:
    way = (
        f"times {number(conversion.factor)}"
        if conversion.factor >= 1
        else (f"divided by {number(1 / conversion.factor)}")
    )
    if conversion.offset:
        way += f" {'plus' if conversion.offset > 0 else 'minus'} {number(abs(conversion.offset))}"
    news = f"{column.column} is in another unit: its values are the baseline's {way}"
    return _finding("unit_changed", news, column, target, measured=conversion.factor, limit=1.0)


def _rise_by_chance(column: ColumnComparison, baseline_rows: int) -> float:
    """Return the standard error of the difference of two shares, both with the baseline's share.

    sqrt(p (1 - p) (1/n + 1/m)), the two-sample normal approximation for proportions.
    """
    p = min(max(column.baseline_missing_share, 0.0), 1.0)
    return math.sqrt(p * (1 - p) * (1 / max(column.rows, 1) + 1 / max(baseline_rows, 1)))


def _missing(column: ColumnComparison, target: Quality, rise: float, *, visible: bool) -> Iterator[Finding]:
    if visible and rise > target.missing:
        sentence = (
            f"{percent(column.missing_share)} of {column.column} are missing, in the baseline "
            f"{percent(column.baseline_missing_share)}; a rise of {percent(target.missing)} is allowed"
        )
        yield _finding("missing", sentence, column, target, measured=rise, limit=target.missing)


def _constant(column: ColumnComparison, target: Quality) -> Iterator[Finding]:
    # A column that nearly always holds one value (a holiday flag) is constant in many windows: what counts
    # is whether more rows lost what their value said than may be missing, and more than chance takes away.
    # And one that holds a single value per window by its nature (a season) has only gone on to the next one.
    lost = [
        distance
        for name in ("linf", "ks")
        if (distance := getattr(column.distances, name)) is not None and visible(column, name) is not False
    ]
    unknown = column.distances.linf is None and column.distances.ks is None
    news = unknown or max(lost, default=0.0) > target.missing
    if column.constant and not column.baseline_constant and not steady(column) and news:
        sentence = f"{column.column} is constant; in the baseline it varies"
        yield _finding("constant", sentence, column, target, measured=1.0, limit=0.0)


def _unknown_values(column: ColumnComparison, target: Quality) -> Iterator[Finding]:
    # Times lie beyond the baseline's in every later window, so only numbers have a range to keep.
    outside, limit = column.out_of_range_share, target.out_of_range
    if column.kind == "number" and outside > limit:
        sentence = (
            f"{percent(outside)} of {column.column} lie outside the baseline's range; "
            f"{percent(limit)} are allowed"
        )
        yield _finding("out_of_range", sentence, column, target, measured=outside, limit=limit)
    new, limit = column.new_category_share, target.new_categories
    if new > limit:
        sentence = (
            f"{percent(new)} of {column.column} are values new to the baseline; {percent(limit)} are allowed"
        )
        yield _finding("new_categories", sentence, column, target, measured=new, limit=limit)


def _cardinality(column: ColumnComparison) -> Iterator[Finding]:
    """Note that far fewer or far more distinct values came than as many rows of the baseline hold."""
    found = column.cardinality
    if found is None or column.constant or steady(column):
        return
    few = found.distinct * _FAR_FROM_USUAL < found.least
    if not few and found.distinct <= found.most * _FAR_FROM_USUAL:
        return
    usual = f"{math.floor(found.least):,} to {math.ceil(found.most):,}"
    yield Finding(
        code="cardinality",
        sentence=(
            f"{column.column} holds {round(found.distinct):,} distinct values in {column.present:,} rows; "
            f"by the baseline {usual} are usual"
        ),
        status=Status.AT_RISK,
        severity=Severity.LOW,
        measured=found.distinct,
        limit=found.least if few else found.most,
        rows=column.rows,
        column=column.column,
    )


def _infinite(column: ColumnComparison, target: Quality) -> Iterator[Finding]:
    if column.infinite_share > 0:
        sentence = f"{percent(column.infinite_share)} of {column.column} are infinite; none are allowed"
        yield _finding("infinite", sentence, column, target, measured=column.infinite_share, limit=0.0)


def _finding(
    code: str, sentence: str, column: ColumnComparison, target: Quality, *, measured: float, limit: float
) -> Finding:
    return Finding(
        code,
        f"{sentence}; {column.rows:,} rows",
        Status.BREACHED,
        target.severity,
        measured,
        limit,
        column.rows,
        column.column,
    )
