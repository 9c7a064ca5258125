"""`muster history`."""

from __future__ import annotations

import click

from console.names import known
from console.screen import as_json, show, show_json

_LAST = 200


@click.command()
@click.argument("model")
@click.option("--last", type=click.IntRange(min=1), default=_LAST, show_default=True, help="How many events.")
@as_json
def history(model: str, *, last: int, as_json: bool) -> None:
    """Show what happened to MODEL, oldest first: verdicts, changes of who serves and of its policy.

    Corrections of incidents are among them, and what persons did to incidents.

    Windows in a row that stand alike share a line.
    """
    from registry.ledger import Ledger
    from registry.settings import load_settings
    from reports.history import events, history_json, history_table

    with Ledger.open(load_settings().database_url) as ledger:
        known(model, (row.model for row in ledger.models()), "the ledger")
        happened = events(
            ledger.windows(model),
            ledger.transitions(model),
            ledger.policies(model),
            ledger.incident_changes(model),
        )
    shown = happened[-last:]
    if as_json:
        show_json(history_json(model, shown))
        return
    show(history_table(model, shown))
    if len(shown) < len(happened):
        click.echo(
            f"\nThere are {len(happened) - len(shown)} earlier events; `--last {2 * last}` shows more."
        )
