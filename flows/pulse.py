"""The pulse: whether every feed is alive, minutes after it stopped, without profiling a row."""

from dataclasses import replace
from datetime import datetime

from prefect import flow, get_run_logger, task
from prefect.cache_policies import NO_CACHE
from prefect.states import State
from prefect.task_runners import ThreadPoolTaskRunner
from prefect.utilities.annotations import quote

from flows.reconcile import tell_now
from flows.run import THREADS, fleet_of_settings, flow_run_id, outcome, scheduled, world_of
from flows.world import World
from policies.load import LoadedPolicy
from policies.policy import Freshness
from policies.pulse import Pulse, furthest_back
from profiles.errors import TrafficUnavailable
from profiles.see import last_seen
from registry.settings import load_settings


@task(name="pulse-model", task_run_name="pulse-{model}", cache_policy=NO_CACHE)
def pulse_model(model: str, now: datetime, loaded: LoadedPolicy) -> list[str]:
    """Look at the feed of `model` at `now`; return what the ledger's open incidents say of it then."""
    world = replace(world_of(load_settings()), clock=lambda: now, flow_run=flow_run_id())
    pulse = take_pulse(loaded, world)
    if pulse is None:
        return []
    newest = "none since" if pulse.newest is None else "newest row from"
    said = pulse.fault or f"{newest} {pulse.newest or pulse.since:%Y-%m-%d %H:%M} UTC"
    get_run_logger().info("%s: %s", model, said)
    return [said]


def take_pulse(loaded: LoadedPolicy, world: World) -> Pulse | None:
    """Look for a feed's newest row, and record what that changes; None without an objective of freshness.

    At most the limit's worth of rows and one window more are looked through. The same pulse again leaves
    nothing new.
    """
    policy, at = loaded.policy, world.clock()
    if policy.freshness is None:
        return None
    digest = world.ledger.record_policy(policy, loaded.source, at=at)
    pulse = _looked(loaded, policy.freshness, at, world)
    world.ledger.record_pulse(pulse, policy, digest)
    return pulse


def _looked(loaded: LoadedPolicy, target: Freshness, at: datetime, world: World) -> Pulse:
    policy = loaded.policy
    since = furthest_back(policy, target, at)
    try:
        return Pulse(policy.model, at, since, newest=last_seen(world.sight(policy), since, at))
    except TrafficUnavailable as error:
        return Pulse(policy.model, at, since, fault=str(error))


@flow(
    name="pulse",
    flow_run_name="pulse-fleet",
    task_runner=ThreadPoolTaskRunner(max_workers=THREADS),
)
def pulse_fleet(team: str = "") -> State:
    """Look at every feed whose policy promises freshness; empty means every team.

    One model's fault fails its own task and this run's final state, and never keeps another from its pulse.
    """
    now = scheduled()
    fleet = fleet_of_settings()
    mine = [
        loaded
        for loaded in fleet.policies
        if loaded.policy.freshness is not None and team in {"", loaded.policy.team}
    ]
    runs = [pulse_model.submit(loaded.policy.model, now, quote(loaded)) for loaded in mine]
    ended = outcome("looked at", mine, runs, fleet)
    tell_now()
    return ended
