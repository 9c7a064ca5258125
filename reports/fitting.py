"""Tables that stay readable in whatever width there is."""

from collections.abc import Callable
from dataclasses import dataclass

from rich import box
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

# A reason cut shorter than this says too little to be worth a column.
_SHORTEST = 40
_AS_WIDE_AS_IT_GETS = 10_000


@dataclass(frozen=True)
class Cut:
    """A sentence, cut with an ellipsis after `lines` lines of whatever width it gets."""

    text: str
    lines: int = 1

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines that fit."""
        wrapped = list(Text(self.text).wrap(console, options.max_width))
        for number, line in enumerate(wrapped[: self.lines], 1):
            line.rstrip()
            if number == self.lines < len(wrapped):
                following = wrapped[number].plain
                line.append(f" {following}")
                line.truncate(options.max_width, overflow="ellipsis")
                if not line.plain.endswith("…"):
                    line.right_crop(max(0, line.cell_len + 1 - options.max_width))
                    line.append("…")
            yield line

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        """Say that it takes what it gets."""
        wanted = min(len(self.text), options.max_width)
        return Measurement(min(wanted, _SHORTEST // 2), wanted)


@dataclass(frozen=True)
class Fitting:
    """A table with a column of reasons: laid out by `wide` where that leaves room for them, else `narrow`.

    Each is called with whether to add the column of reasons.
    """

    wide: Callable[[bool], Table]
    narrow: Callable[[bool], Table]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the table that fits."""
        without = Measurement.get(console, options.update(max_width=_AS_WIDE_AS_IT_GETS), self.wide(False))
        fits = without.maximum + _SHORTEST <= options.max_width
        yield (self.wide if fits else self.narrow)(True)


def table(title: str | None = None) -> Table:
    """Return an empty table in the style of all of them: no frame, two spaces between columns."""
    return Table(
        title=title,
        title_justify="left",
        title_style="bold",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        padding=(0, 1),
        collapse_padding=True,
    )
