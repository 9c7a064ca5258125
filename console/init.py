"""`muster init`."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from console.progress import passing, tracked
from profiles.errors import MusterError

if TYPE_CHECKING:
    from flows.begin import Inferred
    from flows.step import Watched
    from flows.world import World
    from policies.draft import Draft
    from policies.load import LoadedPolicy
    from profiles.window import Window
    from registry.records import RegisteredBaseline
    from registry.settings import Settings

_FOLDER = "policies"
_CONFIG = "muster.toml"
_MOST = 200  # windows of the sample that are judged at once
_FRESH = 3  # windows since its end after which a sample is an old one


@click.command()
@click.option(
    "--traffic", metavar="PATH", help="Sample of the prediction log: a folder, file, glob or address."
)
@click.option("--labels", metavar="PATH", help="Sample of the stream of outcomes.")
@click.option(
    "--model", metavar="NAME", help="The model's name, with or without its team; default: the path's."
)
@click.option("--team", metavar="TEAM", help="The team it belongs to; default: the only one there is.")
@click.option(
    "--to", "root", metavar="ROOT", type=click.Path(file_okay=False, path_type=Path), help="Policy root."
)
@click.option(
    "--from-mlflow", is_flag=True, help="Write a policy for every version that MLflow serves instead."
)
def init(
    *,
    traffic: str | None,
    labels: str | None,
    model: str | None,
    team: str | None,
    root: Path | None,
    from_mlflow: bool,
) -> None:
    """Write a policy from a sample of a model's traffic, and judge the sample's windows at once.

    Every guess stands in the file with its reason. Exits with 3 when something has to be filled in.
    """
    if from_mlflow == (traffic is not None):
        raise click.UsageError("say either --traffic PATH or --from-mlflow")
    if from_mlflow and (labels is not None or model is not None):
        raise click.UsageError("--labels and --model belong to --traffic")
    from registry.settings import load_settings

    settings = load_settings()
    root = _root(root, settings)
    unsettled = _unsettled(root, settings)
    if traffic is None:
        _from_mlflow(settings, root, team, unsettled=unsettled)
        return
    from flows.begin import infer
    from flows.place import Place

    place = Place.of(traffic, settings.traffic_root)
    outcomes = None if labels is None else Place.of(labels, settings.traffic_root)
    name = _full_name(model, team, traffic, root)
    _refuse_existing(_file(root, name))
    inferred = infer(
        name, place, outcomes, settings.traffic_root, lambda each: passing(each, "reading the sample")
    )
    loaded = _written(inferred.draft, root, _head(inferred))
    if unsettled:
        _settle(root)
    click.echo(f"wrote {loaded.path}, from {_seen(inferred)}; each guess has its reason in it")
    _tell_gaps(inferred, loaded)
    _begin(settings, loaded, inferred)


def _begin(settings: Settings, loaded: LoadedPolicy, inferred: Inferred) -> None:
    """Propose a baseline, judge the sample's windows, and say what to do next."""
    from flows.baselines import begin_anyhow, propose_baseline
    from flows.step import step
    from flows.world import open_world
    from reports.summary import summary

    world = open_world(settings)
    with world.ledger:
        watched = begin_anyhow(loaded, world, *inferred.versions[-1:])
        found = inferred.rhythm
        quiet = None if found is None or found.quiet is None else found.quiet
        proposed = None if quiet is None else propose_baseline(watched, quiet.value, inferred.versions, world)
        _tell_baseline(loaded.policy.model, proposed)
        windows = _closed(inferred, world, watched)
        judged = windows[-_MOST:]
        verdicts = [step(watched, window, world) for window in tracked(judged, "judging the sample")]
    if len(judged) < len(windows):
        click.echo(f"judged the newest {len(judged)} of the sample's {len(windows):,} windows")
    click.echo(summary(verdicts, loaded.policy))
    _tell_next(loaded.policy.model, judged, watched, world)


def _closed(inferred: Inferred, world: World, watched: Watched) -> tuple[Window, ...]:
    now = world.clock() - watched.policy.allowed_lateness
    windows = () if inferred.rhythm is None else inferred.rhythm.windows
    return tuple(window for window in windows if window.end <= now)


def _tell_baseline(model: str, proposed: RegisteredBaseline | None) -> None:
    if proposed is None or proposed.period is None:
        return
    from reports.words import span

    click.echo(
        f"baseline, unconfirmed: {proposed.rows:,} rows of {span(proposed.period)}, when it was quiet; "
        f"confirm it: muster baseline set {model}"
    )


def _tell_next(model: str, judged: Sequence[Window], watched: Watched, world: World) -> None:
    """Print the next two commands: the second watches the newest windows again where the sample is old."""
    click.echo("next:")
    cadence = watched.policy.cadence
    old = (
        judged and world.clock() - judged[-1].end > _FRESH * cadence.length + watched.policy.allowed_lateness
    )
    if old:
        since = judged[-min(len(judged), _FRESH)].start
        click.echo(
            f"  muster watch {model} --from {since:%Y-%m-%dT%H:%MZ} --to {judged[-1].end:%Y-%m-%dT%H:%MZ}"
        )
    else:
        click.echo(f"  muster watch {model}")
    click.echo(f"  muster status {model}")


def _tell_gaps(inferred: Inferred, loaded: LoadedPolicy) -> None:
    """Name the lines to fill in and what comes then; ends the command with 3 when there is one."""
    gaps = inferred.draft.gaps
    if not gaps:
        return
    _echo_gaps(inferred.draft)
    model = loaded.policy.model
    quiet = None if inferred.rhythm is None else inferred.rhythm.quiet
    times = "--from TIME --to TIME"
    if quiet is not None:
        times = f"--from {quiet.value.start:%Y-%m-%dT%H:%MZ} --to {quiet.value.end:%Y-%m-%dT%H:%MZ}"
    click.echo("then:")
    click.echo(f"  muster baseline set {model} {times}")
    click.echo(f"  muster watch {model}")
    sys.exit(3)


def _echo_gaps(draft: Draft) -> None:
    for line in draft.gaps:
        click.echo(f"fill in {line.key}: {line.fill_in}")


def _from_mlflow(settings: Settings, root: Path, team: str | None, *, unsettled: bool) -> None:
    """Write a file for every served version that has none; ends with 3, because paths are to be filled in."""
    from flows.begin import draft_of_version
    from policies.draft import fitting_name
    from registry.versions import MlflowVersions

    found = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts).aliased()
    if not found:
        raise MusterError(
            f"no version has an alias in the model registry at {settings.mlflow_uri}; "
            "set MUSTER_MLFLOW_URI, or begin with --traffic"
        )
    team = team or _only_team(root)
    wrote = 0
    for each in found:
        name = each.served.name
        stem = name if sum(other.served.name == name for other in found) == 1 else f"{name}-{each.alias}"
        own, _, rest = stem.rpartition(".")
        model = f"{fitting_name(own, team) if own else team}.{fitting_name(rest, 'model')}"
        path = _file(root, model)
        if path.exists():
            click.echo(f"kept  {path}")
            continue
        draft = draft_of_version(model, name, each.alias, each.features, each.task)
        head = [f"Written by `muster init` from version {each.served.version} of {name} under {each.alias}."]
        _written(draft, root, head)
        wrote += 1
        click.echo(f"wrote {path}: version {each.served.version} of {name}, {each.alias}")
    if unsettled:
        _settle(root)
    if wrote:
        _echo_gaps(draft)
        click.echo(
            "fill these lines in, in each of the files; then:\n  muster policy check\n  muster watch MODEL"
        )
        sys.exit(3)


def _written(draft: Draft, root: Path, head: Sequence[str]) -> LoadedPolicy:
    """Write a draft and return it as the loader reads it; it must hold, or nothing is left behind."""
    from policies.load import load_policies

    path = _file(root, draft.model)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draft.text(head), encoding="utf-8")
    fleet = load_policies([root])
    loaded = next((each for each in fleet.policies if each.policy.model == draft.model), None)
    if loaded is None:
        faults = [str(fault) for fault in fleet.faults if fault.path.parent == path.parent]
        path.unlink()
        raise MusterError("\n".join([f"{path} would not be a valid policy, so it was not kept:", *faults]))
    return loaded


def _head(inferred: Inferred) -> list[str]:
    return [
        f"Written by `muster init` from {_seen(inferred)}. Correct what is wrong.",
        f"Everything else has a default: `muster policy show {inferred.draft.model}`.",
    ]


def _seen(inferred: Inferred) -> str:
    part = "" if inferred.whole else " of its files' beginnings, because there are many more"
    return f"{inferred.rows:,} rows{part}"


def _full_name(model: str | None, team: str | None, traffic: str, root: Path) -> str:
    from policies.draft import fitting_name

    own, _, rest = (model or "").rpartition(".")
    if own and team and own != team:
        raise click.UsageError(f"--model says team {own}, and --team says {team}")
    if not rest:
        parts = [part for part in traffic.replace("\\", "/").split("/") if part and "*" not in part]
        rest = fitting_name(parts[-1].split(".")[0] if parts else "", "model")
    return f"{own or team or _only_team(root)}.{rest}"


def _only_team(root: Path) -> str:
    teams = (
        [each.name for each in root.iterdir() if each.is_dir() and each.name[0] != "."]
        if root.is_dir()
        else []
    )
    if len(teams) > 1:
        raise click.UsageError(f"say --team; there are {', '.join(sorted(teams))}")
    return teams[0] if teams else "team"


def _root(root: Path | None, settings: Settings) -> Path:
    return root or (Path(settings.policies[0]) if settings.policies else Path.cwd() / _FOLDER)


def _file(root: Path, model: str) -> Path:
    team, _, name = model.partition(".")
    return root / team / f"{name}.yaml"


def _refuse_existing(path: Path) -> None:
    if path.exists():
        raise MusterError(f"{path} is there already; remove it, or give the model another name with --model")


def _unsettled(root: Path, settings: Settings) -> bool:
    """Say whether a muster.toml has to be written, so that other commands find the root's policies.

    Raises MusterError where there is one that names other roots: it is a person's file.
    """
    if root.resolve() in {Path(each).resolve() for each in settings.policies}:
        return False
    here = Path.cwd()
    if "MUSTER_CONFIG" in os.environ or any((f / _CONFIG).is_file() for f in (here, *here.parents)):
        raise MusterError(
            f'the settings do not look for policies in {root}; add "{root.resolve()}" to `policies` in '
            f"{_CONFIG}, or leave --to out"
        )
    return True


def _settle(root: Path) -> None:
    here = Path.cwd()
    found = root.resolve()
    written = found.relative_to(here) if found.is_relative_to(here) else found
    (here / _CONFIG).write_text(f"policies = [{json.dumps(written.as_posix())}]\n", encoding="utf-8")
    click.echo(f"wrote {_CONFIG}, so that every command in this folder finds its policies")
