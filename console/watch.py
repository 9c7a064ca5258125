"""`muster watch`."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.progress import tracked
from console.screen import as_json, show, show_json
from console.typed import MOMENT, policy_of
from profiles.errors import MusterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flows.step import Watched
    from flows.world import World
    from profiles.window import Window
    from registry.records import Judged

_MOST = 1_000  # windows that are watched without being asked twice
_SHOWN = 30
_BAD = {"breached", "errored"}


@click.command()
@click.argument("model")
@click.option(
    "--from", "since", type=MOMENT, help="Watch the windows from this time on, also those that were."
)
@click.option("--to", "until", type=MOMENT, help="Watch only windows that end by this time (with --from).")
@click.option("--all", "everything", is_flag=True, help=f"Watch more than {_MOST:,} windows at once as well.")
@as_json
def watch(
    model: str, *, since: datetime | None, until: datetime | None, everything: bool, as_json: bool
) -> None:
    """Watch MODEL here and now, without Prefect: the windows that are due, or those of a span again.

    Reading a window again leaves nothing new in the ledger where nothing has changed. Exits with 3 when the
    newest of the windows is breached or could not be measured.
    """
    if until is not None and since is None:
        raise click.UsageError("--to needs --from")
    from flows.late import Looked, look, remember
    from flows.step import begin, due, step
    from flows.world import open_world
    from registry.settings import load_settings

    settings = load_settings()
    loaded = policy_of(model, load_fleet(settings))
    world = open_world(settings)
    with world.ledger:
        watched = begin(loaded.policy, loaded.source, world)
        looked = look(watched.policy, world) if since is None else Looked()
        windows = (
            due(watched, world, looked.windows) if since is None else _of_span(watched, world, since, until)
        )
        if len(windows) > _MOST and not everything:
            raise MusterError(
                f"{len(windows):,} windows of {model} are due, from {windows[0].start:%Y-%m-%d} to "
                f"{windows[-1].end:%Y-%m-%d}; name a span with --from and --to, or say --all"
            )
        for window in tracked(windows, f"watching {model}"):
            step(watched, window, world)
        remember(looked, world)
        judged = _judged(world, model, windows)
    _tell(model, judged, watched, as_json=as_json, again=since is not None)
    if judged and judged[-1].verdict.status in _BAD:
        sys.exit(3)


def _of_span(watched: Watched, world: World, since: datetime, until: datetime | None) -> tuple[Window, ...]:
    """Return the windows of a span that have closed by now."""
    policy = watched.policy
    closed = world.clock() - policy.allowed_lateness
    end = closed if until is None else min(until, closed)
    return tuple(policy.cadence.closed(since, end, timedelta(0)))


def _judged(world: World, model: str, windows: Sequence[Window]) -> list[Judged]:
    found = (world.ledger.judged(model, window.start) for window in windows)
    return [each for each in found if each is not None]


def _tell(model: str, judged: Sequence[Judged], watched: Watched, *, as_json: bool, again: bool) -> None:
    from reports.shapes import windows_json
    from reports.status import windows_table
    from reports.summary import summary
    from reports.words import moment

    if as_json:
        show_json(windows_json(model, judged))
    elif judged:
        show(windows_table(model, judged[-_SHOWN:]), "")
        click.echo(summary([each.verdict for each in judged], watched.policy))
    elif again:
        click.echo(f"no window of {model} has closed in that span")
    else:
        policy = watched.policy
        from flows.world import wall_clock

        closes = policy.cadence.window(wall_clock() - policy.allowed_lateness).end + policy.allowed_lateness
        click.echo(f"nothing of {model} is due; the next window is complete on {moment(closes)} UTC")
