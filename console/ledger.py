"""`muster ledger verify`."""

import sys

import click

from console.screen import as_json, show_json


@click.group()
def ledger() -> None:
    """Look after the ledger."""


@ledger.command()
@as_json
def verify(*, as_json: bool) -> None:
    """Recompute every hash chain and every record's digest; exit with 3 when something was altered.

    A chain that was cut off at its end can only be noticed from outside: compare the number of entries with
    what an earlier check reported.
    """
    from registry.ledger import Ledger
    from registry.settings import load_settings
    from reports.shapes import verified_json
    from reports.words import counted

    with Ledger.open(load_settings().database_url) as opened:
        found = opened.verify()
    if as_json:
        show_json(verified_json(found))
    else:
        for fault in found.faults:
            click.echo(str(fault))
        verdict = "intact" if found.sound else counted(len(found.faults), "fault")
        entries, chains = counted(found.entries, "entry", "entries"), counted(found.chains, "hash chain")
        click.echo(f"{entries} in {chains}: {verdict}")
    if not found.sound:
        sys.exit(3)
