"""`make demo`: train a fleet, register it, watch its traffic on simulated clocks, say what was seen."""

from __future__ import annotations

import os
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from flows.world import World
    from policies.load import LoadedPolicy
    from policies.verdict import Verdict
    from profiles.window import Window
    from registry.settings import Settings

# Where output is piped or captured there is no width to go by; the README shows this one.
WIDTH = 150
CHECKOUT = Path(__file__).parents[1]
# By then every model whose data are of these years has been watched: time for a first look.
_FIRST_LOOK = datetime(2014, 1, 1, tzinfo=UTC)
_KEPT = {"MUSTER_STATE", "MUSTER_TRAFFIC_ROOT"}


def main() -> None:
    """Run the demonstration in the checkout's embedded state; running it again changes nothing."""
    began = time.monotonic()
    from registry.settings import load_settings

    settings = load_settings(_own_environment(), CHECKOUT)
    from flows.embedded import configure, one_shot

    configure(settings, quiet=True)
    from demo.fleet import FLEET

    console = Console(width=None if Console().is_terminal else WIDTH, highlight=False)
    fleet = _policies(FLEET)
    teams = Counter(loaded.policy.team for loaded in fleet.values())
    console.print(
        f"[bold]1.[/] Train {len(FLEET)} models of {len(teams)} teams on the first part of their data, "
        "log what they answer to the rest,\n   and register them in MLflow with their baselines."
    )
    _make(console, fleet, settings)
    console.print("[bold]2.[/] Watch every window when a schedule would have, by a Prefect flow:")
    with one_shot():
        _watch(console, fleet, settings)
        _conclude(console, settings)
        _live(console, settings)
    _check(console, settings)
    console.print(f"\nTook {time.monotonic() - began:.0f} s. The state lies in {_relative(settings.state)}.")
    _say_next(console, settings)


def _own_environment() -> dict[str, str]:
    """The environment without what a shell has set for another installation, but for where state goes."""
    return {k: v for k, v in os.environ.items() if not k.startswith("MUSTER_") or k in _KEPT}


def _policies(models: Collection[str]) -> Mapping[str, LoadedPolicy]:
    """Return the policies of the demonstration's own models; whoever tries `muster init` adds others."""
    from policies.load import load_policies

    found = load_policies([CHECKOUT / "demo" / "policies"])
    found.raise_for_faults()
    return {each.policy.model: each for each in found.policies if each.policy.model in models}


def _make(console: Console, fleet: Mapping[str, LoadedPolicy], settings: Settings) -> None:
    """Make every model that nobody has made before."""
    from demo.fleet import FLEET
    from demo.making import Making
    from registry.versions import MlflowVersions

    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    with console.status("making models") as status:
        for number, model in enumerate(FLEET.values(), 1):
            logged = (settings.traffic_root / model.folder).is_dir()
            if logged and versions.served(model.name, "champion") is not None:
                continue
            status.update(f"making {model.name}, {number} of {len(FLEET)}")
            policy = fleet[model.name].policy
            making = Making(model, policy.cadence, policy.traffic)
            making.write_logs(settings.traffic_root)
            versions.register(making.candidate(), alias="champion")


def _watch(console: Console, fleet: Mapping[str, LoadedPolicy], settings: Settings) -> None:
    from demo.fleet import FLEET
    from flows.replay import replay
    from flows.world import open_world

    world = open_world(settings)
    with world.ledger, console.status("starting a temporary Prefect server") as status:
        left = {each: loaded for each, loaded in fleet.items() if _is_due(loaded, FLEET[each].serves, world)}
        windows, looked = 0, False

        def tell(model: str, now: datetime, verdicts: Sequence[Verdict]) -> None:
            nonlocal windows, looked
            if now >= _FIRST_LOOK and not looked:
                looked = True
                console.print("   The fleet so far, at the end of what happened before 2014:\n")
                _show_fleet(console, world)
                console.print()
            windows += len(verdicts)
            status.update(f"{now:%Y-%m-%d %H:%M} {model}: {windows} readings so far")

        spans = {model: FLEET[model].serves for model in left}
        replay(left, world, spans, tell, {model: spans[model] for model in left if FLEET[model].pulsed})
    said = f"{windows} readings: each window when it closed, and again when its labels were complete"
    console.print(f"   {said if left else 'nothing is due: all windows were watched before'}")


def _live(console: Console, settings: Settings) -> None:
    """Let the models live that Muster may act on, and tell what became of them."""
    from demo.lives.living import living
    from demo.lives.models import LIVES
    from demo.lives.told import read_story, story_table
    from flows.replay import replay
    from flows.world import open_world

    console.print(
        f"\n[bold]3.[/] Let Muster act on {len(LIVES)} more models, each of which meets something else:\n"
    )
    world, fleet = open_world(settings), _policies(LIVES)
    with world.ledger, console.status("registering models") as status:
        spans = {each: life.model.serves for each, life in LIVES.items()}
        if any(_is_due(loaded, spans[each], world) for each, loaded in fleet.items()):

            def tell(model: str, now: datetime, _verdicts: Sequence[Verdict]) -> None:
                status.update(f"{now:%Y-%m-%d %H:%M} {model}")

            with living(LIVES, fleet, world, settings, lambda _line: None) as lived:
                replay(fleet, world, spans, tell, before=lived.before, after=lived.after)
        console.print(story_table([read_story(world.ledger, each) for each in LIVES]))


def _is_due(loaded: LoadedPolicy, span: Window, world: World) -> bool:
    """Say whether a model has windows left to watch, now that all of its traffic is there."""
    from dataclasses import replace

    from flows.replay import ticks
    from flows.step import Watched, due

    *_, last = ticks(loaded.policy, span.start, span.end)
    if world.ledger.watermark(loaded.policy.model) is None:
        return True
    return bool(due(Watched(loaded.policy, ""), replace(world, clock=lambda: last)))


def _show_fleet(console: Console, world: World) -> None:
    from demo.story import fleet_table, read_chapter

    models = sorted(row.model for row in world.ledger.models())
    console.print(fleet_table([read_chapter(world.ledger, model) for model in models]))


def _conclude(console: Console, settings: Settings) -> None:
    from demo.fleet import FLEET
    from demo.story import fleet_table, read_chapter, sentences
    from registry.ledger import Ledger

    with Ledger.open(settings.database_url) as ledger:
        chapters = [read_chapter(ledger, model) for model in sorted(FLEET)]
    console.print()
    for sentence in sentences(chapters):
        console.print(sentence)
    console.print()
    console.print(fleet_table(chapters))


def _check(console: Console, settings: Settings) -> None:
    from registry.ledger import Ledger

    with Ledger.open(settings.database_url) as ledger:
        checked = ledger.verify()
    state = "intact" if checked.sound else "altered"
    console.print(f"\nThe ledger holds {checked.entries:,} entries in {checked.chains} hash chains, {state}.")


def _say_next(console: Console, settings: Settings) -> None:
    from demo.fleet import FLEET

    logs = _relative(settings.traffic_root) / FLEET["pricing.bike-rides"].folder
    console.print("Look closer:")
    for command in ("status", "why pricing.bike-demand 2012-10", "why pricing.bike-rides 2025-10-13"):
        console.print(f"  .venv/bin/muster {command}")
    console.print("Begin with a model of your own; put your paths in place of these:")
    console.print(
        f"  .venv/bin/muster init --traffic {logs}/traffic --labels {logs}/labels --model pricing.mine",
        soft_wrap=True,
    )


def _relative(path: Path) -> Path:
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


if __name__ == "__main__":
    main()
