"""`muster incidents`."""

from __future__ import annotations

import sys

import click

from console.names import known
from console.screen import as_json, show, show_json


@click.command()
@click.argument("model", required=False)
@click.option("all_", "--all", is_flag=True, help="Show also those that are over.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 when an incident is open.")
@as_json
def incidents(model: str | None, *, all_: bool, exit_code: bool, as_json: bool) -> None:
    """List the open incidents of all models, or of MODEL, the most urgent first.

    With --all, those that are over follow, the newest first.
    """
    from registry.ledger import Ledger
    from registry.settings import load_settings
    from reports.incidents import in_order, incidents_json, incidents_table

    with Ledger.open(load_settings().database_url) as ledger:
        if model is not None:
            known(model, (row.model for row in ledger.models()), "the ledger")
        found = in_order(ledger.incidents(model, open_only=not all_))
    if as_json:
        show_json(incidents_json(found))
    elif found:
        show(incidents_table(found))
    else:
        click.echo("no incident" if all_ else "no open incident; `--all` shows those that are over")
    if exit_code and any(incident.resolved is None for incident in found):
        sys.exit(3)
