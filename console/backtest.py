"""`muster backtest`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.fleet import load_fleet
from console.screen import show_json
from console.typed import MOMENT, policy_of
from profiles.errors import MusterError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from flows.backtest import Order
    from policies.load import LoadedPolicy
    from registry.settings import Settings
    from reports.backtested import Backtested

_FOLDER = "backtests"


@click.command()
@click.argument("models", metavar="[MODEL]...", nargs=-1)
@click.option(
    "--policy",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A policy file instead of models of the settings; it lies in a folder with its team's name.",
)
@click.option("--traffic", metavar="PATH", help="Recorded requests, instead of the policy's path.")
@click.option("--labels", metavar="PATH", help="Recorded outcomes, instead of the policy's path.")
@click.option(
    "--estimator",
    metavar="MODULE:FACTORY",
    help="A function without parameters that returns an unfitted scikit-learn estimator; default: that of "
    "the model's champion, as its retraining would clone it.",
)
@click.option(
    "--baseline-until",
    type=MOMENT,
    help="What lies before trains the first version; default: the first quarter of the time.",
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Begins all chance.")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    help="Where to write the page; a folder for several models. Default: MODEL-backtest.html.",
)
@click.option("as_json", "--json", is_flag=True, help="Print JSON of the shape in docs/backtest.md.")
def backtest(
    models: tuple[str, ...],
    *,
    file: Path | None,
    traffic: str | None,
    labels: str | None,
    estimator: str | None,
    baseline_until: datetime | None,
    seed: int,
    out: Path | None,
    as_json: bool,
) -> None:
    """Replay recorded traffic and labels: what would Muster have done, and what would it have been worth?

    The same steps as in production run on a simulated clock, in a state directory of their own; versions are
    fitted here. Beside the loop stand a model that is never retrained and one that is retrained by a fixed
    schedule, as often as Muster did. The same seed gives the same answer.
    """
    if bool(models) == (file is not None):
        raise click.UsageError("name either models or a file with --policy")
    if file is not None and estimator is None:
        raise click.UsageError("a file names no registered model to clone: give --estimator as well")
    if len(models) > 1 and (traffic or labels):
        raise click.UsageError("--traffic and --labels belong to a single model")
    from registry.settings import load_settings

    settings = load_settings()
    from flows.embedded import configure, one_shot

    configure(settings, quiet=True)
    # Prefect's temporary server makes its database, but not the folder it lies in.
    settings.prefect_home.mkdir(parents=True, exist_ok=True)
    loaded = _of_file(file) if file is not None else _of_models(models, settings)
    orders = [_order(each, settings, traffic, labels, estimator, baseline_until, seed) for each in loaded]
    with one_shot():
        found = _replayed(orders)
    pages = [_write(each, out, alone=len(found) == 1) for each in found]
    if as_json:
        from reports.backtest_shape import backtests_json

        show_json(backtests_json(found))
        return
    from reports.backtest_page import summary

    for each, page in zip(found, pages, strict=True):
        click.echo(summary(each))
        click.echo(f"wrote {page}")


def _replayed(orders: Sequence[Order]) -> list[Backtested]:
    from rich.console import Console

    from flows.backtest_flow import backtest_in_a_flow

    with Console(stderr=True).status("starting a temporary Prefect server") as status:
        return backtest_in_a_flow(
            orders, lambda model, at: status.update(f"{model}: replayed to {at:%Y-%m-%d %H:%M}")
        )


def _of_file(file: Path) -> list[LoadedPolicy]:
    """Return the policy of a single file; its team's defaults are those of the folder it lies in."""
    from policies.load import load_policies

    fleet = load_policies([file.absolute().parent.parent])
    wrong = [fault for fault in fleet.faults if fault.path.absolute() == file.absolute()]
    if wrong:
        raise MusterError("\n".join(str(fault) for fault in wrong))
    found = [each for each in fleet.policies if each.path.absolute() == file.absolute()]
    if not found:
        raise MusterError(f"{file} is no policy of a model; name a file such as policies/TEAM/MODEL.yaml")
    return found


def _of_models(models: tuple[str, ...], settings: Settings) -> list[LoadedPolicy]:
    fleet = load_fleet(settings)
    return [policy_of(model, fleet) for model in models]


def _order(
    loaded: LoadedPolicy,
    settings: Settings,
    traffic: str | None,
    labels: str | None,
    estimator: str | None,
    baseline_until: datetime | None,
    seed: int,
) -> Order:
    from flows.backtest import Order
    from flows.backtest_world import estimator_of, read_from
    from flows.champions_estimator import estimator_of_champion

    made = estimator_of_champion(loaded.policy, settings) if estimator is None else estimator_of(estimator)

    return Order(
        loaded=read_from(loaded, traffic, labels, settings.traffic_root),
        root=settings.traffic_root,
        estimator=made,
        state=settings.state / _FOLDER / loaded.policy.model,
        baseline_until=baseline_until,
        seed=seed,
    )


def _write(found: Backtested, out: Path | None, *, alone: bool) -> Path:
    from reports.backtest_page import backtest_page

    name = f"{found.model}-backtest.html"
    path = Path(name) if out is None else out / name if out.is_dir() or not alone else out
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(backtest_page(found), encoding="utf-8")
    except OSError as error:
        raise MusterError(f"cannot write {path}: {error.strerror}; choose another with --out") from error
    return path
