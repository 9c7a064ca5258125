"""Comparing two versions on the logged rows of windows, as their labels mature. No Prefect here."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flows.ports import Predict
from flows.world import World
from policies.policy import Policy
from policies.release import Contest
from profiles.errors import MusterError
from profiles.mirrored import Mirrored
from profiles.row_losses import ROW_LOSSES, RowLoss, loss_of
from profiles.window import Window
from registry.records import Judged
from registry.shadows import PairedReading

if TYPE_CHECKING:
    import pyarrow as pa

    from profiles.shadow import Side

# Enough past rows to say where to clip, and how many windows to look for them in.
_ROWS_TO_BOUND, _WINDOWS_TO_BOUND = 1_000, 60
_OF_TASK = {"regression": "absolute_error", "classification": "zero_one", "ranking": "one_minus_ndcg"}


def begins(contest: Contest, policy: Policy) -> datetime:
    """Return from when on windows may hold rows that neither version learned from.

    Rows that were asked before a contest began count too, where the log of labels says when they came: a
    version fitted before cannot have learned from labels that came after.
    """
    labels = policy.labels
    earlier = labels.arrives_within if labels is not None and labels.arrived_at is not None else None
    asked = contest.began if earlier is None else contest.began - earlier
    return policy.cadence.floor(asked)


def loss_for(policy: Policy) -> RowLoss:
    """Return the loss that versions are compared by: that of the policy's score, else of its task."""
    performance = policy.performance
    loss = ROW_LOSSES[_OF_TASK[policy.task]] if performance is None else loss_of(performance.score)
    # Without logged probabilities there is nothing to compare a challenger's with.
    return ROW_LOSSES["zero_one"] if loss.by_probability and not policy.traffic.answers else loss


def compare(
    contest: Contest, judged: Sequence[Judged], policy: Policy, world: World, predict: Predict
) -> int:
    """Record what every matured window tells that is not recorded yet; return how many windows were new.

    Raises MusterError when rows cannot be read or a version does not answer.
    """
    known = world.ledger.paired_readings(contest)
    done = {(each.window, each.revision) for each in known}
    new = [
        each
        for each in judged
        if _is_ready(each, policy) and (each.reading.window, each.revision) not in done
    ]
    if not new:
        return 0
    bound = known[0].mirrored.paired.bound if known else _bound(contest, policy, world)
    pair = _Pair(contest, policy, world, predict)
    for each in new:
        mirrored = pair.on(each.reading.window, bound)
        if mirrored is not None:
            bound = mirrored.paired.bound
            paired = PairedReading.of(contest, each.reading.window, each.revision, mirrored)
            world.ledger.record_paired(paired, world.clock())
    return len(new)


def _is_ready(judged: Judged, policy: Policy) -> bool:
    reading = judged.reading
    if reading.fault is not None or not reading.arrivals.rows:
        return False
    return policy.labels is None or (reading.labels is not None and reading.labels.mature)


def _bound(contest: Contest, policy: Policy, world: World) -> float | None:
    """Return where to clip by what was known before the contest began; None where nothing was."""
    from profiles.asked import asked
    from profiles.labels import LABEL
    from profiles.shadow import bound_of
    from profiles.stream import one

    loss, found, rows = loss_for(policy), [], 0
    if loss.largest is None and loss.name != "log_loss":
        for each in reversed(world.ledger.recent(policy.model, contest.began, _WINDOWS_TO_BOUND)):
            if not each.reading.arrivals.rows or each.reading.fault is not None:
                continue
            part = asked(world.sight(policy), each.reading.window, contest.began)
            if LABEL in part.schema.names:
                found.append(part.select([policy.traffic.prediction, LABEL]))
                rows += part.num_rows - part.column(LABEL).null_count
            if rows >= _ROWS_TO_BOUND:
                break
    return bound_of(loss, one(found), policy.traffic)


@dataclass(frozen=True)
class _Pair:
    """Two versions to be compared, and what that needs."""

    contest: Contest
    policy: Policy
    world: World
    predict: Predict

    def on(self, window: Window, bound: float | None) -> Mirrored | None:
        """Return what the rows of a window tell; None while nothing says where to clip their losses."""
        # Arrow comes with it, which models without a challenger do not pay.
        import pyarrow as pa

        from profiles.asked import asked
        from profiles.shadow import answered_by, bound_of, mirrored, unseen

        contest, policy, loss = self.contest, self.policy, loss_for(self.policy)
        layout, performance = policy.traffic, policy.performance
        rows = asked(self.world.sight(policy), window, self.world.clock())
        rows = rows.filter(pa.array(unseen(rows, layout.timestamp, contest.began)))
        bound = bound_of(loss, rows, layout) if bound is None else bound
        if bound is None:
            return None
        own = answered_by(rows, layout, contest.version)
        try:
            return mirrored(
                rows,
                layout,
                loss,
                bound,
                (self._side(contest.opponent, rows, window), self._side(contest.version, rows, window)),
                segments=policy.segments,
                k=None if performance is None else performance.k,
                served=0 if own is None else int(own.sum()),
            )
        except ValueError as error:
            raise MusterError(
                f"version {contest.version} of {policy.model} cannot be compared with version "
                f"{contest.opponent} on {window}: {error}"
            ) from error

    def _side(self, version: str, rows: "pa.Table", window: Window) -> "Side":
        """Return a version's answers: the logged ones where it served, else its own, asked now."""
        import numpy as np
        import pyarrow as pa

        from profiles.labels import ARRIVED, LABEL, WORTH
        from profiles.shadow import answered_by, beside_logged, logged

        own = answered_by(rows, self.policy.traffic, version)
        if own is None:
            own = np.full(rows.num_rows, self._served_throughout(version, window))
        side, others = logged(rows, self.policy.traffic), ~own
        if not others.any():
            return side
        # What came true is not for a version to see.
        blind = rows.drop_columns([name for name in (LABEL, ARRIVED, WORTH) if name in rows.schema.names])
        answers = self.predict(self.policy, version, blind.filter(pa.array(others)))
        return beside_logged(side, answers, others)

    def _served_throughout(self, version: str, window: Window) -> bool:
        """Say whether a version answered every request of a window, by who was assigned."""
        within = [t for t in self.world.ledger.transitions(self.policy.model) if t.at < window.end]
        standing = [t.after for t in within if t.at >= window.start]
        first = next((t.after for t in reversed(within) if t.at < window.start), None)
        # Before its adoption a version had been serving already.
        if first is None and within and within[0].kind == "adopted":
            first = within[0].after
        spans = [*([] if first is None else [first]), *standing]
        return first is not None and all(each.champion == version and not each.weight for each in spans)
