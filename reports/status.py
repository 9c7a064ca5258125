"""Who serves and how it stands: the fleet at a glance, and one model's windows."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table

from policies.judge import OBJECTIVES
from policies.verdict import ObjectiveVerdict, Status, Verdict
from profiles.reading import Reading
from profiles.window import spelled
from registry.records import Judged
from reports.budgets import left_said
from reports.fitting import Cut, Fitting, table
from reports.words import caused_reason, counted, marked, span, status_word, urgency, worst_first

_NUMBERS = ("rows", "score")
_LINES = 2  # of a reason, where a narrow table gives a row several lines anyway
# Most models promise nothing of these: they have a column where one does.
_RARE = ("value", "latency", "errors")
_LIST = ("not met",)


@dataclass(frozen=True)
class Pages:
    """How many incidents were opened within the span of a policy's `false_pages`, and how many it allows."""

    opened: int
    allow: int
    over: timedelta


@dataclass(frozen=True)
class Standing:
    """How a model stands: the version that serves, its newest verdict, and what else is to be known.

    `incidents` counts the open ones; `pages` is None where nobody says how many are accepted.
    """

    model: str
    team: str
    serves: str | None
    judged: Judged | None
    note: str | None = None
    incidents: int = 0
    pages: Pages | None = None


class _Rows(Protocol):
    """Makes a table with these columns of objectives, with or without the reasons."""

    def __call__(self, objectives: tuple[str, ...], *, why: bool) -> Table:
        """Return the table."""


def fleet_table(standings: Sequence[Standing]) -> RenderableType:
    """Return one row per model, the most urgent first: who serves, last window, objectives, reason.

    Beside them, how many incidents are open, and how many were opened of those that the policy accepts.
    """
    ordered = most_urgent_first(standings)
    columns = ("model", "who serves", "last window", "incidents")

    def rows(objectives: tuple[str, ...], *, why: bool) -> Table:
        made = _table("Fleet", (*columns, *objectives), why=why)
        for each in ordered:
            serves = "nobody" if each.serves is None else f"version {each.serves}"
            verdict = None if each.judged is None else each.judged.verdict
            window = "never" if verdict is None else span(verdict.window)
            cells = [escape(each.model), escape(serves), window, _incidents(each)]
            cells += _cells(verdict, objectives)
            made.add_row(*cells, *_reason(said_of(each), verdict, objectives, why=why))
        return made

    return _fitting(rows, [each.judged.verdict for each in standings if each.judged is not None])


def most_urgent_first(standings: Iterable[Standing]) -> list[Standing]:
    """Sort models by the urgency of their newest verdicts, those never watched last."""
    return sorted(standings, key=_urgency)


def fleet_summary(standings: Sequence[Standing]) -> str:
    """Return the fleet in a line: `3 models: 1 breached, 1 met, 1 never watched`."""
    worst = most_urgent_first(standings)
    counts = Counter(
        "never watched" if each.judged is None else status_word(each.judged.verdict.status) for each in worst
    )
    said = ", ".join(f"{count} {word}" for word, count in counts.items())
    return f"{counted(len(standings), 'model')}: {said}"


def windows_table(model: str, judged: Sequence[Judged]) -> RenderableType:
    """Return one row per window of a model, in the given order."""

    def rows(objectives: tuple[str, ...], *, why: bool) -> Table:
        made = _table(f"{escape(model)}, window by window", ("window", *_NUMBERS, *objectives), why=why)
        for each in judged:
            reading, verdict = each.reading, each.verdict
            cells = [span(reading.window), f"{reading.arrivals.rows:,}", scores_text(reading)]
            cells += _cells(verdict, objectives)
            made.add_row(*cells, *_reason(caused_reason(verdict), verdict, objectives, why=why))
        return made

    return _fitting(rows, [each.verdict for each in judged])


def scores_text(reading: Reading) -> str:
    """Return a reading's scores, as in `mae 46.0`; while more labels may come, `mae 46.0 so far`."""
    early = " so far" if reading.labels is not None and not reading.labels.mature else ""
    return ", ".join(f"{name} {score.value:.4g}{early}" for name, score in sorted(reading.scores.items()))


def _fitting(rows: _Rows, verdicts: Sequence[Verdict]) -> Fitting:
    """Lay out `rows` with a column per objective, or where that is too wide with one for those not met."""
    matrix = tuple(
        name
        for name in OBJECTIVES
        if name not in _RARE or any(verdict.of(name) is not None for verdict in verdicts)
    )
    return Fitting(
        wide=lambda why: rows(matrix, why=why),
        narrow=lambda why: rows(_LIST, why=why),
    )


def _table(title: str, columns: Sequence[str], *, why: bool) -> Table:
    made = table(title)
    for header in columns:
        made.add_column(
            header,
            no_wrap=header != "model",
            overflow="fold",
            justify="right" if header in _NUMBERS else "left",
        )
    if why:
        made.add_column("why")
    return made


def _cells(verdict: Verdict | None, objectives: tuple[str, ...]) -> list[str]:
    if verdict is None:
        return ["" for _ in objectives]
    if objectives == _LIST:
        budgets = [
            f"{o.objective}{_left(o)}" for o in verdict.objectives if o.status == Status.MET and o.budget
        ]
        met = "all met" if verdict.objectives else "nothing judged"
        return ["\n".join([*(_not_met(verdict) or [met]), *budgets])]
    found = (verdict.of(name) for name in objectives)
    return ["off" if objective is None else f"{marked(objective)}{_left(objective)}" for objective in found]


def _not_met(verdict: Verdict) -> list[str]:
    """Return a line for each objective that is not met, the most urgent first."""
    return [
        f"{o.objective} {marked(o)}{_left(o)}"
        for o in worst_first(verdict.objectives)
        if o.status != Status.MET
    ]


def _left(objective: ObjectiveVerdict) -> str:
    """Return what is left of an objective's error budget, where it has one: `, 67 % left`."""
    return "" if objective.budget is None else f", {left_said(objective.budget)}"


def _reason(
    said: str, verdict: Verdict | None, objectives: tuple[str, ...], *, why: bool
) -> list[RenderableType]:
    if not why:
        return []
    narrow = objectives == _LIST
    return [Cut(said, max(_LINES, len(_not_met(verdict)) if verdict else 0) if narrow else 1)]


def _incidents(each: Standing) -> str:
    """Return what is open, and below it what was spent of what the policy accepts: `2/1 in 90d`."""
    pages = each.pages
    said = [f"{each.incidents} open"] if each.incidents else []
    if pages is not None and pages.opened:
        said.append(f"{pages.opened}/{pages.allow} in {spelled(pages.over)}")
    return "\n".join(said)


def said_of(each: Standing) -> str:
    """Return what a person has to know first of a model: the note on it, and the worst reason."""
    reason = "not watched yet" if each.judged is None else caused_reason(each.judged.verdict)
    return "; ".join(part for part in (each.note, reason) if part)


def _urgency(each: Standing) -> tuple[tuple[int, int], str]:
    never = (len(Status), 0)
    return (never if each.judged is None else urgency(each.judged.verdict)), each.model
