"""What `muster status` says of models that no policy watches."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.screen import show_json

if TYPE_CHECKING:
    from policies.unwatched import Unwatched
    from registry.settings import Settings


def tell_unwatched(settings: Settings, *, as_json: bool) -> bool:
    """Look for what is unwatched and show it; return whether there is any."""
    from flows.unwatched import look

    fleet = load_fleet(settings)
    found = look(settings, fleet)
    if as_json:
        show_json(
            {"unwatched": [{"kind": each.kind, "name": each.name, "known": each.known} for each in found]}
        )
        return bool(found)
    for each in found:
        click.echo(f"{each.kind:<8} {each.name}  ({each.known})")
    click.echo(_counted(found) if found else "nothing is unwatched")
    return bool(found)


def recall_unwatched(settings: Settings) -> None:
    """Say in one line what was unwatched when somebody looked; nothing where there was nothing."""
    from registry.remembered import remembered

    found = remembered(settings.state)
    if found is not None and found.names:
        click.echo(f"{len(found.names)} unwatched on {found.at:%Y-%m-%d}: see `muster status --unwatched`")


def _counted(found: tuple[Unwatched, ...]) -> str:
    models = any(each.kind == "model" for each in found)
    ways = ["`muster init --from-mlflow` writes the policies of models"] if models else []
    if any(each.kind == "traffic" for each in found):
        ways.append("`muster init --traffic FOLDER` one from rows")
    return f"{len(found)} unwatched; {', '.join(ways)}"
