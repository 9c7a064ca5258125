"""GRADE: what an act that was only observed would have gained, by what came after it. Pure.

A move between two versions is graded by what both lost on the same later rows. A retraining made no version
that could be compared: what the champion lost later beyond its baseline is the most that one could have won
back, and says so.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, TypeAlias

from policies.intents import Intent, IntentKind
from policies.objectives.wording import number, percent
from policies.policy import Policy
from profiles.metrics import metric_of
from profiles.paired import PairedLosses
from profiles.reading import Reading
from profiles.window import Window

Measure: TypeAlias = Literal["paired_losses", "beyond_baseline"]
# To reject a challenger that reaches nobody changes no answer, and to look changes nothing.
GRADED: tuple[IntentKind, ...] = ("retrain", "canary", "step", "promote", "roll_back")


@dataclass(frozen=True)
class Grade:
    """What the act of an intent would have gained on the windows that start in since <= start < until.

    `gained` is the mean loss per labelled row that the act would have spared, below 0 one that it would have
    added, and of `beyond_baseline` the most that it could have spared; None where nothing could be compared.
    `lost` is the mean loss of the version that did answer. `loss` names it, `windows` and `rows` count what
    was compared.
    """

    model: str
    intent: str
    measure: Measure
    since: datetime
    until: datetime
    loss: str
    windows: int = 0
    rows: int = 0
    gained: float | None = None
    lost: float | None = None

    @property
    def sentence(self) -> str:
        """The grade in words: `would have gained 0.12 absolute_error per row (8 %), by 1,680 rows ...`."""
        if self.gained is None:
            return "cannot be graded: no labelled row after it could be compared"
        by = f"by {self.rows:,} labelled rows of {self.windows} windows since"
        each = f"{number(abs(self.gained))} {self.loss} per row"
        share = f" ({percent(abs(self.gained) / self.lost)} of what was lost)" if self.lost else ""
        if self.measure == "beyond_baseline":
            if self.gained <= 0:
                return f"would have gained nothing: the champion did not do worse than its baseline, {by}"
            return f"would have gained at most {each}{share}, what was lost beyond the baseline, {by}"
        return f"would have {'gained' if self.gained >= 0 else 'cost'} {each}{share}, {by}"


def measured_on(at: datetime, policy: Policy) -> Window:
    """Return the span in which windows have to start that grade an act of `at`: a bake, a window at least."""
    return Window(at, at + max(policy.remediation.bake.lasts, policy.cadence.length))


def ripens(span: Window, policy: Policy) -> datetime:
    """Return before when nothing can be graded: the labels of the span's windows still come."""
    waits = timedelta(0) if policy.labels is None else policy.labels.arrives_within
    return span.end + policy.allowed_lateness + waits


def is_ripe(span: Window, readings: Sequence[Reading]) -> bool:
    """Say whether everything that grades an act is in: its windows are watched and their labels mature.

    `readings` are those that start within the span or later.
    """
    within = [each for each in readings if each.window.start < span.end]
    watched = any(each.window.end >= span.end for each in readings)
    return watched and all(each.labels is None or each.labels.mature for each in within)


def grade_move(intent: Intent, span: Window, paired: Sequence[PairedLosses], loss: str) -> Grade:
    """Grade a move between two versions, by one part per window of what both lost on the same rows.

    The part's `champion` is the intent's opponent. A canary counts by the share that it would have answered.
    """
    blocks = [block for each in paired for block in each.blocks]
    weight = sum(each.weight for each in blocks)
    plain = Grade(intent.model, intent.key, "paired_losses", span.start, span.end, loss)
    if not weight:
        return plain
    opponent = sum(each.champion for each in blocks) / weight
    version = sum(each.challenger for each in blocks) / weight
    share = float(intent.content.get("weight") or 1.0)
    # A rollback leaves the version for its opponent, everything else goes the other way.
    leaves, enters = (version, opponent) if intent.kind == "roll_back" else (opponent, version)
    return Grade(
        *(intent.model, intent.key, "paired_losses", span.start, span.end, loss),
        windows=sum(bool(each.rows) for each in paired),
        rows=sum(each.rows for each in paired),
        gained=share * (leaves - enters),
        lost=leaves,
    )


def grade_retraining(intent: Intent, span: Window, readings: Iterable[Reading], score: str | None) -> Grade:
    """Grade a retraining by what the champion's score was beyond that of its baseline, per labelled row.

    For a score where higher is better the difference is turned round, so that above 0 is worse; `lost` is
    then left out.
    """
    loss = score or "score"
    plain = Grade(intent.model, intent.key, "beyond_baseline", span.start, span.end, loss)
    known = [
        (found.rows, found.value, each.baseline.scores[loss])
        for each in readings
        if each.baseline is not None
        and (found := each.scores.get(loss)) is not None
        and loss in each.baseline.scores
        and found.rows
    ]
    rows = sum(count for count, _, _ in known)
    if not rows:
        return plain
    is_loss = not metric_of(loss).higher_is_better
    value = sum(count * score for count, score, _ in known) / rows
    baseline = sum(count * before for count, _, before in known) / rows
    return Grade(
        *(intent.model, intent.key, "beyond_baseline", span.start, span.end, loss),
        windows=len(known),
        rows=rows,
        gained=value - baseline if is_loss else baseline - value,
        lost=value if is_loss else None,
    )
