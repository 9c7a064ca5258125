"""`muster report`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.names import known
from console.progress import tracked
from profiles.errors import MusterError

if TYPE_CHECKING:
    from registry.ledger import Ledger
    from registry.settings import Settings
    from reports.pages import ModelSeen

_LAST = 120
_STRIP = 60  # windows of each model on the page of the fleet
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)


@click.command()
@click.argument("model", required=False)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write; with a folder and no MODEL, the fleet's page and one for each model.",
)
@click.option(
    "--last",
    type=click.IntRange(min=1),
    default=_LAST,
    show_default=True,
    help="How many windows of a model to show.",
)
def report(model: str | None, out: Path | None, last: int) -> None:
    """Write what was seen and judged as a page to look at and send on, of MODEL or the fleet.

    A page is one HTML file that needs nothing else: no network, no script, no Muster.
    """
    from registry.ledger import Ledger
    from registry.settings import load_settings
    from reports.pages import model_page

    settings = load_settings()
    with Ledger.open(settings.database_url) as ledger:
        if model is None:
            written = _fleet(ledger, settings, out, last)
        else:
            known(model, (row.model for row in ledger.models()), "the ledger")
            target = _file(out, f"{model}.html")
            written = _write(target, model_page(_seen(ledger, model, last)))
    click.echo(f"wrote {written}")


def _fleet(ledger: Ledger, settings: Settings, out: Path | None, last: int) -> str:
    """Write the page of the fleet, into a folder together with a page for each watched model."""
    from console.fleet import load_fleet
    from console.status import standings_of
    from reports.pages import fleet_page, model_page
    from reports.words import counted

    standings = standings_of(ledger, load_fleet(settings) if settings.policies else None)
    recent = {
        each.model: ledger.recent(each.model, _END_OF_TIME, _STRIP)
        for each in tracked(standings, "reading the ledger")
    }
    if out is None or not out.is_dir():
        return _write(_file(out, "fleet.html"), fleet_page(standings, recent, {}))
    pages = {each.model: f"{each.model}.html" for each in standings if each.judged is not None}
    for name, page in tracked(list(pages.items()), "writing pages"):
        _write(out / page, model_page(_seen(ledger, name, last)))
    _write(out / "index.html", fleet_page(standings, recent, pages))
    return f"{out / 'index.html'} and {counted(len(pages), 'page')} of models beside it"


def _seen(ledger: Ledger, model: str, last: int) -> ModelSeen:
    from reports.pages import ModelSeen

    return ModelSeen(
        model,
        ledger.current_policy(model),
        ledger.assignment(model),
        ledger.recent(model, _END_OF_TIME, last),
        ledger.transitions(model),
        ledger.incidents(model, open_only=True),
    )


def _file(out: Path | None, name: str) -> Path:
    if out is None:
        return Path(name)
    return out / name if out.is_dir() else out


def _write(path: Path, page: str) -> str:
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise MusterError(f"cannot write {path}: {error.strerror}; choose another with --out") from error
    return str(path)
