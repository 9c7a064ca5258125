"""How well a beginning is guessed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.measure import Measure, Target

if TYPE_CHECKING:
    from bench.stranger import Stranger


def roles_right_share(*, sets: int = 5) -> list[float]:
    """The share of the roles that `muster init` finds, over the first `sets` strangers of each kind."""
    from bench.held_out import held_out
    from bench.more_strangers import more_strangers
    from bench.strangers import strangers

    made = (strangers, more_strangers, held_out)
    return [_share(lambda folder: [each for make in made for each in make(folder, sets)])]


def roles_right_held_out_share(*, sets: int = 5) -> list[float]:
    """The share over the first `sets` of the held-out strangers alone."""
    from bench.held_out import held_out

    return [_share(lambda folder: held_out(folder, sets))]


def _share(bring: Callable[[Path], Iterable[Stranger]]) -> float:
    from bench.stranger import all_roles_right

    with TemporaryDirectory() as folder:
        right, wrong = all_roles_right(bring(Path(folder)), Path(folder))
    return right / (right + len(wrong))


_MEANING = (
    "Share of the policy keys (task, columns of traffic and of labels, columns to ignore) that "
    "`muster init` infers as a person would write them, "
)
MEASURES = (
    Measure(
        key="init_roles_right",
        unit="share",
        meaning=f"{_MEANING}over fifteen models of bundled sets with made-up times and ids and with "
        "renamed columns. The rules were written with five of them in view, and mended after five others had "
        "come with 0.52 of their roles right.",
        take=roles_right_share,
        tiny={"sets": 1},
        target=Target("at least", 0.95),
    ),
    Measure(
        key="init_roles_right_held_out",
        unit="share",
        meaning=f"{_MEANING}over the five of the fifteen that no rule was written or mended for.",
        take=roles_right_held_out_share,
        tiny={"sets": 1},
        target=Target("at least", 0.95),
    ),
)
