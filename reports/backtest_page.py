"""The page of a backtest: everybody's scores over time, what was done, and every window."""

from collections.abc import Iterator, Sequence
from typing import Any

from policies.verdict import Status
from profiles.metrics import metric_of
from reports.backtested import Backtested, Event, ReplayedWindow
from reports.charts import Curve, Mark, curves
from reports.pages import KINDS, page_of
from reports.strips import Cell, Strip
from reports.words import counted, moment, span, standing, status_word

_SAID = {
    "retrained": "retrained",
    "refused": "refused",
    "shadowed": "in shadow",
    "canaried": "canary",
    "promoted": "promoted",
    "rejected": "rejected",
    "rolled_back": "rolled back",
    "page": "page",
}
_MARKED = ("retrained", "promoted", "rolled_back")


def backtest_page(found: Backtested) -> str:
    """Return the page of one backtest: a file that needs nothing else."""
    return page_of(
        "backtest.html",
        model=found.model,
        lead=summary(found),
        how=_how(found),
        picture=_picture(found),
        sums=list(_sums(found)),
        strip=_strip(found),
        ends=(f"{found.baseline_until:%Y-%m-%d}", f"{found.until:%Y-%m-%d}"),
        status_kinds=KINDS,
        events=[_event(each) for each in found.events],
        windows=[_window(each) for each in found.windows],
        metric=found.metric,
        as_of=f"Written by Muster from a backtest with seed {found.seed}; times are in UTC.",
    )


def summary(found: Backtested) -> str:
    """Say in a sentence how the loop did beside both peers."""
    if not found.compared:
        return f"No window of {found.model} could be compared."
    frozen, schedule = found.against("frozen"), found.against("schedule")
    said = (
        f"{found.metric} {_number(found.mean('loop'))} with Muster, {_number(found.mean('frozen'))} without"
    )
    said += f" any retraining ({_times(frozen)})"
    if found.retrainings:
        times = counted(found.retrainings, "retraining")
        said += f", {_number(found.mean('schedule'))} by a schedule of {times} ({_times(schedule)})"
    return f"{said}; means over {counted(len(found.compared), 'window')}."


def _times(ratio: float | None) -> str:
    if ratio is None:
        return "no ratio"
    return f"Muster is {ratio:.3g} times as good"


def _how(found: Backtested) -> str:
    better = "more is better" if metric_of(found.metric).higher_is_better else "less is better"
    told = f"Of {found.metric}, {better}. The schedule retrains at even distances, as often as Muster did; "
    if found.schedule_recipe is None:
        return f"{told}it never did."
    means = ", ".join(f"{name} {_number(mean)}" for name, mean in sorted(found.by_recipe.items()))
    return f"{told}the middle of {found.phases} beginnings, refitted on {found.schedule_recipe} ({means})."


def _picture(found: Backtested) -> Any:
    named = [("Muster", "loop"), ("never retrained", "frozen"), ("schedule", "schedule")]
    lines = [
        Curve(
            name,
            tuple(w.window.start for w in found.windows if getattr(w, of) is not None),
            tuple(getattr(w, of) for w in found.windows if getattr(w, of) is not None),
            main=of == "loop",
        )
        for name, of in named
        if of != "schedule" or found.retrainings
    ]
    marks = [
        Mark(e.at, _SAID[e.kind], bad=e.kind == "rolled_back") for e in found.events if e.kind in _MARKED
    ]
    said = f"{found.metric} of every window; {summary(found)}"
    return curves(f"backtest-{found.model.replace('.', '-')}", said, [c for c in lines if c.at], marks)


def _sums(found: Backtested) -> Iterator[tuple[int, str]]:
    for kind, word in _SAID.items():
        count = found.count(kind)  # type: ignore[arg-type]  # the keys are all kinds
        yield count, "pages" if kind == "page" and count != 1 else word


def _strip(found: Backtested) -> Strip:
    cells = [
        Cell(
            "absent" if each.status is None else each.status.value,
            f"{span(each.window)}: {_stands(each)}",
        )
        for each in found.windows
    ]
    tally = [
        f"{sum(each.status is status for each in found.windows)} {status_word(status)}"
        for status in Status
        if any(each.status is status for each in found.windows)
    ]
    return Strip("status", tuple(cells), ", ".join(tally))


def _stands(each: ReplayedWindow) -> str:
    return "not judged" if each.status is None else standing(each.status, each.severity)


def _event(each: Event) -> dict[str, str]:
    return {"at": moment(each.at), "kind": _SAID[each.kind], "sentence": each.sentence}


def _window(each: ReplayedWindow) -> dict[str, Any]:
    return {
        "window": span(each.window),
        "rows": f"{each.rows:,}",
        "version": each.version or "",
        "word": _stands(each),
        "kind": "absent" if each.status is None else each.status.value,
        "cause": "" if each.cause is None or each.cause.value == "none" else each.cause.replace("_", " "),
        "scores": [_number(score) for score in (each.loop, each.frozen, each.schedule)],
        "events": _listed(each.events),
    }


def _listed(events: Sequence[Event]) -> str:
    return ", ".join(dict.fromkeys(_SAID[event.kind] for event in events))


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}"
