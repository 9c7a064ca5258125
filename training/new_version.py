"""What is registered with a new version: profiles of what it learned from, and what held-out rows tell."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

import numpy as np
import pyarrow as pa

from policies.baselines import DEFAULT, baseline_for
from policies.policy import Policy
from profiles.answers import Answers
from profiles.columns import dense
from profiles.held_out import HeldOut
from profiles.labels import LABEL
from profiles.losses import loss_of
from profiles.outcomes import outcome_profile
from profiles.profile import Profile
from profiles.see import Sight
from profiles.segments import LABELS, baseline_name
from profiles.sensitive import discreet
from profiles.sketch import read, sketch, with_steadiness
from profiles.slices import slices
from profiles.steadiness import sample_windows, steady_shares
from profiles.window import Window
from registry.model_registry import AttachedBaseline, BaselineFacts
from training.evaluate import answered, score_of, scores_of
from training.held_out import learned
from training.shuffled import Questions, importance, of_held


def held_out_facts(
    asked: Questions, answers: Answers, held: pa.Table, features: Sequence[str], policy: Policy, seed: int
) -> HeldOut | None:
    """Return what the hold-out tells of a candidate that has not learned from it; None for rankings."""
    loss = loss_of(score_of(policy))
    if loss is None:
        return None
    told = answered(held, of_held(asked, answers), policy)
    weights = importance(asked, answers, held, loss)
    layout = policy.traffic
    kept = (*features, LABEL, layout.prediction, *layout.answers.values())
    return learned(
        told.select(list(dict.fromkeys(kept))), LABEL, layout, score_of(policy), weights, seed=seed
    )


def attached_baselines(
    rows: pa.Table,
    features: Sequence[str],
    held: pa.Table,
    held_answers: Answers,
    held_out: HeldOut | None,
    sight: Sight,
    policy: Policy,
) -> tuple[AttachedBaseline, ...]:
    """Return the baselines of a version that was fitted on `rows`, which hold its own answers.

    One of all rows, one for each calendar of the policy that enough rows lie in, one for each segment, and
    one of the labels. The scores are those on the hold-out `held`, from which nothing had been learned.
    """
    made = _Making(rows, tuple(features), sight, policy)
    scores = scores_of(held, held_answers, policy)
    told = answered(held, held_answers, policy)
    found = [made.baseline(DEFAULT, rows, scores, held_out)]
    found += [made.baseline(name, part, scores, None) for name, part in _by_calendar(rows, policy)]
    for each in slices(rows, policy.segments):
        if len(each) >= policy.minimum_rows:
            own = _scores_within(told, each.name, policy)
            found.append(made.baseline(baseline_name(DEFAULT, each.name), each.of(rows), own, None))
    labels = made.labels()
    return (*found, *([] if labels is None else [labels]))


class _Making:
    def __init__(self, rows: pa.Table, features: tuple[str, ...], sight: Sight, policy: Policy) -> None:
        self._rows = rows
        self._sight = sight
        self._policy = policy
        self._profiled = list(dict.fromkeys([*features, policy.traffic.prediction]))
        times = dense(rows.column(policy.traffic.timestamp)).astype("datetime64[us]")
        first, last = (_aware(rows, policy, place) for place in (0, rows.num_rows - 1))
        self._times = times
        self._period = Window(first, policy.cadence.after(policy.cadence.floor(last)))

    def baseline(
        self, name: str, rows: pa.Table, scores: Mapping[str, float], held_out: HeldOut | None
    ) -> AttachedBaseline:
        at = self._period.start
        profile = sketch(rows.select(self._profiled), at=at, roles=self._sight.described)
        if name == DEFAULT:
            profile = with_steadiness(profile, steady_shares(self._windows()), at=at)
        facts = BaselineFacts(name, "training", rows.num_rows, self._period, scores, discreet=True)
        return AttachedBaseline(facts, self._discreet(profile), held_out)

    def labels(self) -> AttachedBaseline | None:
        policy = self._policy
        assert policy.labels is not None  # noqa: S101 - without labels nothing was collected
        classes = policy.task == "classification"
        at = self._period.start
        profile = outcome_profile(self._rows, policy.labels.label, classes=classes, at=at)
        if profile is None:
            return None
        name, count = baseline_name(DEFAULT, LABELS), self._rows.num_rows
        facts = BaselineFacts(name, "training", count, self._period, {}, discreet=True)
        return AttachedBaseline(facts, self._discreet(profile))

    def _windows(self) -> Iterator[Profile]:
        for window in sample_windows(self._period, self._policy.cadence):
            start, end = (
                np.datetime64(each.replace(tzinfo=None), "us") for each in (window.start, window.end)
            )
            first, last = np.searchsorted(self._times, [start, end])
            if last > first:
                part = self._rows.slice(int(first), int(last - first)).select(self._profiled)
                yield read(sketch(part, at=window.start, roles=self._sight.described))

    def _discreet(self, profile: bytes) -> bytes:
        policy = self._policy
        return discreet(profile, policy.traffic.sensitive, policy.model, at=self._period.start)


def _by_calendar(rows: pa.Table, policy: Policy) -> Iterator[tuple[str, pa.Table]]:
    if not policy.baselines:
        return
    column = rows.column(policy.traffic.timestamp)
    names = np.array([baseline_for(policy.cadence.window(at), policy.baselines) for at in column.to_pylist()])
    for each in policy.baselines:
        here = names == each.name
        if here.sum() >= policy.minimum_rows:
            yield each.name, rows.filter(pa.array(here))


def _scores_within(told: pa.Table, segment: str, policy: Policy) -> dict[str, float]:
    for each in slices(told, policy.segments):
        if each.name == segment and len(each) >= policy.minimum_rows:
            part = each.of(told)
            from training.evaluate import logged_answers

            return scores_of(part, logged_answers(part, policy), policy)
    return {}


def _aware(rows: pa.Table, policy: Policy, place: int) -> datetime:
    at: datetime = rows.column(policy.traffic.timestamp)[place].as_py()
    return at
