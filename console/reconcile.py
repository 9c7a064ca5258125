"""`muster reconcile`."""

from __future__ import annotations

import os
import sys

import click

from console.fleet import load_fleet
from console.typed import person


@click.command()
@click.option("--again", metavar="ID", help="Try an act or message once more that failed for good.")
def reconcile(again: str | None) -> None:
    """Do once, here and now, what the scheduled run does: unfinished acts, messages, aliases, copies.

    Nothing is done or told twice, whoever else is at it. `muster doctor` prints the ID of what failed for
    good. Secret blocks can only be read with PREFECT_API_URL set. Exits with 3 when something failed or has
    to be tried again.
    """
    from flows import reconciliation
    from flows.again import try_again
    from flows.bodies import bodies_of
    from flows.predicting import open_copies
    from flows.telling import secret_block
    from flows.world import open_world
    from registry.settings import load_settings
    from registry.versions import MlflowVersions

    settings = load_settings()
    fleet = load_fleet(settings)
    world = open_world(settings)
    with world.ledger:
        if again is not None:
            wanted = try_again(again, person(), world)
            click.echo(f"{wanted.intent.model}: {wanted.intent.key}: to be done, by {wanted.approved_by}")
        done = reconciliation.reconcile(
            fleet,
            world,
            settings,
            bodies_of(fleet, settings),
            MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts),
            open_copies(settings),
            show=click.echo,
            block=secret_block if "PREFECT_API_URL" in os.environ else None,
        )
    for each in done.carried:
        click.echo(f"{each.intent.model}: {each.intent.key}: {each.came.replace('_', ' ')}, {each.sentence}")
    for grade in done.grades:
        click.echo(f"{grade.model}: {grade.intent}: {grade.sentence}")
    for said in (*done.aliases, *done.faults, *done.notes):
        click.echo(said)
    click.echo(done.sentence)
    if not done.is_well:
        sys.exit(3)
