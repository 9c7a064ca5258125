"""`muster up` and `muster down`."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any, TypeVar

import click

from profiles.errors import MusterError, PolicyInvalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from flows.services import Service, Supervisor
    from registry.settings import Settings

_Command = TypeVar("_Command", bound="Callable[..., Any]")
_PREFECT, _MLFLOW, _WORKER = 4200, 5000, 4201


def _port(option: str, default: int, what: str) -> Callable[[_Command], _Command]:
    return click.option(
        option,
        type=click.IntRange(1, 65535),
        default=default,
        show_default=True,
        metavar="PORT",
        help=f"Where {what} listens.",
    )


@click.command()
@_port("--prefect-port", _PREFECT, "the Prefect server")
@_port("--mlflow-port", _MLFLOW, "the MLflow server")
@_port("--worker-port", _WORKER, "the worker's health check")
def up(*, prefect_port: int, mlflow_port: int, worker_port: int) -> None:
    """Run all that Muster needs on this machine until Ctrl-C: Prefect, MLflow, a worker.

    The deployments are made equal to the policies. A Prefect server that PREFECT_API_URL names and an MLflow
    server that the settings name are used instead of own ones. The state stays when all of it ends.
    """
    from flows.services import Ports, Supervisor, prefect_api, services
    from flows.standing import standing
    from registry.settings import load_settings

    settings = load_settings()
    ports = Ports(prefect_port, mlflow_port, worker_port)
    api = prefect_api(ports, os.environ)
    start, there = services(settings, ports, os.environ)
    signal.signal(signal.SIGTERM, _as_interrupt)
    with standing(settings, api), Supervisor(settings.state / "logs") as running:
        try:
            for line in there:
                click.echo(f"using {line}")
            for service in start:
                if service is start[-1]:  # a worker needs its work pool, which comes with the deployments
                    _deploy(settings, api)
                running.start(service)
                click.echo(_said(service, running))
            click.echo("all is up; Ctrl-C or `muster down` ends it")
            running.watch()
        except KeyboardInterrupt:
            click.echo("\nending")
    click.echo("all is down; the state is kept")


@click.command()
def down() -> None:
    """End the `muster up` that runs over this state directory, from another terminal."""
    from flows.standing import end
    from registry.settings import load_settings

    settings = load_settings()
    click.echo("all is down; the state is kept" if end(settings) else f"nothing is up over {settings.state}")


def _said(service: Service, running: Supervisor) -> str:
    return f"{service.name:<14}  {service.address or 'ready':<22}  log: {running.log_of(service)}"


def _as_interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _deploy(settings: Settings, api: str) -> None:
    """Make the deployments equal to the policies; a faulty policy is told and stops nothing else."""
    os.environ["PREFECT_API_URL"] = api
    from console.apply import specs_of
    from flows.embedded import configure

    configure(settings, quiet=True)
    from flows.apply import carry_out, make_pool, plan
    from flows.orchestrator import orchestrator

    with orchestrator() as client:
        make_pool(settings.work_pool, client)
        try:
            todo = plan(specs_of(settings), client, instance=settings.instance)
        except PolicyInvalid as fault:
            click.echo(f"deployments left as they are: {fault}\nmend it, then run `muster apply`")
        except MusterError as fault:
            click.echo(f"deployments left as they are: {fault}")
        else:
            carry_out(todo, client, prune=False)
            wanted = len(todo.add) + len(todo.change) + len(todo.unchanged)
            click.echo(f"deployments     {wanted} in line with the policies")
