"""`make demo`: train on 2011, register, watch 2012 month by month, say what was seen."""

from __future__ import annotations

import os
import time
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.load import Fleet
    from policies.verdict import Verdict
    from profiles.window import Window
    from registry.settings import Settings

# Where output is piped or captured there is no width to go by; the README shows this one.
WIDTH = 150


def main() -> None:
    """Run the demonstration in the checkout's embedded state; running it again changes nothing."""
    began = time.monotonic()
    from registry.settings import load_settings

    settings = load_settings(_own_environment(), Path(__file__).parents[1])
    from flows.embedded import configure, one_shot

    configure(settings, quiet=True)
    from demo.bike import NAME, SERVED_IN, BikeDemand
    from policies.load import load_policies
    from registry.versions import MlflowVersions

    console = Console(width=None if Console().is_terminal else WIDTH, highlight=False)
    fleet = load_policies([Path(root) for root in settings.policies])
    fleet.raise_for_faults()
    console.print(
        "[bold]1.[/] Train a demand model on the hourly rentals of 2011; log what it answers in 2012."
    )
    story = BikeDemand(settings.traffic_root / "bike")
    story.write_logs()
    console.print("[bold]2.[/] Register it in MLflow with its baseline.")
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    served = versions.register(story.candidate(), alias="champion")
    console.print(f"   {served.name} version {served.version} serves as champion")
    console.print("[bold]3.[/] Watch 2012 as a schedule would have, a month at a time, by a Prefect flow:")
    with one_shot():
        _watch(console, fleet, settings, SERVED_IN)
    _conclude(console, settings, NAME)
    console.print(
        f"\nTook {time.monotonic() - began:.0f} s. The state lies in {_relative(settings.state)}; try:"
    )
    for command in (f"status {NAME}", f"why {NAME} 2012-10", f"policy show {NAME}"):
        console.print(f"  .venv/bin/muster {command}")


def _own_environment() -> dict[str, str]:
    """The environment without what a shell has set for another installation, but for where state goes."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_") or k in _KEPT}


_KEPT = {"MUSTER_STATE", "MUSTER_TRAFFIC_ROOT"}


def _watch(console: Console, fleet: Fleet, settings: Settings, served: Window) -> None:
    from flows.replay import replay
    from flows.world import open_world
    from reports.words import marked, span

    def tell(_model: str, now: datetime, verdicts: Sequence[Verdict]) -> None:
        seen = ", ".join(f"{span(verdict.window)} {marked(verdict)}" for verdict in verdicts)
        console.print(f"   on {now:%Y-%m-%d}: {seen or 'nothing due'}")

    by_model = {loaded.policy.model: loaded for loaded in fleet.policies}
    with console.status("starting a temporary Prefect server"):
        replay(by_model, open_world(settings), served.start, served.end, tell)


def _conclude(console: Console, settings: Settings, model: str) -> None:
    from registry.ledger import Ledger
    from reports.status import windows_table

    with Ledger.open(settings.database_url) as ledger:
        windows = ledger.windows(model)
        checked = ledger.verify()
    console.print()
    console.print(windows_table(model, windows))
    state = "intact" if checked.sound else "altered"
    console.print(f"\nThe ledger holds {checked.entries} entries in its hash chain, {state}.")


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    main()
