"""From labelled rows to a challenger that beats the champion, or the reason why there is none.

Fitting and asking are passed in; nothing here knows a clock, a ledger or a registry.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from policies.policy import Policy
from profiles.answers import Answers
from profiles.columns import dense
from profiles.errors import TrainerFailed
from profiles.keys import as_text
from profiles.labels import LABEL
from profiles.profile import Profile
from profiles.see import Sight
from profiles.sketch import read, sketch
from registry.model_registry import AttachedBaseline
from training.collect import Collected
from training.evaluate import Evaluation, best, bound_of, evaluate, logged_answers
from training.new_version import attached_baselines, held_out_facts
from training.orders import Fit, FitOrder, Fitted, Predict
from training.recipes import Span, rows_of, spans_of, split
from training.shuffled import Questions, of_held, questions
from training.validate import Facts, Quarantine, validate


@dataclass(frozen=True, eq=False)
class Contest:
    """What a challenger is made from.

    `champion` is its version, `baseline` its profile where there is one. `learned_until` says until when the
    champion has learned, None where nobody knows. `logged` tells whether the log's answers on a span of time
    (from, to) are the champion's own.
    """

    policy: Policy
    sight: Sight
    collected: Collected
    champion: str
    baseline: Profile | None
    learned_until: datetime | None
    logged_since: datetime | None
    folder: Path
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Challenger:
    """A model that beat the champion, fitted again with the newest rows; `lineage` says from what."""

    fitted: Fitted
    evaluation: Evaluation
    evaluations: tuple[Evaluation, ...]
    baselines: tuple[AttachedBaseline, ...]
    lineage: Mapping[str, Any]


@dataclass(frozen=True)
class NoneBetter:
    """No recipe gave a model that helps: for each the reason, and why others were not tried."""

    reasons: tuple[str, ...]
    evaluations: tuple[Evaluation, ...] = ()


@dataclass(frozen=True, eq=False)
class _Candidate:
    span: Span
    asked: Questions
    answers: Answers
    evaluation: Evaluation


def challenger_of(contest: Contest, fit: Fit, predict: Predict) -> Challenger | NoneBetter | Quarantine:
    """Fit every recipe, compare each with the champion on the same later rows, and refit the best.

    Raises TrainerFailed when no recipe could be fitted or the answers fit no loss, and what `predict` raises.
    """
    refused = _refused(contest)
    if refused is not None:
        return refused
    rows, policy = contest.collected.rows, contest.policy
    cut = split(_times(rows, policy), policy.remediation.recipe, _minimum(policy), contest.learned_until)
    if isinstance(cut, str):
        return Quarantine((cut,))
    held = rows.slice(cut)
    try:
        champion = _champion_answers(contest, held, predict)
        bound = bound_of(rows.slice(0, cut), policy)
        candidates, reasons = _candidates(contest, cut, held, champion, bound, fit)
    except ValueError as error:
        raise TrainerFailed(f"the answers of {policy.model} cannot be compared: {error}") from error
    if not candidates:
        return Quarantine(tuple(reasons))
    evaluations = tuple(each.evaluation for each in candidates)
    limits = policy.remediation
    helpful = [
        each
        for each in candidates
        if each.evaluation.refused(limits.recipe.better_by, limits.gate.margin) is None
    ]
    if not helpful:
        told = [each.refused(limits.recipe.better_by, limits.gate.margin) or "" for each in evaluations]
        return NoneBetter((*told, *reasons), evaluations)
    chosen = best([each.evaluation for each in helpful])
    winner = next(each for each in helpful if each.evaluation is chosen)
    return _refitted(contest, winner, evaluations, held, fit)


def _refused(contest: Contest) -> Quarantine | None:
    """Say why the rows as a whole may not be learned from."""
    collected = contest.collected
    if not collected.rows.num_rows:
        gone = f", outages of {len(collected.left_out)} spans left out" if collected.left_out else ""
        return Quarantine((f"no labelled row among {collected.asked:,} is to be learned from{gone}",))
    found = _validated(contest, slice(0, collected.rows.num_rows), columns=False)
    return found if isinstance(found, Quarantine) else None


def _validated(contest: Contest, rows: slice, *, columns: bool = True) -> Any:
    collected = contest.collected
    part = collected.rows.slice(rows.start, rows.stop - rows.start)
    at = collected.span.start
    profile = read(sketch(part.select(list(collected.features)), at=at, roles=contest.sight.described))
    facts = Facts(collected.span, collected.asked, collected.duplicates, collected.labels)
    return validate(facts, profile, _of_features(contest) if columns else None, contest.policy)


def _of_features(contest: Contest) -> Profile | None:
    """Return the baseline without what the champion answered."""
    if contest.baseline is None:
        return None
    prediction = contest.policy.traffic.prediction
    kept = {name: column for name, column in contest.baseline.columns.items() if name != prediction}
    return Profile(contest.baseline.rows, kept)


def _champion_answers(contest: Contest, held: pa.Table, predict: Predict) -> Answers:
    """Return the logged answers where the champion gave all of them, else ask it."""
    layout, version = contest.policy.traffic, contest.champion
    if layout.version is not None:
        named = as_text(held.column(layout.version), layout.version).to_pylist()
        own = all(each == version for each in named)
    else:
        own = contest.logged_since is not None and contest.logged_since <= _utc(held, layout.timestamp)
    if own:
        return logged_answers(held, contest.policy)
    return predict(contest.policy, version, held.select(list(contest.collected.features)))


def _candidates(
    contest: Contest, cut: int, held: pa.Table, champion: Answers, bound: float, fit: Fit
) -> tuple[list[_Candidate], list[str]]:
    policy, collected = contest.policy, contest.collected
    times = _times(collected.rows, policy)
    found, reasons, known = list[_Candidate](), list[str](), set[int]()
    for span in spans_of(policy.remediation.recipe):
        rows = rows_of(span, times, cut)
        if rows.start in known:
            continue
        known.add(rows.start)
        if (few := rows.stop - rows.start) < _minimum(policy):
            reasons.append(f"{span.name}: {few} labelled rows to fit on, {_minimum(policy)} are needed")
            continue
        checked = _validated(contest, slice(rows.start, collected.rows.num_rows))
        if isinstance(checked, Quarantine):
            reasons.append(f"{span.name}: {checked.sentence}")
            continue
        asked = questions(held, collected.features, contest.seed)
        fitted = fit(_order(contest, span.name, rows, asked.table, f"candidate-{len(known)}"))
        answers = of_held(asked, fitted.answers)
        evaluation = evaluate(span.name, held, champion, answers, bound, policy)
        found.append(_Candidate(span, asked, fitted.answers, evaluation))
    return found, reasons


def _refitted(
    contest: Contest, winner: _Candidate, evaluations: tuple[Evaluation, ...], held: pa.Table, fit: Fit
) -> Challenger:
    policy, collected = contest.policy, contest.collected
    rows = rows_of(winner.span, _times(collected.rows, policy), collected.rows.num_rows)
    part = collected.rows.slice(rows.start, rows.stop - rows.start)
    fitted = fit(_order(contest, winner.span.name, rows, part.select(list(collected.features)), "challenger"))
    from training.evaluate import answered

    held_answers = of_held(winner.asked, winner.answers)
    facts = held_out_facts(winner.asked, winner.answers, held, collected.features, policy, contest.seed)
    baselines = attached_baselines(
        answered(part, fitted.answers, policy),
        collected.features,
        held,
        held_answers,
        facts,
        contest.sight,
        policy,
    )
    return Challenger(
        fitted, winner.evaluation, evaluations, baselines, _lineage(contest, winner, part, held, fitted)
    )


def _lineage(
    contest: Contest, winner: _Candidate, part: pa.Table, held: pa.Table, fitted: Fitted
) -> dict[str, Any]:
    time = contest.policy.traffic.timestamp
    first, last = _utc(part, time), part.column(time)[part.num_rows - 1].as_py()
    return {
        "parent": contest.champion,
        "recipe_name": winner.span.name,
        "data_from": first.isoformat(),
        "data_to": last.isoformat(),
        "data_rows": part.num_rows,
        "data_digest": _digest(part, contest),
        "held_out_rows": held.num_rows,
        "comparison": winner.evaluation.sentence,
        "environment": dict(fitted.environment),
    }


def _digest(rows: pa.Table, contest: Contest) -> str:
    """Return the SHA-256 of the rows that were learned from."""
    import hashlib

    import pandas as pd

    frame = rows.select([*contest.collected.features, LABEL]).to_pandas()
    hashed = pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy()
    return f"sha256:{hashlib.sha256(hashed.tobytes()).hexdigest()}"


def _order(contest: Contest, recipe: str, rows: slice, asked: pa.Table, folder: str) -> FitOrder:
    collected, layout = contest.collected, contest.policy.traffic
    columns = [*collected.features, LABEL, *([] if layout.weight is None else [layout.weight])]
    part = collected.rows.slice(rows.start, rows.stop - rows.start)
    return FitOrder(
        policy=contest.policy,
        champion=contest.champion,
        recipe=recipe,
        rows=part.select(list(dict.fromkeys(columns))),
        asked=asked,
        features=collected.features,
        label=LABEL,
        folder=contest.folder / folder,
        weight=layout.weight,
        seed=contest.seed,
    )


def _minimum(policy: Policy) -> int:
    return policy.remediation.gate.minimum_rows


def _times(rows: pa.Table, policy: Policy) -> Any:
    return np.asarray(dense(rows.column(policy.traffic.timestamp)), dtype="datetime64[us]")


def _utc(rows: pa.Table, time: str) -> datetime:
    first: datetime = rows.column(time)[0].as_py()
    return first


def sentences(evaluations: Sequence[Evaluation]) -> list[str]:
    """Return each comparison in a line."""
    return [each.sentence for each in evaluations]
