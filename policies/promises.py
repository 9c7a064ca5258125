"""From the keys of the objectives that a model and its team wrote to the limits that hold."""

from typing import TypedDict

from policies.budget_defaults import resolved_budget
from policies.defaults import (
    AT_RISK_AFTER,
    DRIFT,
    ERRORS_SEVERITY,
    FRESHNESS_SEVERITY,
    LATENCY_SEVERITY,
    PERFORMANCE_SEVERITY,
    PERSISTENCE,
    QUALITY,
    RANKING_PLACES,
    VALUE_SEVERITY,
    VOLUME_AT_LEAST,
    VOLUME_SEVERITY,
    errors_keys,
    first,
    freshness_limit,
    latency_keys,
    merged,
    performance_keys,
    value_keys,
)
from policies.policy import (
    MINIMUM_COVERAGE,
    Drift,
    ErrorShare,
    Freshness,
    LatencyLimits,
    Performance,
    Quality,
    ValuePerPrediction,
    Volume,
)
from policies.schema import PolicyFile, TeamFile
from policies.written_objectives import DriftFile, FreshnessFile, QualityFile, VolumeFile
from profiles.window import Cadence


class Promises(TypedDict):
    """A policy's objectives by their names; None for one that is off."""

    freshness: Freshness | None
    volume: Volume | None
    quality: Quality | None
    drift: Drift | None
    performance: Performance | None
    value: ValuePerPrediction | None
    latency: LatencyLimits | None
    errors: ErrorShare | None


def promises(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Promises:
    """Fill in every default of every objective: the model's value, else the team's, else Muster's."""
    return {
        "freshness": _freshness(file, team, cadence),
        "volume": _volume(file, team, cadence),
        "quality": _quality(file, team, cadence),
        "drift": _drift(file, team, cadence),
        "performance": _performance(file, team, cadence),
        "value": _value(file, team, cadence),
        "latency": _latency(file, team, cadence),
        "errors": _errors(file, team, cadence),
    }


def _freshness(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Freshness | None:
    keys = merged(file.objectives.freshness, team.defaults.objectives.freshness, FreshnessFile)
    return (
        None
        if keys is None
        else Freshness(
            at_most=first(keys.at_most, freshness_limit(cadence)),
            severity=(severity := first(keys.severity, FRESHNESS_SEVERITY)),
            persistence=first(keys.persistence, PERSISTENCE),
            budget=resolved_budget(keys.budget, "freshness", severity, cadence),
        )
    )


def _volume(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Volume | None:
    keys = merged(file.objectives.volume, team.defaults.objectives.volume, VolumeFile)
    return (
        None
        if keys is None
        else Volume(
            at_least=first(keys.at_least, VOLUME_AT_LEAST),
            severity=(severity := first(keys.severity, VOLUME_SEVERITY)),
            persistence=first(keys.persistence, PERSISTENCE),
            budget=resolved_budget(keys.budget, "volume", severity, cadence),
        )
    )


def _quality(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Quality | None:
    keys = merged(file.objectives.quality, team.defaults.objectives.quality, QualityFile)
    return (
        None
        if keys is None
        else Quality(
            missing=first(keys.missing, QUALITY.missing),
            out_of_range=first(keys.out_of_range, QUALITY.out_of_range),
            new_categories=first(keys.new_categories, QUALITY.new_categories),
            severity=(severity := first(keys.severity, QUALITY.severity)),
            duplicates=first(keys.duplicates, QUALITY.duplicates),
            persistence=first(keys.persistence, PERSISTENCE),
            budget=resolved_budget(keys.budget, "quality", severity, cadence),
        )
    )


def _drift(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Drift | None:
    keys = merged(file.objectives.drift, team.defaults.objectives.drift, DriftFile)
    return (
        None
        if keys is None
        else Drift(
            minor=first(keys.minor, DRIFT.minor),
            significant=first(keys.significant, DRIFT.significant),
            minor_share=first(keys.minor_share, DRIFT.minor_share),
            significant_share=first(keys.significant_share, DRIFT.significant_share),
            severity=(severity := first(keys.severity, DRIFT.severity)),
            ignore=first(keys.ignore, DRIFT.ignore),
            minor_shift=first(keys.minor_shift, DRIFT.minor_shift),
            significant_shift=first(keys.significant_shift, DRIFT.significant_shift),
            minor_new_words=first(keys.minor_new_words, DRIFT.minor_new_words),
            significant_new_words=first(keys.significant_new_words, DRIFT.significant_new_words),
            minor_mmd=first(keys.minor_mmd, DRIFT.minor_mmd),
            significant_mmd=first(keys.significant_mmd, DRIFT.significant_mmd),
            persistence=first(keys.persistence, DRIFT.persistence),
            segments=first(keys.segments, bool(file.segments)),
            budget=resolved_budget(keys.budget, "drift", severity, cadence),
        )
    )


def _performance(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Performance | None:
    keys = performance_keys(file, team)
    return (
        None
        if keys is None
        else Performance(
            metric=first(keys.metric),
            at_most_worse=keys.at_most_worse_than_baseline,
            limit=keys.limit,
            at_risk_after=first(keys.at_risk_after, AT_RISK_AFTER),
            minimum_coverage=first(keys.minimum_coverage, MINIMUM_COVERAGE),
            severity=(severity := first(keys.severity, PERFORMANCE_SEVERITY)),
            persistence=first(keys.persistence, PERSISTENCE),
            k=first(keys.k, RANKING_PLACES) if keys.metric == "ndcg" else None,
            segments=first(keys.segments, bool(file.segments)),
            budget=resolved_budget(keys.budget, "performance", severity, cadence),
        )
    )


def _value(file: PolicyFile, team: TeamFile, cadence: Cadence) -> ValuePerPrediction | None:
    keys = value_keys(file, team)
    return (
        None
        if keys is None
        else ValuePerPrediction(
            at_least_per_prediction=keys.at_least_per_prediction,
            at_most_worse=keys.at_most_worse_than_baseline,
            severity=(severity := first(keys.severity, VALUE_SEVERITY)),
            budget=resolved_budget(keys.budget, "value", severity, cadence),
            minimum_coverage=None
            if file.labels is None or file.labels.value is None
            else first(keys.minimum_coverage, MINIMUM_COVERAGE),
        )
    )


def _latency(file: PolicyFile, team: TeamFile, cadence: Cadence) -> LatencyLimits | None:
    keys = latency_keys(file, team)
    return (
        None
        if keys is None
        else LatencyLimits(
            p50_at_most=keys.p50_at_most,
            p95_at_most=keys.p95_at_most,
            p99_at_most=keys.p99_at_most,
            severity=(severity := first(keys.severity, LATENCY_SEVERITY)),
            budget=resolved_budget(keys.budget, "latency", severity, cadence),
        )
    )


def _errors(file: PolicyFile, team: TeamFile, cadence: Cadence) -> ErrorShare | None:
    keys = errors_keys(file, team)
    return (
        None
        if keys is None
        else ErrorShare(
            at_most=first(keys.at_most),
            severity=(severity := first(keys.severity, ERRORS_SEVERITY)),
            budget=resolved_budget(keys.budget, "errors", severity, cadence),
        )
    )
