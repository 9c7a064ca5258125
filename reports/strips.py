"""Windows side by side as cells: how each stood, how far each column moved, what was missing."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from policies.objectives.wording import percent
from policies.policy import Policy
from policies.verdict import Finding, Status
from profiles.reading import ColumnComparison
from registry.records import Judged
from reports.words import counted, span, standing, status_word, worst_reason

# A missing share below it is not worth a row.
_SOME = 0.001
_SHARES = ((0.5, "most"), (0.1, "many"), (0.01, "some"), (_SOME, "few"))


@dataclass(frozen=True)
class Cell:
    """One window in a strip: what its colour and shape are called, and all of it in words."""

    kind: str
    words: str


@dataclass(frozen=True)
class Strip:
    """A named row of cells with a summary in words, which says what the colours say."""

    name: str
    cells: tuple[Cell, ...]
    said: str


def statuses(judged: Sequence[Judged]) -> Strip:
    """Return how each window stood, in the given order."""
    cells = tuple(
        Cell(
            each.verdict.status.value,
            ": ".join(
                part
                for part in (
                    f"{span(each.verdict.window)} {standing(each.verdict.status, each.verdict.severity)}",
                    worst_reason(each.verdict),
                )
                if part
            ),
        )
        for each in judged
    )
    return Strip("status", cells, tally(judged))


def tally(judged: Iterable[Judged]) -> str:
    """Return how many windows stand how, the worst first: `2 breached, 1 blind, 9 met`."""
    counts = Counter(each.verdict.status for each in judged)
    order = (Status.BREACHED, Status.ERRORED, Status.AT_RISK, Status.INCONCLUSIVE, Status.MET)
    return ", ".join(f"{counts[s]} {status_word(s)}" for s in order if counts[s]) or "no window yet"


def drifts(judged: Sequence[Judged], policy: Policy | None) -> list[Strip]:
    """Return a strip for each compared column, the one that moved most first.

    A drift that the verdict counted is `significant` or `minor`, one that something else explains
    `explained`; of the rest those are `slight` whose psi is at least half the minor limit.
    """
    limit = policy.drift.minor if policy is not None and policy.drift is not None else None

    def cell(each: Judged, column: ColumnComparison) -> Cell:
        said = f"{span(each.verdict.window)} {column.column}"
        psi = column.distances.psi
        value = _measured(column)
        found = _drift_of(each, column.column)
        if found is None:
            slight = psi is not None and limit is not None and psi >= limit / 2
            return Cell(
                "slight" if slight else "quiet", f"{said}: {value}, {'slight' if slight else 'quiet'}"
            )
        if found.suppressed_by is not None:
            return Cell("explained", f"{said}: {value}, explained by {found.suppressed_by}")
        kind = "significant" if found.status is Status.BREACHED else "minor"
        return Cell(kind, f"{said}: {found.sentence}")

    rank = {"significant": 1000, "minor": 100, "explained": 10, "slight": 1}
    return _by_column(judged, cell, rank, quiet="quiet throughout")


def _measured(column: ColumnComparison) -> str:
    """Say the distance that a column of its kind is judged by."""
    distances = column.distances
    if distances.mmd is not None:
        return f"MMD {distances.mmd:.3g}"
    if distances.new_words is not None:
        return f"{percent(distances.new_words)} more new words than expected"
    return "not measurable" if distances.psi is None else f"psi {distances.psi:.3g}"


def missing(judged: Sequence[Judged]) -> list[Strip]:
    """Return a strip for each column that lacked values in some window, the worst first."""

    def cell(each: Judged, column: ColumnComparison) -> Cell:
        share = column.missing_share
        kind = next((name for least, name in _SHARES if share >= least), "none")
        said = f"{span(each.verdict.window)} {column.column}: {percent(share)} missing"
        return Cell(kind, f"{said}, {percent(column.baseline_missing_share)} in the baseline")

    rank = {"most": 1000, "many": 100, "some": 10, "few": 1}
    strips = _by_column(judged, cell, rank, quiet="")
    return [strip for strip in strips if any(each.kind in rank for each in strip.cells)]


def _by_column(
    judged: Sequence[Judged],
    cell: Callable[[Judged, ColumnComparison], Cell],
    rank: dict[str, int],
    *,
    quiet: str,
) -> list[Strip]:
    seen = [{c.column: c for c in (*_labels(each), *_compared(each))} for each in judged]
    strips = []
    for name in dict.fromkeys(column for columns in seen for column in columns):
        cells = tuple(
            cell(each, columns[name])
            if name in columns
            else Cell("absent", f"{span(each.verdict.window)} {name}: not compared")
            for each, columns in zip(judged, seen, strict=True)
        )
        counts = Counter(each.kind for each in cells)
        said = ", ".join(f"{counts[kind]} {kind}" for kind in rank if counts[kind]) or quiet
        strips.append(Strip(name, cells, said))
    return sorted(strips, key=lambda s: (-sum(rank.get(c.kind, 0) for c in s.cells), s.name))


def _compared(each: Judged) -> tuple[ColumnComparison, ...]:
    return each.reading.comparison.columns if each.reading.comparison else ()


def _labels(each: Judged) -> tuple[ColumnComparison, ...]:
    """Return the comparison of the labels; a column of the traffic that has their name is shown instead."""
    outcomes = each.reading.outcomes
    return outcomes.comparison.columns if outcomes and outcomes.comparison else ()


def _drift_of(each: Judged, column: str) -> Finding | None:
    verdict = each.verdict.of("drift")
    found = verdict.findings if verdict is not None else ()
    return next((f for f in found if f.column == column and f.code == "drift" and f.segment is None), None)


def span_of(judged: Sequence[Judged]) -> tuple[str, str]:
    """Return the names of the first and the last window; empty where there is none."""
    return (span(judged[0].verdict.window), span(judged[-1].verdict.window)) if judged else ("", "")


def windows_said(judged: Sequence[Judged]) -> str:
    """Return how many windows there are, and from when to when."""
    first, last = span_of(judged)
    return f"{counted(len(judged), 'window')}, {first} to {last}" if judged else "no window yet"
