"""`muster apply` and `muster render`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.unwatched import recall_unwatched

if TYPE_CHECKING:
    from flows.apply import Plan
    from flows.deployments import DeploymentSpec
    from registry.settings import Settings


@click.command()
@click.option(
    "--plan", "only_plan", is_flag=True, help="Say what would be done; exit with 3 when there is something."
)
@click.option("--prune", is_flag=True, help="Also remove this instance's deployments that no policy needs.")
def apply(*, only_plan: bool, prune: bool) -> None:
    """Make Prefect's deployments equal to the policy files.

    Only deployments with this instance's tag are touched, and nothing is called for what has not changed.
    The Prefect server is the one that Prefect's own settings name (PREFECT_API_URL).
    """
    from flows.embedded import configure
    from registry.settings import load_settings

    settings = load_settings()
    configure(settings, quiet=True)
    specs = specs_of(settings)
    from flows.apply import carry_out, plan
    from flows.orchestrator import orchestrator

    with orchestrator() as client:
        todo = plan(specs, client, instance=settings.instance)
        something = bool(todo.pools or todo.add or todo.change or (prune and todo.remove))
        for line in _said(todo, prune=prune):
            click.echo(line)
        if only_plan:
            sys.exit(3 if something else 0)
        carry_out(todo, client, prune=prune)
        if something:
            click.echo("done")
    _look(settings)


def _look(settings: Settings) -> None:
    """Look for what is unwatched, so that `muster status` can say it; a dead registry stops no deployment."""
    from flows.unwatched import look
    from profiles.errors import RegistryUnavailable

    try:
        look(settings, load_fleet(settings))
    except RegistryUnavailable as error:
        click.echo(f"what is unwatched could not be looked for: {error}", err=True)
        return
    recall_unwatched(settings)


@click.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 3 when the file is not up to date.")
@click.argument(
    "path", type=click.Path(dir_okay=False, writable=True, path_type=Path), default=Path("prefect.yaml")
)
def render(path: Path, *, check: bool) -> None:
    """Write the deployments into a file for `prefect deploy --all`.

    PATH is the file, prefect.yaml by default.
    """
    from flows.prefect_yaml import render as rendered
    from profiles.errors import MusterError
    from registry.settings import load_settings

    wanted = rendered(specs_of(load_settings()))
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if there == wanted:
        click.echo(f"{path} is up to date")
    elif check:
        click.echo(f"{path} is not what the policies say; run `muster render {path}`")
        sys.exit(3)
    else:
        try:
            path.write_text(wanted, encoding="utf-8")
        except OSError as error:
            raise MusterError(f"{path} cannot be written: {error.strerror}; name another PATH") from error
        click.echo(f"{path} written")


def specs_of(settings: Settings) -> tuple[DeploymentSpec, ...]:
    """Return what the policies need.

    A fault anywhere stops it, because a file that cannot be read would look like one that is gone.
    """
    from flows.deployments import deployments_for

    fleet = load_fleet(settings)
    fleet.raise_for_faults()
    return deployments_for(
        [loaded.policy for loaded in fleet.policies],
        instance=settings.instance,
        work_pool=settings.work_pool,
    )


def _said(todo: Plan, *, prune: bool) -> list[str]:
    """Return the plan, a line for each thing to do and one that counts them."""
    removed = len(todo.remove) if prune else 0
    counts = f"{len(todo.add)} to add, {len(todo.change)} to change, {removed} to remove"
    return [
        *(f"add     work pool {pool} (process)" for pool in todo.pools),
        *(f"add     {spec.full_name}  {spec.cron or 'by hand'}" for spec in todo.add),
        *(f"change  {change.spec.full_name}  ({', '.join(change.fields)})" for change in todo.change),
        *(
            f"remove  {removal.full_name}" if prune else f"stale   {removal.full_name}  (--prune removes it)"
            for removal in todo.remove
        ),
        f"{counts}, {len(todo.unchanged)} unchanged",
    ]
