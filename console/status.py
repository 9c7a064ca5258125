"""`muster status`."""

from __future__ import annotations

import sys
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.names import known
from console.screen import as_json, show, show_json
from console.unwatched import recall_unwatched, tell_unwatched

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from policies.load import Fleet
    from policies.policy import FalsePages
    from registry.ledger import Ledger
    from registry.records import Judged
    from registry.settings import Settings
    from reports.status import Pages, Standing

_LAST = 30
_OBSERVED = 5  # acts that were only observed
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


@click.command()
@click.argument("model", required=False)
@as_json
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=_LAST,
    show_default=True,
    help="How many windows of MODEL to show.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="Exit with 3 when a model is breached or could not be measured.",
)
@click.option(
    "--unwatched",
    is_flag=True,
    help="List what no policy watches: registered models, folders of rows.",
)
def status(model: str | None, *, as_json: bool, last: int, exit_code: bool, unwatched: bool) -> None:
    """Show who serves and how every model stands, or one MODEL window by window.

    The most urgent models come first, the windows of a MODEL in the order of time.
    """
    if unwatched and model is not None:
        raise click.UsageError("--unwatched is about the fleet, and takes no MODEL")
    from registry.ledger import Ledger
    from registry.settings import load_settings

    settings = load_settings()
    if unwatched:
        if tell_unwatched(settings, as_json=as_json) and exit_code:
            sys.exit(3)
        return
    with Ledger.open(settings.database_url) as ledger:
        if model is None:
            bad = _fleet(ledger, settings, as_json=as_json)
        else:
            bad = _model(ledger, model, last, as_json=as_json)
    if exit_code and bad:
        sys.exit(3)


def _fleet(ledger: Ledger, settings: Settings, *, as_json: bool) -> bool:
    """Show the fleet; return whether a model stands badly."""
    from reports.shapes import fleet_json
    from reports.status import fleet_summary, fleet_table

    fleet = load_fleet(settings) if settings.policies else None
    standings = standings_of(ledger, fleet)
    if as_json:
        show_json(fleet_json(standings))
    elif standings:
        show(fleet_table(standings), "", fleet_summary(standings))
    else:
        click.echo("no model yet; check the policies with `muster policy check`")
    if not as_json:
        recall_unwatched(settings)
    if fleet is not None and fleet.faults:
        click.echo(f"{len(fleet.faults)} faults in the policy files: see `muster policy check`", err=as_json)
    return any(each.judged is not None and _badly(each.judged) for each in standings)


def standings_of(ledger: Ledger, fleet: Fleet | None) -> list[Standing]:
    """Return every model that the ledger or a policy knows, by name."""
    from reports.incidents import news
    from reports.status import Standing

    judged = {each.verdict.model: each for each in ledger.latest()}
    incidents = ledger.incidents(open_only=True)
    still_open = Counter(incident.model for incident in incidents)
    said = {each.model: f"{each.kind}: {note}" for each in incidents if (note := news(each)) is not None}
    opened = ledger.openings()
    accepted = (
        {} if fleet is None else {each.policy.model: each.policy.false_pages for each in fleet.policies}
    )
    teams = {row.model: row.team for row in ledger.models()}
    notes: Mapping[str, str] = {}
    if fleet is not None:
        promised = {loaded.policy.model: loaded.policy.team for loaded in fleet.policies}
        broken = {fault.model for fault in fleet.faults}
        notes = {
            model: "its policy has faults" if model in broken or None in broken else "no policy names it now"
            for model in teams.keys() - promised.keys()
        }
        teams = {**teams, **promised}
    standings = []
    for model in sorted(teams):
        assignment = ledger.assignment(model)
        serves = None if assignment is None else assignment.champion
        note = notes.get(model) or _unconfirmed(judged.get(model)) or said.get(model)
        if assignment is not None and (assignment.challenger or assignment.bake_until):
            note = "; ".join([*_contending(ledger, model), *([note] if note else [])])
        pages = _pages(judged.get(model), accepted.get(model), opened.get(model, ()))
        standings.append(
            Standing(model, teams[model], serves, judged.get(model), note, still_open[model], pages)
        )
    return standings


def _pages(judged: Judged | None, accepted: FalsePages | None, opened: Sequence[datetime]) -> Pages | None:
    """Return what was spent of the pages that a policy accepts in its span before the newest window's end."""
    from reports.status import Pages

    if judged is None or accepted is None:
        return None
    since = judged.verdict.window.end - accepted.over
    return Pages(sum(at >= since for at in opened), accepted.allow, accepted.over)


def _contending(ledger: Ledger, model: str) -> Sequence[str]:
    """Return how each version stands that has to prove itself, in few words."""
    from flows.shadow import standings
    from flows.world import wall_clock
    from reports.contests import contest_said

    recorded = ledger.current_policy(model)
    if recorded is None:
        return ()
    splits = recorded.policy.target.splits
    found = standings(recorded.policy, ledger, wall_clock(), can_split=splits)
    return [contest_said(each.contest, each.answer, each.rows) for each in found]


def _unconfirmed(judged: Judged | None) -> str | None:
    from registry.records import PROPOSED

    baseline = None if judged is None else judged.reading.baseline
    return "its baseline is unconfirmed" if baseline is not None and baseline.name == PROPOSED else None


def _model(ledger: Ledger, model: str, last: int, *, as_json: bool) -> bool:
    """Show one model's last windows; return whether the newest stands badly."""
    from reports.observed import observed_lines, observed_section
    from reports.shapes import windows_json
    from reports.status import windows_table

    known(model, (row.model for row in ledger.models()), "the ledger")
    found = ledger.recent(model, _END_OF_TIME, last + 1)
    judged: Sequence[Judged] = found[-last:]
    if as_json:
        show_json(windows_json(model, judged))
    elif not judged:
        click.echo(f"{model} has no judged window yet; it is watched when a window has closed")
    else:
        show(windows_table(model, judged))
        if len(found) > last:
            click.echo(f"\nThere are earlier windows; `--last {2 * last}` shows more of them.")
        observed = observed_lines(ledger.intents(model), ledger.grades(model), _OBSERVED)
        if observed:
            show(*observed_section(observed))
    return bool(judged) and _badly(judged[-1])


def _badly(judged: Judged) -> bool:
    return judged.verdict.status in {"breached", "errored"}
