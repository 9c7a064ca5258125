"""Which drift an outage explains: found first, it is named as what it is, and its consequences are not."""

from collections.abc import Iterator, Mapping, Sequence

from policies.policy import Policy
from policies.verdict import ObjectiveVerdict, Status
from profiles.reading import ColumnComparison, Reading

# Causes of a drift. Values out of range and new categories are what a drift looks like, not why it is
# there, and infinities take no part in distances: none of these may hide a drift.
_BROKEN = frozenset({"all_null", "constant", "kind_changed", "unit_changed"})
_EXPLAINING = _BROKEN | {"missing"}
# With one of these on an input, what the model answers is worth nothing, and moves.
_MISLEADING = _BROKEN | {"column_missing"}
# Kinds of findings that are outages: each opens an incident under its own name.
OUTAGES = _MISLEADING | {"silent", "volume_collapse", "labels_stopped", "duplicated_batch"}


def explained(reading: Reading, policy: Policy, before: Sequence[ObjectiveVerdict]) -> Mapping[str, str]:
    """Return, per column, what explains that its values moved, by the verdicts judged before drift.

    A broken column explains its own drift, and a broken input also the prediction's. Rows that never came,
    or came twice, explain a column that moved by no more than their share: leaving a share s of all rows
    out moves no distribution function and no category by more than s.
    """
    explained: dict[str, str] = {}
    prediction = policy.traffic.prediction
    for objective in before:
        for finding in objective.findings:
            if finding.column is not None and finding.code in _EXPLAINING:
                explained.setdefault(finding.column, finding.code)
    for objective in before:
        for finding in objective.findings:
            if finding.column not in (None, prediction) and finding.code in _MISLEADING:
                explained.setdefault(prediction, f"{finding.code} of {finding.column}")
    for code, share in _lost_shares(reading, before):
        for column in reading.comparison.columns if reading.comparison else ():
            if (moved := _moved(column)) is not None and moved <= share:
                explained.setdefault(column.column, code)
    return explained


def explained_labels(reading: Reading, before: Sequence[ObjectiveVerdict]) -> str | None:
    """Return what explains that the labels moved: rows that never came or came twice, as far as they can."""
    comparison = None if reading.outcomes is None else reading.outcomes.comparison
    for code, share in _lost_shares(reading, before):
        for column in comparison.columns if comparison else ():
            if (moved := _moved(column)) is not None and moved <= share:
                return code
    return None


def _lost_shares(reading: Reading, before: Sequence[ObjectiveVerdict]) -> Iterator[tuple[str, float]]:
    """Yield the outages of the feed with the share of rows that each left out or repeated."""
    for objective in before:
        for finding in objective.findings:
            if finding.status is not Status.BREACHED:
                continue
            if finding.code == "silent":
                yield finding.code, reading.arrivals.longest_silence / reading.window.length
            elif finding.code == "volume_collapse" and reading.usual_rows:
                yield finding.code, max(0.0, 1 - finding.measured / reading.usual_rows)
            elif finding.code == "duplicated_batch":
                yield finding.code, finding.measured


def _moved(column: ColumnComparison) -> float | None:
    """Return how far a distribution function or a share moved at most."""
    return column.distances.linf if column.kind == "category" else column.distances.ks
