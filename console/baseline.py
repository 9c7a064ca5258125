"""`muster baseline list|set`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.names import known
from console.screen import as_json, show, show_json
from console.typed import MOMENT, person, policy_of
from profiles.errors import MusterError

if TYPE_CHECKING:
    from datetime import datetime

    from registry.records import RegisteredBaseline


@click.group()
def baseline() -> None:
    """See and set what windows are compared with."""


@baseline.command("list")
@click.argument("model")
@as_json
def listing(model: str, *, as_json: bool) -> None:
    """List the baselines of MODEL's versions, the oldest first, and who set them."""
    from registry.ledger import Ledger
    from registry.settings import load_settings
    from reports.baselines import baselines_json, baselines_table

    with Ledger.open(load_settings().database_url) as ledger:
        known(model, (row.model for row in ledger.models()), "the ledger")
        found, transitions = ledger.baselines(model), ledger.transitions(model)
    if as_json:
        show_json(baselines_json(model, found, transitions))
    elif found:
        show(baselines_table(model, found, transitions))
    else:
        click.echo(f"{model} has no baseline yet; set one: muster baseline set {model} --from TIME --to TIME")


@baseline.command("set")
@click.argument("model")
@click.option("--from", "since", type=MOMENT, help="Where the period of traffic begins.")
@click.option("--to", "until", type=MOMENT, help="Where it ends.")
@click.option("--name", default="default", show_default=True, help="Name of the baseline.")
def set_period(model: str, *, since: datetime | None, until: datetime | None, name: str) -> None:
    """Make a validated period of MODEL's traffic the baseline of the version that answered in it.

    Without --from and --to, the one that `muster init` proposed is confirmed as it is. Who did it is
    recorded. A baseline never changes: another one needs another name.
    """
    if (since is None) != (until is None):
        raise click.UsageError("--from and --to belong together")
    from flows.baselines import baseline_of_period, begin_anyhow, confirmed
    from flows.world import open_world
    from profiles.window import Window
    from registry.records import DEFAULT, PROPOSED
    from registry.settings import load_settings

    if name == PROPOSED or (since is None and name != DEFAULT):
        raise MusterError(
            f"{name!r} cannot be set so: what is proposed is confirmed under the name {DEFAULT!r}"
        )
    settings = load_settings()
    loaded = policy_of(model, load_fleet(settings))
    if since is not None and until is not None and until <= since:
        raise click.UsageError(f"the period ends at {until} before it begins at {since}")
    world = open_world(settings)
    with world.ledger:
        watched = begin_anyhow(loaded, world)
        if since is None or until is None:
            made: tuple[RegisteredBaseline, ...] = confirmed(watched, person(), world)
        else:
            made = (baseline_of_period(watched, Window(since, until), name, person(), world),)
    for each in made:
        click.echo(_said(each))
    click.echo(f"Judge windows anew by it: muster watch {model} --from TIME --to TIME")


def _said(made: RegisteredBaseline) -> str:
    from reports.words import span

    period = "" if made.period is None else f" of {span(made.period)}"
    return f"version {made.version} of {made.model} is compared with {made.name}: {made.rows:,} rows{period}"
