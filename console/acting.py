"""`muster rollback`, `promote`, `proposals`, `freeze`, `unfreeze`: none of them needs Prefect."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import click

from console.names import known
from console.screen import show
from console.typed import person

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from flows.carrying_out import Rollout
    from flows.world import World
    from registry.settings import Settings

_WAIT = click.option(
    "--wait",
    type=click.IntRange(0),
    default=60,
    show_default=True,
    help="Seconds to wait until the version was seen to answer.",
)
# Lines about acts that were only observed.
_OBSERVED = 10
# Done, and not verified yet.
_LOOK_AT_IT = 3


@click.command()
@click.argument("model")
@click.option("--reason", default="by hand", show_default=True, help="Why; it is kept and told.")
@click.option("--anyway", is_flag=True, help="Also when the earlier version does not pass its test.")
@_WAIT
def rollback(model: str, reason: str, *, anyway: bool, wait: int) -> None:
    """Restore the champion that MODEL had before its last promotion.

    Promotion is frozen until `muster unfreeze MODEL`. Works with Prefect and MLflow dead. Exits with 3 when
    the restored version was not seen to answer yet.
    """
    from flows.predicting import open_predictions
    from flows.rehearsing import preflight
    from flows.rolling_back import roll_back

    with _acting() as (world, rollout, settings), open_predictions(settings) as predict:
        _known(model, world)
        patience, fit = timedelta(seconds=wait), preflight(world, predict)
        done = roll_back(model, person(), reason, world, rollout, fit, anyway=anyway, patience=patience)
    _tell(done.said, verified=done.verified)


@click.command()
@click.argument("model")
@click.option("--version", help="The version that is to serve; by default what is proposed, or who contends.")
@click.option("--reason", default="by hand", show_default=True, help="Why; it is kept and told.")
@_WAIT
def promote(model: str, version: str | None, reason: str, *, wait: int) -> None:
    """Make a version of MODEL the champion: approves its proposal where there is one.

    Exits with 3 when the version was not seen to answer yet.
    """
    from flows.predicting import keep, open_copies
    from flows.promoting import approve, proposals
    from flows.promoting import promote as promoted
    from flows.rolling_back import policy_of

    patience = timedelta(seconds=wait)
    with _acting() as (world, rollout, settings):
        _known(model, world)
        waiting = [each for each in proposals(world, model) if version in {None, each.version}]
        if len(waiting) == 1:
            done = approve(waiting[0], person(), reason, world, rollout, patience)
        else:
            done = promoted(model, version, person(), reason, world, rollout, patience)
        kept = keep(policy_of(model, world), world.ledger, open_copies(settings))
    for sentence in kept:
        click.echo(sentence, err=True)
    _tell(done.said, verified=done.verified)


@click.command()
@click.argument("model", required=False)
def proposals(model: str | None) -> None:
    """Show the promotions that wait for a person, and what Muster would have done where it only observes.

    Of the latter the newest ten, with what they would have gained.
    """
    from flows.contest import contest
    from flows.promoting import proposals as waiting
    from reports.observed import observed_lines, observed_section

    with _acting() as (world, _, _):
        if model is not None:
            _known(model, world)
        told = [
            f"{contest(each, world)}\n\napprove: muster promote {each.model}"
            for each in waiting(world, model)
        ]
        observed = observed_lines(world.ledger.intents(model), world.ledger.grades(model), _OBSERVED)
    click.echo("\n\n".join(told) or "no promotion waits for a person")
    if observed:
        show(*observed_section(observed))


@click.command()
@click.argument("model", required=False)
@click.option("--team", help="All models of a team.")
@click.option("--all", "all_", is_flag=True, help="Everything.")
@click.option("--reason", default="by hand", show_default=True, help="Why; it is kept.")
def freeze(model: str | None, team: str | None, reason: str, *, all_: bool) -> None:
    """Stop everything that Muster would do of itself to MODEL, a team's models or anything.

    What a person does is not stopped. Needs neither Prefect nor MLflow.
    """
    _freeze(model, team, reason, all_=all_, frozen=True)


@click.command()
@click.argument("model", required=False)
@click.option("--team", help="All models of a team.")
@click.option("--all", "all_", is_flag=True, help="Everything.")
@click.option("--reason", default="by hand", show_default=True, help="Why; it is kept.")
def unfreeze(model: str | None, team: str | None, reason: str, *, all_: bool) -> None:
    """Let Muster act again on MODEL, a team's models or anything, as far as policies say."""
    _freeze(model, team, reason, all_=all_, frozen=False)


def _freeze(model: str | None, team: str | None, reason: str, *, all_: bool, frozen: bool) -> None:
    from flows.freezing import freeze_model, freeze_scope

    if [model is not None, team is not None, all_].count(True) != 1:
        raise click.UsageError("say one of MODEL, --team NAME and --all")
    with _acting() as (world, _, _):
        if model is not None:
            _known(model, world)
            done = freeze_model(model, person(), reason, world, frozen=frozen)
        else:
            if team is not None:
                known(team, {each.team for each in world.ledger.models()}, "the ledger's teams")
            done = freeze_scope("all" if all_ else f"team:{team}", person(), reason, world, frozen=frozen)
    click.echo(done.sentence)


@contextmanager
def _acting() -> Iterator[tuple[World, Rollout, Settings]]:
    from flows.rollout import open_rollout
    from flows.world import open_world
    from registry.settings import load_settings

    settings = load_settings()
    world = open_world(settings)
    try:
        yield world, open_rollout(settings), settings
    finally:
        world.ledger.close()


def _known(model: str, world: World) -> None:
    known(model, (row.model for row in world.ledger.models()), "the ledger")


def _tell(said: Sequence[str], *, verified: bool | None) -> None:
    for line in said:
        click.echo(line)
    if verified is False:
        sys.exit(_LOOK_AT_IT)
