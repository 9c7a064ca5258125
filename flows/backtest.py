"""The backtest: a recorded past replayed through the steps, with versions that are fitted here. No Prefect.

At each moment the rows since the last one are answered by whoever serves, and written down; then the windows
that are due are watched, and what follows from them is carried out at once.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pyarrow as pa

from flows.backtest_world import Log, Shelf, answered_by, joined, own_policy, own_state, own_world
from flows.step import Watched, begin, due, step
from flows.world import World, sight_of
from policies.load import LoadedPolicy
from policies.policy import Policy
from profiles.answers import Answers
from profiles.errors import MusterError
from profiles.recorded import Recorded, recorded
from profiles.window import Window
from registry.records import Assignment
from serving.split import challengers, salt_of
from training.first import first_version
from training.in_process import answers_of, seeded
from training.peers import Contest

# Without a time that a person named, the first part of the recorded span trains.
_TRAINS = 4
# A window counts as complete when the last row lies in its last tenth: nobody knows when a log ends.
_NEARLY = 10
# What is carried out at a moment, by the world with its clock standing there.
Act: TypeAlias = Callable[["Replay", World], None]


@dataclass(frozen=True, eq=False)
class Order:
    """What is to be replayed: a policy, where its relative paths start, and an unfitted estimator.

    `state` is the folder that the replay may fill. What lies before `baseline_until` trains the first
    version; None for the first quarter of the recorded time. `seed` begins whatever draws at random.
    """

    loaded: LoadedPolicy
    root: Path
    estimator: Any
    state: Path
    baseline_until: datetime | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Replay:
    """A replay under way: what its moments work on. `first` is the first version, fitted."""

    order: Order
    policy: Policy
    of: Recorded
    windows: tuple[Window, ...]
    world: World
    shelf: Shelf
    log: Log
    first: Any

    @property
    def span(self) -> Window:
        """The time that is replayed."""
        return Window(self.windows[0].start, self.windows[-1].end)

    @property
    def moments(self) -> tuple[datetime, ...]:
        """When a schedule would look: when a window has closed, and when its labels have had their time."""
        labels, late = self.policy.labels, self.policy.allowed_lateness
        within = late if labels is None else max(labels.arrives_within, late)
        return tuple(sorted({window.end + wait for window in self.windows for wait in (late, within)}))

    def at(self, moment: datetime) -> World:
        """Return the world with its clock standing at a moment."""
        return replace(self.world, clock=lambda: moment)

    def predict(self, _policy: Policy, version: str, rows: pa.Table) -> Answers:
        """Return what a version answers to rows."""
        asked = rows.select(list(self.of.features))
        return answers_of(self.shelf.estimators[version], asked, self.policy.traffic.answers)

    def answers(self, version: str, rows: slice) -> Answers:
        """Return what a version answers to recorded rows."""
        return self.predict(self.policy, version, self.of.rows.slice(rows.start, rows.stop - rows.start))

    @property
    def contest(self) -> Contest:
        """What the loop's peers are compared on."""
        performance, recipe = self.policy.performance, self.policy.remediation.recipe
        assert performance is not None  # noqa: S101 - own_policy refuses others
        return Contest(
            of=self.of,
            first=self.first,
            moments=self.moments,
            windows=self.windows,
            metric=performance.score,
            recent=min(recipe.recent, default=timedelta(days=90)),
            minimum_rows=recipe.minimum_rows,
            classes=self.policy.traffic.answers,
        )


def prepared(order: Order) -> Replay:
    """Read the recorded past, fit the first version and write what it was trained on. Raises MusterError."""
    named = order.loaded.policy
    policy = own_policy(named)
    assert named.labels is not None  # noqa: S101 - own_policy refuses others
    of = recorded(named.traffic, named.labels, order.root, named.segments)
    policy = replace(policy, traffic=replace(policy.traffic, features=of.features))
    begins, windows = _windows(of, policy, order.baseline_until)
    period = Window(_moment(of.times[0]), begins)
    known = of.labelled(None, begins, begins)
    unfitted, sight = seeded(order.estimator, order.seed), sight_of(policy, order.state)
    made = first_version(of, known, unfitted, policy, sight, period, order.seed)
    shelf = Shelf(policy.registered_as)
    shelf.put(made.estimator, made.baselines, begins, "first")
    state = own_state(order.state)
    log = Log(policy, state)
    log.write_labels(of)
    replay = Replay(order, policy, of, windows, own_world(state, shelf, begins), shelf, log, made.estimator)
    _answer(replay, slice(0, of.between(begins, windows[-1].end).start), Assignment(policy.model, 1, "1"))
    return replay


def run(replay: Replay, act: Act, tell: Callable[[datetime], None] = lambda _: None) -> Answers:
    """Replay every moment; return what was answered to all rows. `tell` is called after each moment."""
    watched = begin(replay.policy, replay.order.loaded.source, replay.world)
    since, end = replay.span.start, replay.span.end
    answered = [replay.answers("1", slice(0, replay.of.between(since, end).start))]
    for moment in replay.moments:
        rows = replay.of.between(since, min(moment, end))
        serving = replay.world.ledger.assignment(replay.policy.model)
        if rows.stop > rows.start and serving is not None:
            answered.append(_answer(replay, rows, serving))
        since, world = min(moment, end), replay.at(moment)
        for window in _due(watched, world, replay.windows):
            step(watched, window, world)
        act(replay, world)
        tell(moment)
    answered.append(replay.answers("1", slice(replay.of.between(since, end).start, len(replay.of))))
    return joined(answered)


def _due(watched: Watched, world: World, windows: tuple[Window, ...]) -> tuple[Window, ...]:
    """Return the windows to watch; the first one is named, as the log begins with what was trained on."""
    if world.ledger.watermark(watched.policy.model) is None:
        return windows[:1] if windows[0].end + watched.policy.allowed_lateness <= world.clock() else ()
    # Behind the last one the recording ends, which is no silence.
    return tuple(w for w in due(watched, world) if windows[0].start <= w.start < windows[-1].end)


def _answer(replay: Replay, rows: slice, serving: Assignment) -> Answers:
    """Answer rows as they are assigned, a canary's share by the requests' ids, and write them down."""
    of, champion = replay.of, str(serving.champion)
    shares = {champion: replay.answers(champion, rows)}
    by = np.full(rows.stop - rows.start, champion, dtype=object)
    if serving.challenger is not None and serving.challenger_role == "canary":
        shares[serving.challenger] = replay.answers(serving.challenger, rows)
        ids = of.ids.slice(rows.start, by.size).to_pylist()
        salt = salt_of(serving.model, serving.challenger)
        by[challengers(ids, salt, serving.weight)] = serving.challenger
    answers = answered_by(shares, by)
    replay.log.append(of, rows, answers, by)
    return answers


def _windows(
    of: Recorded, policy: Policy, baseline_until: datetime | None
) -> tuple[datetime, tuple[Window, ...]]:
    """Return when the replay begins, and its windows; MusterError when nothing is left to replay."""
    first, last = _moment(of.times[0]), _moment(of.times[-1])
    begins = policy.cadence.floor(baseline_until or first + (last - first) / _TRAINS)
    ahead = policy.cadence.closed(begins, policy.cadence.window(last).end, timedelta(0))
    windows = tuple(window for window in ahead if window.end - window.length / _NEARLY <= last)
    if not windows or begins <= first:
        raise MusterError(
            f"the rows of {policy.model} are of {first:%Y-%m-%d} to {last:%Y-%m-%d}; nothing is left to "
            f"train on or to replay with windows of {policy.cadence} and a baseline until {begins:%Y-%m-%d}"
        )
    return begins, windows


def _moment(at: np.datetime64) -> datetime:
    return datetime.fromtimestamp(int(at.astype("datetime64[us]").astype(np.int64)) / 1e6, UTC)
