"""One window of one model: see, compare, judge, record. No Prefect here."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from flows.held_out import held_out_of, with_held_out
from flows.outcomes import outcomes_beside
from flows.respond import answer_to
from flows.slices import slices_beside
from flows.usual import beside_usual
from flows.world import World
from policies.baselines import baseline_for
from policies.diagnose import diagnosed
from policies.judge import judge
from policies.policy import Policy
from policies.verdict import Verdict
from profiles.compare import compare
from profiles.errors import TrafficUnavailable
from profiles.reading import Arrivals, BaselineRef, Comparison, Reading
from profiles.see import Seen, first_seen, see
from profiles.sketch import read
from profiles.window import Window
from registry.adoption import adopt
from registry.records import RegisteredBaseline

# A window that could not be read never settles by itself.
_UNTIL_MEASURED = datetime(9999, 1, 1, tzinfo=UTC)
# Windows that a first watch catches up with; `muster watch --from` asks for older ones.
_FURTHEST_BACK = 1000


@dataclass(frozen=True)
class Watched:
    """A model under its policy, as recorded in the ledger."""

    policy: Policy
    policy_digest: str


def begin(policy: Policy, source: str, world: World) -> Watched:
    """Record the policy that watching goes by, and take over who serves."""
    at = world.clock()
    policy_digest = world.ledger.record_policy(policy, source, at=at)
    adopt(policy, policy_digest, world.versions, world.ledger, world.profiles, at)
    return Watched(policy, policy_digest)


def due(watched: Watched, world: World, late: Iterable[Window] = ()) -> tuple[Window, ...]:
    """Return the windows to watch now, oldest first.

    These are the windows that closed since the watermark (or since the first row there is), those whose
    labels have matured since they were read, those that could not be measured the last time, and `late`.
    """
    again = world.ledger.unsettled(watched.policy.model, world.clock())
    return tuple(sorted({*again, *late, *_unrecorded(watched, world, again)}))


def step(watched: Watched, window: Window, world: World) -> Verdict:
    """Watch one window and record what was read and judged; the same input leaves the same record."""
    policy, now = watched.policy, world.clock()
    reading = beside_usual(_measured(watched, window, world), policy, world)
    judged = judge(reading, policy, before=world.ledger.budget_counts(policy, window))
    verdict = diagnosed(judged, reading, policy)
    world.ledger.record_window(
        reading,
        verdict,
        watched.policy_digest,
        at=now,
        settles_at=_settles_at(reading, policy, now),
        flow_run=world.flow_run,
        respond=answer_to(verdict, policy, world),
    )
    return verdict


def _measured(watched: Watched, window: Window, world: World) -> Reading:
    policy = watched.policy
    assigned = world.ledger.assigned_at(policy.model, window.end)
    expected = policy.traffic.version_is or (None if assigned is None else assigned.champion)
    held_out = held_out_of(policy, expected, window, world)
    try:
        seen = see(replace(world.sight(policy), held_out=held_out), window, world.clock())
    except TrafficUnavailable as error:
        return _unmeasured(policy.model, window, str(error))
    profile = None if seen.profile is None else world.profiles.put(seen.profile)
    # A canary may have answered most of the rows: the window is the champion's all the same.
    nobody = {None, None if assigned is None else assigned.challenger}
    version = expected if seen.version in nobody else seen.version
    told = held_out if version == expected else None
    name = baseline_for(window, policy.baselines)
    baseline = None if version is None else world.ledger.baseline(policy.model, version, name)
    known = world.ledger.baselines(policy.model) if seen.slices else ()
    return Reading(
        model=policy.model,
        window=window,
        version=version,
        arrivals=seen.arrivals,
        profile=profile,
        baseline=None if baseline is None else with_held_out(_referred(baseline), told),
        comparison=_compared(seen, baseline, world),
        labels=seen.labels,
        scores=seen.scores,
        baseline_name=name,
        unmeasured=seen.unmeasured,
        value=seen.value,
        latency=seen.latency,
        failures=seen.failures,
        segments=slices_beside(seen.slices, baseline, known, world.profiles, _referred),
        outcomes=outcomes_beside(seen, baseline, world.ledger, world.profiles),
        losses=() if told is None else seen.losses,
        estimates={} if told is None else seen.estimates,
    )


def _compared(seen: Seen, baseline: RegisteredBaseline | None, world: World) -> Comparison | None:
    if seen.profile is None or baseline is None:
        return None
    return compare(read(seen.profile), read(world.profiles.get(baseline.profile_digest)))


def _referred(baseline: RegisteredBaseline) -> BaselineRef:
    return BaselineRef(
        name=baseline.name,
        profile=baseline.profile_digest,
        rows=baseline.rows,
        rate=None if baseline.period is None else baseline.rows / baseline.period.length.total_seconds(),
        scores=baseline.scores,
    )


def _unmeasured(model: str, window: Window, fault: str) -> Reading:
    nothing = Arrivals(
        rows=0, first=None, last=None, longest_silence=window.length, silence_began=window.start
    )
    return Reading(model=model, window=window, version=None, arrivals=nothing, fault=fault)


def _settles_at(reading: Reading, policy: Policy, now: datetime) -> datetime | None:
    """When a window is to be looked at again: never, once its labels are mature and it was measured."""
    if reading.fault is not None:
        return _UNTIL_MEASURED
    if policy.labels is None or reading.labels is None or reading.labels.mature:
        return None
    return max(now, reading.window.end + policy.labels.arrives_within)


def _unrecorded(watched: Watched, world: World, again: tuple[Window, ...]) -> Iterator[Window]:
    """Yield the closed windows that the ledger does not know, oldest first.

    These follow the watermark. While a window could not be read, windows before it may be unknown too:
    the first watch cannot tell where to begin when a file is damaged, and it may be killed catching up.
    """
    policy, ledger = watched.policy, world.ledger
    recorded: tuple[Window, ...] = ()
    since = ledger.watermark(policy.model)
    if since is None or any(_could_not_be_read(window, watched, world) for window in again):
        recorded = ledger.recorded(policy.model)
        beginning = _beginning(watched, world)
        since = beginning if since is None else min(since, beginning)
    for window in policy.cadence.closed(since, world.clock(), policy.allowed_lateness):
        before = bisect_right(recorded, window.start, key=lambda known: known.start)
        if not any(known.contains(window.start) for known in recorded[before - 1 : before]):
            yield window


def _could_not_be_read(window: Window, watched: Watched, world: World) -> bool:
    judged = world.ledger.judged(watched.policy.model, window.start)
    return judged is not None and judged.reading.fault is not None


def _beginning(watched: Watched, world: World) -> datetime:
    """Where watching starts: the first row, but neither in the future nor endlessly far back.

    One row with a broken clock (1970) must not ask for half a century of windows. Without a row that can
    be read it is the window before the present, so that a feed which never began is noticed.
    """
    cadence = watched.policy.cadence
    latest = cadence.floor(world.clock()) - cadence.length
    try:
        first = first_seen(world.sight(watched.policy)) or latest
    except TrafficUnavailable:
        return latest
    return min(max(first, latest - _FURTHEST_BACK * cadence.length), latest)
