"""`muster policy check|show|schema`."""

import sys
from dataclasses import replace
from pathlib import Path

import click

from console.fleet import load_fleet, policy_roots
from console.names import known
from console.screen import as_json, show_json
from profiles.errors import PolicyInvalid


@click.group()
def policy() -> None:
    """Check and read policy files."""


@policy.command()
@click.argument("roots", nargs=-1, type=click.Path(exists=True, path_type=Path))
@as_json
def check(roots: tuple[Path, ...], *, as_json: bool) -> None:
    """Check every policy below ROOTS; exit with 3 when there are faults, or no policy at all.

    A policy lies at ROOT/TEAM/MODEL.yaml. Without ROOTS, those of the settings are checked, and whether the
    settings define every channel that is routed to.
    """
    from policies.load import load_policies
    from reports.shapes import checked_json

    if roots:
        fleet = load_policies(roots)
    else:
        from policies.routes import unknown_channels
        from registry.settings import load_settings

        settings = load_settings()
        roots = policy_roots(settings)
        fleet = load_policies(roots)
        astray = unknown_channels(fleet.policies, settings.channel_names)
        fleet = replace(fleet, faults=(*fleet.faults, *astray))
    if as_json:
        show_json(checked_json(fleet))
    else:
        for fault in fleet.faults:
            click.echo(str(fault))
        click.echo(_summary(len(fleet.policies), len(fleet.faults), roots))
    if fleet.faults or not fleet.policies:
        sys.exit(3)


@policy.command()
@click.argument("model")
@as_json
def show(model: str, *, as_json: bool) -> None:
    """Print MODEL's policy with every default filled in and marked; it is a valid policy file."""
    import yaml

    from policies.show import show as resolved
    from registry.settings import load_settings
    from reports.shapes import shown_json

    fleet = load_fleet(load_settings())
    by_model = {loaded.policy.model: loaded.policy for loaded in fleet.policies}
    broken = [str(fault) for fault in fleet.faults if fault.model in {model, None}]
    if model not in by_model and broken:
        raise PolicyInvalid("\n".join([f"the policy of {model} cannot be read:", *broken]))
    found = by_model[known(model, by_model, "the policies")]
    if as_json:
        show_json(shown_json(found, yaml.safe_load(resolved(found))))
    else:
        click.echo(resolved(found), nl=False)


@policy.command()
@click.option("--team", is_flag=True, help="The schema of team.yaml instead.")
def schema(*, team: bool) -> None:
    """Print the JSON Schema of policy files, for editors."""
    from policies.load import json_schema
    from policies.schema import PolicyFile, TeamFile

    show_json(json_schema(TeamFile if team else PolicyFile))


def _summary(models: int, faults: int, roots: tuple[Path, ...]) -> str:
    if models == faults == 0:
        where = ", ".join(str(root) for root in roots)
        return f"no policy below {where}; a policy lies at ROOT/TEAM/MODEL.yaml"
    well = f"{models} {'policy is' if models == 1 else 'policies are'} in order"
    return well if not faults else f"{well}, {faults} {'fault' if faults == 1 else 'faults'} to mend"
