"""Peers of Muster's loop: a model that is never retrained, and one that is retrained by a schedule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import fmean, median
from typing import Any

import numpy as np
import pyarrow as pa

from profiles.answers import Answers
from profiles.columns import dense
from profiles.metrics import metric_of
from profiles.reading import Score
from profiles.recorded import Recorded
from profiles.scores import Answers as Scorable
from profiles.scores import scored
from profiles.window import Window
from training.in_process import answers_of, refitted

PHASES = 20


@dataclass(frozen=True)
class Peer:
    """How somebody did: the score of each window, None where there is none."""

    scores: tuple[float | None, ...]

    @property
    def mean(self) -> float | None:
        """The plain mean over the windows that have a score."""
        found = [each for each in self.scores if each is not None]
        return fmean(found) if found else None


@dataclass(frozen=True)
class Schedule:
    """What came of a fixed schedule with so many retrainings.

    `by_recipe` has the mean score of the phase in the middle, by what was refitted on; `peer` is the recipe
    with the better one, window by window the median over all phases.
    """

    retrainings: int
    recipe: str | None
    by_recipe: Mapping[str, float]
    peer: Peer


@dataclass(frozen=True, eq=False)
class Contest:
    """What peers are compared on: a replay, the estimator, and when somebody could have acted.

    `first` is the estimator as it was fitted before the replay began. `moments` are the times, ascending, at
    which a schedule would look; a version answers from the moment of its making on. `classes` are those
    whose probabilities the score needs. `recent` is the span of newest rows that one of the recipes is
    refitted on, but never less than the newest `minimum_rows`; with fewer labels nobody is refitted.
    """

    of: Recorded
    first: Any
    moments: tuple[datetime, ...]
    windows: tuple[Window, ...]
    metric: str
    recent: timedelta
    minimum_rows: int
    classes: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> pa.Table:
        """The columns that the estimator takes."""
        return self.of.rows.select(list(self.of.features))

    def scores(self, answers: Answers) -> Peer:
        """Score every window by answers to all rows, with the outcomes as they are known in the end."""
        return Peer(tuple(self._score(answers, self.of.between(w.start, w.end)) for w in self.windows))

    def _score(self, answers: Answers, rows: slice) -> float | None:
        length = rows.stop - rows.start
        if length <= 0:
            return None
        of = Scorable(
            self.of.truth.slice(rows.start, length),
            answers.prediction.slice(rows.start, length),
            {name: each.slice(rows.start, length) for name, each in answers.probabilities.items()},
        )
        found = scored(self.metric, of)
        return found.value if isinstance(found, Score) else None


def frozen(contest: Contest) -> Peer:
    """Return how the first version would have done to the end."""
    return contest.scores(answers_of(contest.first, contest.asked, contest.classes))


def scheduled(contest: Contest, span: Window, retrainings: int, phases: int = PHASES) -> Schedule:
    """Retrain so many times, evenly spread over `span`, from each of `phases` equally likely beginnings.

    Without retrainings nobody ever retrains.
    """
    if retrainings == 0:
        return Schedule(0, None, {}, frozen(contest))
    fits = _Fits(contest)
    found = {
        name: [_phase(contest, fits, refit, span, retrainings, (k + 0.5) / phases) for k in range(phases)]
        for name, refit in (("recent", fits.recent), ("all history", fits.all_history))
    }
    means = {name: _median([each.mean for each in peers]) for name, peers in found.items()}
    told = {name: mean for name, mean in means.items() if mean is not None}
    better = max if metric_of(contest.metric).higher_is_better else min
    recipe = better(told, key=lambda name: told[name]) if told else "all history"
    by_window = zip(*(each.scores for each in found[recipe]), strict=True)
    return Schedule(retrainings, recipe, told, Peer(tuple(map(_median, by_window))))


def _phase(
    contest: Contest,
    fits: "_Fits",
    refit: Callable[[int], Answers],
    span: Window,
    retrainings: int,
    phase: float,
) -> Peer:
    """Return how a schedule did that began so far (0..1) into its first interval."""
    every = span.length / retrainings
    wanted = (span.start + (k + phase) * every for k in range(retrainings))
    places = {_first_at(contest.moments, at) for at in wanted}
    answers = fits.first
    for place in sorted(each for each in places if each is not None):
        since = contest.of.between(contest.moments[place], span.end).start
        answers = spliced(answers, refit(place), since)
    return contest.scores(answers)


def _first_at(moments: Sequence[datetime], wanted: datetime) -> int | None:
    return next((place for place, at in enumerate(moments) if at >= wanted), None)


def spliced(before: Answers, after: Answers, first: int) -> Answers:
    """Return answers to the same rows: those of `before` up to the place `first`, then those of `after`."""

    def joined(one: Any, other: Any) -> Any:
        return pa.array(np.concatenate([dense(one)[:first], dense(other)[first:]]))

    chances = {name: joined(each, after.probabilities[name]) for name, each in before.probabilities.items()}
    return Answers(joined(before.prediction, after.prediction), chances)


class _Fits:
    """Each fit once, however many phases retrain at that moment."""

    def __init__(self, contest: Contest) -> None:
        self._contest = contest
        self._asked = contest.asked
        self._truth = dense(contest.of.truth)
        self._made: dict[tuple[int, str], Answers] = {}
        self.first = answers_of(contest.first, self._asked, contest.classes)

    def recent(self, at: int) -> Answers:
        """Return the answers of a refit on the newest rows."""
        now = self._contest.moments[at]
        known = self._contest.of.labelled(None, now, now)
        young = self._contest.of.labelled(now - self._contest.recent, now, now)
        enough = young.size >= self._contest.minimum_rows
        return self._fit(at, "recent", young if enough else known[-self._contest.minimum_rows :])

    def all_history(self, at: int) -> Answers:
        """Return the answers of a refit on all rows."""
        now = self._contest.moments[at]
        return self._fit(at, "all history", self._contest.of.labelled(None, now, now))

    def _fit(self, at: int, name: str, rows: Any) -> Answers:
        if rows.size < self._contest.minimum_rows:
            return self.first
        if (at, name) not in self._made:
            fitted = refitted(self._contest.first, self._asked.take(pa.array(rows)), self._truth[rows])
            self._made[at, name] = answers_of(fitted, self._asked, self._contest.classes)
        return self._made[at, name]


def _median(values: Sequence[float | None]) -> float | None:
    found = [each for each in values if each is not None]
    return median(found) if found else None
