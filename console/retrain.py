"""`muster retrain`."""

from __future__ import annotations

import os
import sys

import click

from console.fleet import load_fleet
from console.screen import as_json, show_json
from console.typed import person, policy_of


@click.command()
@click.argument("model")
@click.option("--reason", default="by hand", show_default=True, help="Why, for the ledger.")
@as_json
def retrain(model: str, *, reason: str, as_json: bool) -> None:
    """Retrain MODEL here and now, without Prefect, and let a better challenger answer in shadow.

    Labelled rows are validated, each recipe of the policy is fitted, and the best is compared with the
    champion on the same later rows. Exits with 3 when there is no challenger; the reason is told.
    """
    from flows.retrain_waiting import retrain_waiting, wanted
    from flows.retraining import Retrained, result_of
    from flows.step import begin
    from flows.trainers import retrain_ports
    from flows.world import open_world
    from registry.settings import load_settings

    settings = load_settings()
    loaded = policy_of(model, load_fleet(settings))
    world = open_world(settings)
    with world.ledger, retrain_ports(settings, world) as ports:
        at, actor = world.clock(), person()
        watched = begin(loaded.policy, loaded.source, world)
        world.ledger.record_intents([wanted(loaded.policy, actor, reason, at)], watched.policy_digest, at)
        ended = retrain_waiting(loaded, world, ports, f"{actor.name}, process {os.getpid()}")
    if as_json:
        show_json({"model": model, "retrainings": [result_of(each)[2] for each in ended]})
    for each in ended if not as_json else ():
        click.echo(f"{model}: {each.sentence}")
    if not ended and not as_json:
        click.echo(f"{model}: it is being retrained by somebody else, or was asked for a minute ago already")
    if not any(isinstance(each, Retrained) for each in ended):
        sys.exit(3)
