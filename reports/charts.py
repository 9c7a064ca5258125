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
    from matplotlib.figure import Figure

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


@dataclass(frozen=True)
class Curve:
    """A number over time, one of several; the `main` one stands out."""

    name: str
    at: tuple[datetime, ...]
    values: tuple[float, ...]
    main: bool = False


@dataclass(frozen=True)
class Mark:
    """Something that happened at a time; `bad` where it was called off."""

    at: datetime
    name: str
    bad: bool = False


def curves(key: str, said: str, lines: Sequence[Curve], marks: Sequence[Mark]) -> Markup:
    """Return a picture of several numbers over time, with what happened below them; see `over_time`."""
    import matplotlib as mpl

    with mpl.rc_context(_OURS | {"svg.hashsalt": key}):
        figure, axes = _empty()
        for place, line in enumerate(lines):
            _curve(axes, line, place)
        _happened(axes, marks)  # before the edge is taken: what was done last lies behind the last window
        edge = axes.get_xlim()[1]
        _ends(axes, lines, edge)
        _dates(axes, edge)
        return _inline(_drawn(figure), key, said)


def over_time(
    key: str, said: str, points: Sequence[Point], levels: Sequence[Level], *, bars: bool = False
) -> Markup:
    """Return a picture of points against levels; `said` describes it to who cannot see it.

    `key` keeps the ids of several pictures on a page apart. Points that are not sure are hollow, those
    beyond a limit marked; bars begin at zero.
    """
    import matplotlib as mpl

    with mpl.rc_context(_OURS | {"svg.hashsalt": key}):
        figure, axes = _empty()
        (_bars if bars else _line)(axes, points)
        edge = axes.get_xlim()[1]
        for level in levels:
            _level(axes, level, edge)
        _dates(axes, edge)
        if bars:
            axes.set_ylim(bottom=0)
        return _inline(_drawn(figure), key, said)


def _empty() -> tuple[Figure, Axes]:
    from matplotlib.figure import Figure

    figure = Figure(figsize=_INCHES, layout="constrained")
    return figure, figure.subplots()


def _drawn(figure: Figure) -> str:
    drawn = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    figure.savefig(drawn, format="svg", transparent=True, metadata=nothing)
    return drawn.getvalue()


def _curve(axes: Axes, line: Curve, place: int) -> None:
    colour = _LINE if line.main else _FAINT
    style = "-" if line.main else ("--", ":", "-.")[(place - 1) % 3]
    width = 1.8 if line.main else 1.2
    axes.plot(line.at, line.values, color=colour, linestyle=style, linewidth=width, zorder=3)  # type: ignore[arg-type]


def _ends(axes: Axes, lines: Sequence[Curve], edge: float) -> None:
    """Name each line behind its end, one above the other where they end close together."""
    low, high = axes.get_ylim()
    apart, before = 0.09 * (high - low), float("-inf")
    for line in sorted(lines, key=lambda each: each.values[-1]):
        before = max(line.values[-1], before + apart)
        named = axes.annotate(
            line.name,
            (edge, before),
            xytext=(3, 0),
            textcoords="offset points",
            color=_LINE if line.main else _FAINT,
            va="center",
            annotation_clip=False,
            parse_math=False,
        )
        named.set_in_layout(False)


def _happened(axes: Axes, marks: Sequence[Mark]) -> None:
    """Mark what happened along the lower edge: a sign for each kind, named in a legend."""
    if not marks:
        return
    signs = dict(zip(dict.fromkeys(mark.name for mark in marks), "o^vsDP", strict=False))
    low, high = axes.get_ylim()
    axes.set_ylim(low - 0.08 * (high - low), high)
    for name, sign in signs.items():
        some = [mark for mark in marks if mark.name == name]
        axes.plot(
            [mark.at for mark in some],  # type: ignore[arg-type]
            [low - 0.04 * (high - low)] * len(some),
            linestyle="none",
            marker=sign,
            markersize=5,
            color=_BAD if some[0].bad else _INK,
            label=name,
            zorder=4,
        )
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=len(signs), frameon=False, fontsize=8)


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
