"""Pictures over time as inline SVG; the one door to matplotlib.

A picture takes its colours from the page around it, so that it is as readable in the dark, and names
everything it shows beside the lines, so that no colour has to be told from another.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Stand-ins that matplotlib draws with, and the page's own colours that take their place.
_INK, _FAINT, _GRID, _LINE, _BAD = "#010101", "#020202", "#030303", "#040404", "#050505"
_COLOURS = {
    _INK: "var(--ink)",
    _FAINT: "var(--faint)",
    _GRID: "var(--grid)",
    _LINE: "var(--line)",
    _BAD: "var(--breached)",
}
_INCHES = (9.2, 2.5)
_ROOM = 1.16  # the axis is this much longer than the data, for the names at the lines' ends
_OURS: dict[Any, Any] = {
    "svg.fonttype": "none",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _GRID,
    "axes.labelcolor": _FAINT,
    "xtick.color": _FAINT,
    "ytick.color": _FAINT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": _GRID,
    "grid.linewidth": 0.6,
}


@dataclass(frozen=True)
class Point:
    """A measured number at a time; `sure` is False while it may still change, `bad` beyond its limit."""

    at: datetime
    value: float
    sure: bool = True
    bad: bool = False


@dataclass(frozen=True)
class Level:
    """A number to hold the points against, which may change over time: a limit, a baseline, what is usual."""

    name: str
    at: tuple[datetime, ...]
    values: tuple[float, ...]
    strict: bool = False


def over_time(
    key: str, said: str, points: Sequence[Point], levels: Sequence[Level], *, bars: bool = False
) -> Markup:
    """Return a picture of points against levels; `said` describes it to who cannot see it.

    `key` keeps the ids of several pictures on a page apart. Points that are not sure are hollow, those
    beyond a limit marked; bars begin at zero.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_OURS | {"svg.hashsalt": key}):
        figure = Figure(figsize=_INCHES, layout="constrained")
        axes = figure.subplots()
        (_bars if bars else _line)(axes, points)
        edge = axes.get_xlim()[1]
        for level in levels:
            _level(axes, level, edge)
        _dates(axes, edge)
        if bars:
            axes.set_ylim(bottom=0)
        drawn = io.StringIO()
        nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
        figure.savefig(drawn, format="svg", transparent=True, metadata=nothing)
    return _inline(drawn.getvalue(), key, said)


def _line(axes: Axes, points: Sequence[Point]) -> None:
    axes.plot([p.at for p in points], [p.value for p in points], color=_LINE, linewidth=1.4, zorder=3)  # type: ignore[arg-type]
    for sure in (True, False):
        for bad in (False, True):
            some = [p for p in points if (p.sure, p.bad) == (sure, bad)]
            colour = _BAD if bad else _LINE
            axes.plot(
                [p.at for p in some],  # type: ignore[arg-type]
                [p.value for p in some],
                linestyle="none",
                marker="D" if bad else "o",
                markersize=5 if bad else 4,
                markeredgecolor=colour,
                markerfacecolor=colour if sure else "none",
                zorder=4,
            )


def _bars(axes: Axes, points: Sequence[Point]) -> None:
    days = (points[-1].at - points[0].at).total_seconds() / 86400 / max(1, len(points) - 1)
    axes.bar(
        [p.at for p in points],  # type: ignore[arg-type]
        [p.value for p in points],
        width=0.8 * days or 0.8,
        color=[_BAD if p.bad else _LINE for p in points],
        zorder=3,
    )
    if gone := [p.at for p in points if p.bad and not p.value]:
        axes.plot(gone, [0.0] * len(gone), linestyle="none", marker="x", color=_BAD, zorder=4, clip_on=False)  # type: ignore[arg-type]


def _level(axes: Axes, level: Level, edge: float) -> None:
    colour = _BAD if level.strict else _FAINT
    axes.plot(
        level.at,  # type: ignore[arg-type]
        level.values,
        color=colour,
        linestyle="--" if level.strict else ":",
        linewidth=1.2,
        drawstyle="steps-mid",
        zorder=2,
    )
    named = axes.annotate(
        f"{level.name} {level.values[-1]:,.4g}",
        (edge, level.values[-1]),
        xytext=(3, 1 if level.strict else -1),
        textcoords="offset points",
        color=colour,
        va="bottom" if level.strict else "top",
        annotation_clip=False,
        parse_math=False,
    )
    named.set_in_layout(False)


def _dates(axes: Axes, edge: float) -> None:
    """Label the time axis up to the data's edge, and leave room for the names of the levels behind it."""
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
    from matplotlib.ticker import FixedLocator, StrMethodFormatter

    left = axes.get_xlim()[0]
    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    ticks = [tick for tick in axes.get_xticks() if left <= tick <= edge]
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:,.4g}"))
    axes.set_xlim(left, left + (edge - left) * _ROOM)


def _inline(svg: str, key: str, said: str) -> Markup:
    """Return matplotlib's SVG as a part of a page: its own ids, the page's colours, nothing from outside."""
    body = svg[svg.index("<svg") :]
    view = re.search(r'viewBox="([^"]+)"', body)
    inner = body[body.index(">") + 1 :].replace("xlink:href", "href")
    inner = re.sub(r'\b(id|href)="(#?)([^"]+)"', rf'\1="\2{key}-\3"', inner)
    inner = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", inner)
    inner = re.sub(r"font: [^;\"]+(; ?)?", "", inner)
    for stand_in, colour in _COLOURS.items():
        inner = inner.replace(stand_in, colour)
    head = f'<svg class="picture" viewBox="{view[1] if view else ""}" role="img" aria-label="{escape(said)}">'
    return Markup(head + inner)  # noqa: S704 - matplotlib escapes what it writes, and `said` is escaped
