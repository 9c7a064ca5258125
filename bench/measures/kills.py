"""What is left when processes are killed at any moment."""

from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bench.measure import Measure, Target

if TYPE_CHECKING:
    from bench.kills import Swept

_KILLS, _SEED = 200, 5


@lru_cache
def _swept(kills: int) -> "Swept":
    from bench.kills import swept

    with TemporaryDirectory() as folder:
        return swept(kills, _SEED, Path(folder))


def killed(*, kills: int = _KILLS) -> list[float]:
    """Processes that were ended by SIGKILL."""
    return [float(_swept(kills).kills)]


def inconsistent(*, kills: int = _KILLS) -> list[float]:
    """Kills after which the end was another one than without them."""
    return [float(sum(len(told.kills) for told in _swept(kills).inconsistent))]


_TINY = {"kills": 2}
MEASURES = (
    Measure(
        key="kills",
        unit="kills",
        meaning="SIGKILLs of a process that retrains, compares in shadow, promotes (by itself, by hand, by "
        "approval), rolls back (by hand, by itself) or sends messages, at moments drawn at random: first a "
        "span between two effects (commit, rename, call of MLflow, HTTP), then a moment in it. Processes are "
        "forked from a warm one; ledger and model registry are SQLite, Slack and webhooks are real HTTP. "
        "Every killed chapter is run again, and perhaps killed again, until it ends.",
        take=killed,
        tiny=_TINY,
        target=Target("at least", 200),
    ),
    Measure(
        key="kills_inconsistent",
        unit="kills",
        meaning="Those of them after which the end was not that of an undisturbed telling: ledger (content, "
        "chains, transitions, open intents), alias, versions, copies and profiles, and the messages that "
        "arrived. Times taken from the clock, counts of attempts, ids drawn by MLflow and what nobody refers "
        "to may differ.",
        take=inconsistent,
        tiny=_TINY,
        target=Target("at most", 0),
    ),
)
