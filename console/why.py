"""`muster why`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from console.names import known
from console.screen import as_json, show, show_json
from profiles.errors import MusterError

if TYPE_CHECKING:
    from registry.ledger import Ledger
    from registry.records import Judged


@click.command()
@click.argument("model")
@click.argument("window", required=False)
@as_json
def why(model: str, window: str | None, *, as_json: bool) -> None:
    """Explain MODEL's verdict on a WINDOW and recompute it (default: the newest window).

    WINDOW is the beginning of the window's start in UTC, such as 2012-10 or 2012-10-29T13. Of several that
    begin so, the most urgent one is explained.
    """
    from registry.ledger import Ledger
    from registry.profile_store import ProfileStore
    from registry.recompute import recompute
    from registry.settings import load_settings
    from reports.incidents import of_window
    from reports.observed import observed_of, observed_section
    from reports.shapes import why_json
    from reports.why import why_text

    settings = load_settings()
    with Ledger.open(settings.database_url) as ledger:
        known(model, (row.model for row in ledger.models()), "the ledger")
        judged = _newest(ledger, model) if window is None else _chosen(ledger, model, window)
        policy = ledger.policy(judged.policy_digest).policy
        counted = ledger.budget_counts(policy, judged.verdict.window)
        incidents = of_window(ledger.incidents(model), judged.verdict.window)
        observed = observed_of(judged.verdict.window, ledger.intents(model), ledger.grades(model))
    recomputed = recompute(judged, policy, ProfileStore(settings.profiles_root), counted)
    if as_json:
        show_json(why_json(judged, policy, recomputed, incidents))
    else:
        show(why_text(judged, policy, recomputed, incidents))
        if observed:
            show(*observed_section(observed))


def _newest(ledger: Ledger, model: str) -> Judged:
    judged = ledger.judged(model)
    if judged is None:
        raise MusterError(f"{model} has no judged window yet; it is watched when a window has closed")
    return judged


def _chosen(ledger: Ledger, model: str, start: str) -> Judged:
    """Return the most urgent of the windows whose start begins with `start`, the first of equals."""
    from reports.words import counted, moment, urgency

    windows = ledger.windows(model)
    spelled = start.strip().replace(" ", "T").removesuffix("Z")
    found = [each for each in windows if each.verdict.window.start.isoformat().startswith(spelled)]
    if spelled and found:
        chosen = min(found, key=lambda each: urgency(each.verdict))
        if len(found) > 1:
            said = (
                f"{counted(len(found), 'window')} of {model} start in {start}; this is the most urgent one:"
            )
            click.echo(said, err=True)
        return chosen
    newest = _newest(ledger, model).verdict.window.start
    raise MusterError(
        f"{model} has no window that starts in {start!r}; it has {counted(len(windows), 'window')}, starting "
        f"from {moment(windows[0].verdict.window.start)} to {moment(newest)}"
    )
