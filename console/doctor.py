"""`muster doctor`."""

from __future__ import annotations

import os
import sys

import click

from console.screen import as_json, show_json


@click.command()
@as_json
def doctor(*, as_json: bool) -> None:
    """Say what is wrong with this installation, and the command that mends it; changes nothing.

    Looked at are the installed packages, the policies, the ledger, whether every model could be rolled back,
    acts that failed for good, the model registry, every model's traffic, alerts, and Prefect with its
    deployments and workers. Exits with 3 when something is wrong.
    """
    from console.fleet import load_fleet
    from flows.doctor import examine
    from flows.embedded import configure
    from flows.standing import who_stands
    from registry.settings import load_settings

    settings = load_settings()
    stands = who_stands(settings)
    if stands is not None:
        os.environ.setdefault("PREFECT_API_URL", stands.prefect_api)
    configure(settings, quiet=True)
    found = examine(settings, load_fleet(settings), os.environ)
    if as_json:
        complaints = [{"about": c.about, "wrong": c.wrong, "mend": c.mend} for c in found.complaints]
        show_json({"looked_at": list(found.looked_at), "complaints": complaints})
    else:
        for part in found.looked_at:
            mine = [each for each in found.complaints if each.about == part]
            click.echo(f"{part:<20}{'well' if not mine else ''}".rstrip())
            for each in mine:
                click.echo(f"  {each.wrong}\n    mend it: {each.mend}")
    if found.complaints:
        sys.exit(3)
