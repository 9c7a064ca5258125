"""`muster incidents`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from console.names import known
from console.screen import as_json, show, show_json
from console.typed import person
from profiles.errors import MusterError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from policies.incidents import Incident, IncidentChange
    from registry.ledger import Ledger


class _Listing(click.Group):
    """Lists where no other command is named: `muster incidents MODEL`. Names of models have a dot."""

    unnamed = "list"

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take what names no command for arguments of `unnamed`."""
        named = args and (args[0] in self.commands or args[0] in ctx.help_option_names)
        return super().parse_args(ctx, args if named else [self.unnamed, *args])


@click.group(cls=_Listing)
def incidents() -> None:
    """List incidents, or say something about one.

    Without a command they are listed: `muster incidents MODEL` is short for `muster incidents list MODEL`.
    NAME is an incident's full name, or its kind or objective where one open incident of the model has it.
    """


@incidents.command("list")
@click.argument("model", required=False)
@click.option("--all", "all_", is_flag=True, help="Show also those that are over.")
@click.option("--exit-code", is_flag=True, help="Exit with 3 when an incident is open.")
@as_json
def list_(model: str | None, *, all_: bool, exit_code: bool, as_json: bool) -> None:
    """List the open incidents of all models, or of MODEL, the most urgent first.

    With --all, those that are over follow, the newest first.
    """
    from reports.incidents import in_order, incidents_json, incidents_table

    with _ledger() as ledger:
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


@incidents.command()
@click.argument("model")
@click.argument("name")
@click.argument("text")
def annotate(model: str, name: str, text: str) -> None:
    """Add the note TEXT to incident NAME of MODEL, with your name."""
    from policies.annotations import annotated

    _change(model, name, lambda incident: annotated(incident, text, person().name))


@incidents.command()
@click.argument("model")
@click.argument("name")
@click.option("--note", default="", help="What to say with it.")
def acknowledge(model: str, name: str, note: str) -> None:
    """Say that you look after incident NAME of MODEL."""
    from policies.annotations import acknowledged

    _change(model, name, lambda incident: acknowledged(incident, note, person().name))


@incidents.command()
@click.argument("model")
@click.argument("name")
@click.option("--reason", required=True, help="Why it is over.")
def resolve(model: str, name: str, reason: str) -> None:
    """End incident NAME of MODEL by hand; a later window that is breached opens another."""
    from flows.world import wall_clock
    from policies.annotations import resolved

    def decide(incident: Incident) -> IncidentChange:
        if incident.resolved is not None:
            raise MusterError(f"{incident.name} is over already: {incident.resolved}")
        return resolved(incident, reason, person().name, wall_clock())

    _change(model, name, decide)


def _change(model: str, name: str, decide: Callable[[Incident], IncidentChange]) -> None:
    from flows.world import wall_clock

    with _ledger() as ledger:
        known(model, (row.model for row in ledger.models()), "the ledger")
        full = _named(ledger.incidents(model), model, name)
        change = ledger.change_incident(model, full, decide, wall_clock())
    click.echo(f"{full} of {model} is {change.change} by {change.actor}")


def _named(incidents: Sequence[Incident], model: str, name: str) -> str:
    if any(each.name == name for each in incidents):
        return name
    fitting = [
        each.name for each in incidents if each.resolved is None and name in {each.kind, each.objective}
    ]
    if len(fitting) == 1:
        return fitting[0]
    names = fitting or [each.name for each in incidents if each.resolved is None]
    there = f"there are: {', '.join(names)}" if names else "none is open"
    what = f"{len(fitting)} open incidents" if fitting else "no incident"
    raise MusterError(f"{model} has {what} {name}; {there}")


def _ledger() -> Ledger:
    from registry.ledger import Ledger
    from registry.settings import load_settings

    return Ledger.open(load_settings().database_url)
