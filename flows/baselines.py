"""Setting what windows are compared with: a span of traffic becomes a version's baseline. No Prefect here."""

from collections.abc import Sequence
from dataclasses import replace

from flows.outcomes import outcome_baseline
from flows.slices import slice_baselines, slices_of
from flows.step import Watched, begin
from flows.world import World
from policies.load import LoadedPolicy
from policies.objectives.evidence import label_coverage
from profiles.errors import BaselineMissing, MusterError
from profiles.see import Seen, see, steadiness
from profiles.sketch import with_steadiness
from profiles.steadiness import sample_windows
from profiles.window import Window
from registry.adoption import adopt_unregistered, set_baseline
from registry.records import DEFAULT, PROPOSED, UNVERSIONED, Actor, Assignment, RegisteredBaseline


def begin_anyhow(loaded: LoadedPolicy, world: World, version: str = UNVERSIONED) -> Watched:
    """Begin watching a model; one that no model registry knows is served by `version` from now on."""
    try:
        return begin(loaded.policy, loaded.source, world)
    except BaselineMissing:
        recorded = world.ledger.current_policy(loaded.policy.model)
        if recorded is None:
            raise
        adopt_unregistered(loaded.policy, recorded.digest, version, world.ledger, world.clock())
        return Watched(loaded.policy, recorded.digest)


def propose_baseline(
    watched: Watched, period: Window, versions: Sequence[str], world: World
) -> RegisteredBaseline | None:
    """Register a period as the unconfirmed baseline of every version that has none, and return it.

    `versions` are those that the traffic names; without any it is the one that serves. None when none of
    them lacks a baseline. Raises MusterError when the period cannot serve as one.
    """
    model, ledger = watched.policy.model, world.ledger
    serving = _serving(watched, world)
    lacking = [v for v in versions or (str(serving.champion),) if ledger.baseline(model, v) is None]
    if not lacking:
        return None
    seen = _seen(watched, period, world)
    for version in lacking:
        made = _registered(watched, seen, period, version, PROPOSED, world)
        slices = _beside(made, seen, watched, world)
        actor = Actor("muster init", "muster")
        set_baseline(made, _serving(watched, world), actor, ledger, world.clock(), slices)
    return made


def baseline_of_period(
    watched: Watched, period: Window, name: str, actor: Actor, world: World
) -> RegisteredBaseline:
    """Register a period that a person has validated as a baseline, and return it.

    It belongs to the version that answered in the period, else to the one that serves. Raises MusterError
    when the period has too few rows, and LedgerConflict when the name is taken by another baseline.
    """
    seen = _seen(watched, period, world)
    serving = _serving(watched, world)
    made = _registered(watched, seen, period, seen.version or str(serving.champion), name, world)
    slices = _beside(made, seen, watched, world)
    set_baseline(made, serving, actor, world.ledger, world.clock(), slices)
    return made


def confirmed(watched: Watched, actor: Actor, world: World) -> tuple[RegisteredBaseline, ...]:
    """Make the proposed baselines the default of their versions, as they are, and return them.

    Raises BaselineMissing when none waits to be confirmed.
    """
    model, ledger = watched.policy.model, world.ledger
    every = ledger.baselines(model)
    defaults = {each.version for each in every if each.name == DEFAULT}
    waiting = [each for each in every if each.name == PROPOSED and each.version not in defaults]
    if not waiting:
        raise BaselineMissing(
            f"no baseline of {model} waits to be confirmed; name a period of traffic with --from and --to"
        )
    made = []
    for each in waiting:
        made.append(
            RegisteredBaseline(
                model,
                each.version,
                each.profile_digest,
                each.rows,
                each.kind,
                DEFAULT,
                each.period,
                each.scores,
                each.held_out,
            )
        )
        slices = slices_of(each, every, DEFAULT)
        set_baseline(made[-1], _serving(watched, world), actor, ledger, world.clock(), slices)
    return tuple(made)


def _beside(
    made: RegisteredBaseline, seen: Seen, watched: Watched, world: World
) -> tuple[RegisteredBaseline, ...]:
    """Return the baselines that belong to one: of its slices, and of its labels."""
    coverage = label_coverage(watched.policy)
    return (
        *slice_baselines(made, seen, world.profiles),
        *outcome_baseline(made, seen, coverage, world.profiles),
    )


def _seen(watched: Watched, period: Window, world: World) -> Seen:
    policy = watched.policy
    if period.end > world.clock():
        raise MusterError(f"the period {period} is not over yet; choose one that is")
    seen = see(world.sight(policy), period, world.clock())
    if seen.arrivals.rows < policy.minimum_rows:
        raise MusterError(
            f"{policy.model} has {seen.arrivals.rows} rows from {period.start:%Y-%m-%d %H:%M} to "
            f"{period.end:%Y-%m-%d %H:%M} UTC; a baseline needs {policy.minimum_rows}: choose a longer period"
        )
    if seen.profile is None:
        return seen
    steady = steadiness(world.sight(policy), sample_windows(period, policy.cadence))
    return replace(seen, profile=with_steadiness(seen.profile, steady, at=period.start))


def _registered(
    watched: Watched, seen: Seen, period: Window, version: str, name: str, world: World
) -> RegisteredBaseline:
    if seen.profile is None:
        raise MusterError(f"the rows of {period} gave no profile; choose another period")
    return RegisteredBaseline(
        model=watched.policy.model,
        version=version,
        profile_digest=world.profiles.put(seen.profile),
        rows=seen.arrivals.rows,
        kind="period",
        name=name,
        period=period,
        scores=seen.known,
    )


def _serving(watched: Watched, world: World) -> Assignment:
    assignment = world.ledger.assignment(watched.policy.model)
    if assignment is None or assignment.champion is None:
        raise BaselineMissing(
            f"nobody serves {watched.policy.model}, so no baseline can belong to its version"
        )
    return assignment
