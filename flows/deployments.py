"""What Prefect has to run for a fleet of policies: a handful of scheduled flows, and nothing else.

Pure: specifications in, no server, no clock. `flows.apply` carries them to a server and
`flows.prefect_yaml` writes the same ones down for `prefect deploy --all`.
"""

import hashlib
from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby
from math import gcd
from zlib import crc32

from flows.acting_deployments import acting_deployments
from flows.deployment_spec import DeploymentSpec, for_fleet, instance_tag, origin
from policies.policy import Policy
from profiles.window import Cadence, spelled

__all__ = ["SCHEDULE_SLUG", "DeploymentSpec", "cron_for", "deployments_for", "instance_tag", "shard_of"]

WATCH_FLOW = "watch"
WATCH_ENTRYPOINT = "flows.watch.watch_team"
PULSE_FLOW = "pulse"
PULSE_ENTRYPOINT = "flows.pulse.pulse_fleet"
PULSE_CRON = "*/5 * * * *"
RECONCILE_FLOW = "reconcile"
RECONCILE_ENTRYPOINT = "flows.reconcile.reconcile_fleet"
# Between two pulses: a worker's processor is busy for ten seconds with every run.
RECONCILE_CRON = "2-59/5 * * * *"
SCHEDULE_SLUG = "cadence"

_MINUTE = timedelta(minutes=1)
_HOUR, _DAY, _WEEK = 60, 24 * 60, 7 * 24 * 60
# Every month has this many days; a cron line that names a later day skips short months.
_MONTH_DAYS = 28
# A table longer than this is no longer read by anybody.
_LISTED_MODELS = 30


def shard_of(model: str, shards: int) -> int:
    """Return which of `shards` watches a model (0-based): CRC-32 of its name, modulo `shards`.

    Only the name counts, so a model stays in its shard when its neighbours come and go.
    """
    return crc32(model.encode()) % shards


def deployments_for(
    policies: Sequence[Policy], *, instance: str, work_pool: str, shard_size: int = 200
) -> tuple[DeploymentSpec, ...]:
    """Return the deployments that a fleet of policies needs, ordered by name.

    One per team and cadence watches all models of that team; a team with more than `shard_size` of them
    gets as many shards as it needs. The first shard keeps the plain name, so that a team which outgrows
    one shard changes its deployment instead of leaving an old one behind that watches everything twice.
    Where a policy promises freshness, one more takes the pulse of the whole fleet. Another finishes what is
    due. What acts on a model is in `flows.acting_deployments`.
    """

    def team_and_cadence(policy: Policy) -> tuple[str, str]:
        return policy.team, policy.cadence.text

    specs = []
    ordered = sorted(policies, key=lambda policy: (*team_and_cadence(policy), policy.model))
    for _, group in groupby(ordered, key=team_and_cadence):
        members = list(group)
        shards = -(-len(members) // shard_size)
        for shard in range(shards):
            watched = [member for member in members if shard_of(member.model, shards) == shard]
            if watched:
                specs.append(_watch(watched, shard, shards, instance, work_pool))
    if any(policy.freshness is not None for policy in policies):
        specs.append(_pulse(instance, work_pool))
    if policies:
        specs.append(_reconcile(instance, work_pool))
    specs += acting_deployments(policies, instance, work_pool)
    return tuple(sorted(specs, key=lambda spec: spec.full_name))


def cron_for(cadence: Cadence, lateness: timedelta, name: str) -> str:
    """Return the cron line (UTC) that fires soon after each window of `cadence` is due.

    A window is due at its end plus `lateness`. To that a delay is added that depends on `name` alone (up
    to a quarter of the cadence, at most an hour), so that a fleet does not start all at once. Cron knows
    only what divides an hour, a day, a week or a year: another cadence (`7h`, `5d`) gets the longest such
    step that meets all of its boundaries, and the runs in between find nothing due.
    """
    late = -(-lateness // _MINUTE)
    length = cadence.length // _MINUTE
    if cadence.text.endswith("mo"):
        return _monthly(cadence.length.days // 30, late + _spread(name, _HOUR))
    step = _step(length)
    offset = (late + _spread(name, max(1, min(step // 4, _HOUR)))) % step
    hour, minute = offset % _DAY // _HOUR, offset % _HOUR
    if step == _WEEK:
        return f"{minute} {hour} * * {(offset // _DAY + 1) % 7}"
    if step >= _HOUR:
        return f"{minute} {_every(hour, 24, step // _HOUR)} * * *"
    return f"{_every(minute, 60, step)} * * * *"


def _step(length: int) -> int:
    """Return the longest span (minutes) that cron can repeat and that divides `length` minutes."""
    if length % _WEEK == 0:
        return _WEEK
    if length % _HOUR == 0:
        return gcd(length, _DAY)
    return gcd(length, _HOUR)


def _monthly(count: int, offset: int) -> str:
    """Return the cron line for windows of `count` months, `offset` minutes after their end.

    An offset of 28 days and more has no fixed place in a month: then it fires every month, on the day
    that is the offset modulo 28, which is at most three days per month of lateness too late.
    """
    day, minutes = divmod(offset, _DAY)
    step = gcd(count, 12) if day < _MONTH_DAYS else 1
    months = "*" if step == 1 else ",".join(str(month) for month in range(1, 13, step))
    return f"{minutes % _HOUR} {minutes // _HOUR} {day % _MONTH_DAYS + 1} {months} *"


def _every(first: int, end: int, step: int) -> str:
    """Return cron's list of first, first + step, ... below `end`; `*` for all of them."""
    return "*" if step == 1 else ",".join(str(value) for value in range(first, end, step))


def _spread(name: str, span: int) -> int:
    """Return a number in 0..span-1 that depends on `name` alone, the same on every machine."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8]) % span


def _watch(
    watched: Sequence[Policy], shard: int, shards: int, instance: str, work_pool: str
) -> DeploymentSpec:
    """Return the deployment that watches `watched`, the models of one team, cadence and shard."""
    team, cadence = watched[0].team, watched[0].cadence
    name = f"{team}-{cadence}" if shard == 0 else f"{team}-{cadence}-{shard + 1}"
    parameters: dict[str, str | int] = {"team": team, "cadence": cadence.text}
    if shards > 1:
        parameters |= {"shard": shard, "shards": shards}
    return DeploymentSpec(
        flow_name=WATCH_FLOW,
        name=name,
        entrypoint=WATCH_ENTRYPOINT,
        parameters=parameters,
        cron=cron_for(cadence, max(policy.allowed_lateness for policy in watched), name),
        tags=("muster", instance_tag(instance), f"team:{team}"),
        work_pool=work_pool,
        description=_description(watched, shard, shards, instance),
    )


def _pulse(instance: str, work_pool: str) -> DeploymentSpec:
    """Return the deployment that looks at every feed. It does not list the models: any may come and go."""
    what = (
        "Looks every five minutes for the newest row of each feed whose policy promises freshness. One that"
        " is silent, or cannot be read, for longer than its policy allows is an incident now, not when its"
        " window closes. Nothing is profiled; a failing model does not stop the others."
    )
    return for_fleet(PULSE_FLOW, PULSE_ENTRYPOINT, what, instance, work_pool, PULSE_CRON)


def _reconcile(instance: str, work_pool: str) -> DeploymentSpec:
    """Return the deployment that finishes what was decided, for the whole fleet."""
    what = (
        "Finishes every five minutes what was decided and is not done: acts that wait, messages that were"
        " not delivered yet, aliases of models that Muster decides about, copies of versions, runs whose"
        " worker was killed. Nothing is done or told twice; one failing act does not stop the others."
    )
    return for_fleet(RECONCILE_FLOW, RECONCILE_ENTRYPOINT, what, instance, work_pool, RECONCILE_CRON)


def _description(watched: Sequence[Policy], shard: int, shards: int, instance: str) -> str:
    """Return what a person should know who meets the deployment on Prefect's pages (markdown)."""
    team, cadence = watched[0].team, watched[0].cadence
    part = f", part {shard + 1} of {shards}" if shards > 1 else ""
    rows = [f"| {policy.model} | {spelled(policy.allowed_lateness)} |" for policy in watched]
    hidden = len(rows) - _LISTED_MODELS
    if hidden > 0:
        rows[_LISTED_MODELS:] = [f"| and {hidden} more | |"]
    what = (
        f"Watches the models of team **{team}** in windows of `{cadence}`{part}: every closed window that is"
        " due is profiled, compared with its baseline, judged by the model's policy and recorded in the"
        " ledger. A run that finds nothing due does nothing; a failing model does not stop the others."
    )
    return "\n".join([what, "", "| model | waits for late rows |", "|---|---|", *rows, "", origin(instance)])
