"""From what a team wrote to the policy that holds, and back to text that shows every default."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import yaml

from policies.contradictions import contradictions
from policies.defaults import (
    ALIAS,
    AT_RISK_AFTER,
    DRIFT,
    ERRORS_SEVERITY,
    FALSE_PAGES,
    FRESHNESS_SEVERITY,
    LABELS_ARRIVE_WITHIN,
    LATENCY_SEVERITY,
    MINIMUM_COVERAGE,
    MINIMUM_ROWS,
    PERFORMANCE_SEVERITY,
    PERSISTENCE,
    QUALITY,
    RANKING_PLACES,
    REQUEST_ID,
    VALUE_SEVERITY,
    VOLUME_AT_LEAST,
    VOLUME_SEVERITY,
    errors_keys,
    format_of,
    freshness_limit,
    latency_keys,
    lateness,
    merged,
    performance_keys,
    value_keys,
)
from policies.faults import Problem, dotted
from policies.policy import (
    CalendarBaseline,
    Drift,
    ErrorShare,
    FalsePages,
    Freshness,
    LatencyLimits,
    Performance,
    Policy,
    Quality,
    ValuePerPrediction,
    Volume,
)
from policies.schema import (
    DriftFile,
    FreshnessFile,
    LabelsFile,
    PolicyFile,
    QualityFile,
    TeamFile,
    TrafficFile,
    VolumeFile,
    Written,
)
from profiles.errors import PolicyInvalid
from profiles.layout import Format, LabelLayout, TrafficLayout
from profiles.window import Cadence, spelled

_T = TypeVar("_T")
_KEYS = {"at_most_worse": "at_most_worse_than_baseline"}
# distances, scores and milliseconds, never written as percentages
_NO_SHARES = (
    *("minor", "significant", "limit", "at_least_per_prediction"),
    *("p50_at_most", "p95_at_most", "p99_at_most", "minor_shift", "significant_shift"),
)
_OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance", "value", "latency", "errors")


_WHERE_USED = ("probabilities", "ok")  # empty, they say nothing


def resolve(file: PolicyFile, team: TeamFile) -> Policy:
    """Fill in every default: the model's value, else the team's, else Muster's.

    Raises PolicyInvalid with every contradiction, one per line.
    """
    if wrong := contradictions(file, team):
        raise PolicyInvalid("\n".join(_said(problem) for problem in wrong))
    ours = team.defaults
    cadence = _first(file.cadence, ours.cadence)
    policy = Policy(
        model=file.model,
        team=team.team,
        registered_as=_first(file.registered_as, file.model),
        alias=_first(file.alias, ALIAS),
        task=file.task,
        owners=_first(file.owners, team.owners),
        traffic=_traffic(file),
        labels=_labels(file),
        cadence=cadence,
        allowed_lateness=_first(file.allowed_lateness, ours.allowed_lateness, lateness(cadence)),
        minimum_rows=_first(file.minimum_rows, ours.minimum_rows, MINIMUM_ROWS),
        authority=_first(file.authority, ours.authority, "external"),
        automation=_first(file.automation, ours.automation, "observe"),
        freshness=_freshness(file, team, cadence),
        volume=_volume(file, team),
        quality=_quality(file, team),
        drift=_drift(file, team),
        performance=_performance(file, team),
        value=_value_limit(file, team),
        latency=_latency(file, team),
        errors=_errors(file, team),
        segments=file.segments,
        false_pages=_false_pages(file, team),
        baselines=tuple(
            CalendarBaseline(each.name, each.when.dates, each.when.weekdays, each.when.months)
            for each in file.baselines
        ),
    )
    own, teams = set(_written(file)), set(_written(ours))
    teams |= {"owners"} & set(_written(team))
    keys = [key for key in _leaves(_plain(policy)) if key not in own]
    return replace(
        policy,
        filled=tuple(key for key in keys if key not in teams),
        filled_by_team=tuple(key for key in keys if key in teams),
    )


def _said(problem: Problem) -> str:
    hint = f", did you mean {problem.hint}?" if problem.hint else ""
    return f"{dotted(problem.where)}: {problem.message}{hint}"


def _first(*values: _T | None) -> _T:
    return next(value for value in values if value is not None)


def _format(log: TrafficFile | LabelsFile) -> Format | None:
    return None if log.path is None else _first(log.format, format_of(log.path))


def _traffic(file: PolicyFile) -> TrafficLayout:
    log = file.traffic
    return TrafficLayout(
        path=log.path,
        format=_format(log),
        timestamp=log.timestamp,
        prediction=log.prediction,
        # labels are joined by it: without labels nobody needs one
        request_id=log.request_id or (REQUEST_ID if file.labels else None),
        version=log.version,
        features=log.features,
        ignore=log.ignore,
        probability=log.probability,
        probabilities=log.probabilities,
        group=log.group,
        weight=log.weight,
        value=log.value,
        latency=log.latency,
        status=log.status,
        ok=log.ok,
        query=log.query,
        connection=log.connection,
        version_is=log.version_is,
        sensitive=log.sensitive,
    )


def _labels(file: PolicyFile) -> LabelLayout | None:
    labels = file.labels
    if labels is None:
        return None
    return LabelLayout(
        path=labels.path,
        format=_format(labels),
        label=labels.label,
        request_id=_first(labels.request_id, file.traffic.request_id, REQUEST_ID),
        arrives_within=_first(labels.arrives_within, LABELS_ARRIVE_WITHIN),
        arrived_at=labels.arrived_at,
        query=labels.query,
        connection=labels.connection,
    )


def _false_pages(file: PolicyFile, team: TeamFile) -> FalsePages:
    keys = file.false_pages or team.defaults.false_pages
    return FALSE_PAGES if keys is None else FalsePages(keys.allow, keys.over)


def _freshness(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Freshness | None:
    keys = merged(file.objectives.freshness, team.defaults.objectives.freshness, FreshnessFile)
    return (
        None
        if keys is None
        else Freshness(
            at_most=_first(keys.at_most, freshness_limit(cadence)),
            severity=_first(keys.severity, FRESHNESS_SEVERITY),
            persistence=_first(keys.persistence, PERSISTENCE),
        )
    )


def _volume(file: PolicyFile, team: TeamFile) -> Volume | None:
    keys = merged(file.objectives.volume, team.defaults.objectives.volume, VolumeFile)
    return (
        None
        if keys is None
        else Volume(
            at_least=_first(keys.at_least, VOLUME_AT_LEAST),
            severity=_first(keys.severity, VOLUME_SEVERITY),
            persistence=_first(keys.persistence, PERSISTENCE),
        )
    )


def _quality(file: PolicyFile, team: TeamFile) -> Quality | None:
    keys = merged(file.objectives.quality, team.defaults.objectives.quality, QualityFile)
    return (
        None
        if keys is None
        else Quality(
            missing=_first(keys.missing, QUALITY.missing),
            out_of_range=_first(keys.out_of_range, QUALITY.out_of_range),
            new_categories=_first(keys.new_categories, QUALITY.new_categories),
            severity=_first(keys.severity, QUALITY.severity),
            duplicates=_first(keys.duplicates, QUALITY.duplicates),
            persistence=_first(keys.persistence, PERSISTENCE),
        )
    )


def _drift(file: PolicyFile, team: TeamFile) -> Drift | None:
    keys = merged(file.objectives.drift, team.defaults.objectives.drift, DriftFile)
    return (
        None
        if keys is None
        else Drift(
            minor=_first(keys.minor, DRIFT.minor),
            significant=_first(keys.significant, DRIFT.significant),
            minor_share=_first(keys.minor_share, DRIFT.minor_share),
            significant_share=_first(keys.significant_share, DRIFT.significant_share),
            severity=_first(keys.severity, DRIFT.severity),
            ignore=_first(keys.ignore, DRIFT.ignore),
            minor_shift=_first(keys.minor_shift, DRIFT.minor_shift),
            significant_shift=_first(keys.significant_shift, DRIFT.significant_shift),
            persistence=_first(keys.persistence, DRIFT.persistence),
            segments=_first(keys.segments, bool(file.segments)),
        )
    )


def _performance(file: PolicyFile, team: TeamFile) -> Performance | None:
    keys = performance_keys(file, team)
    return (
        None
        if keys is None
        else Performance(
            metric=_first(keys.metric),
            at_most_worse=keys.at_most_worse_than_baseline,
            limit=keys.limit,
            at_risk_after=_first(keys.at_risk_after, AT_RISK_AFTER),
            minimum_coverage=_first(keys.minimum_coverage, MINIMUM_COVERAGE),
            severity=_first(keys.severity, PERFORMANCE_SEVERITY),
            persistence=_first(keys.persistence, PERSISTENCE),
            k=_first(keys.k, RANKING_PLACES) if keys.metric == "ndcg" else None,
            segments=_first(keys.segments, bool(file.segments)),
        )
    )


def _value_limit(file: PolicyFile, team: TeamFile) -> ValuePerPrediction | None:
    keys = value_keys(file, team)
    return (
        None
        if keys is None
        else ValuePerPrediction(
            at_least_per_prediction=keys.at_least_per_prediction,
            at_most_worse=keys.at_most_worse_than_baseline,
            severity=_first(keys.severity, VALUE_SEVERITY),
        )
    )


def _latency(file: PolicyFile, team: TeamFile) -> LatencyLimits | None:
    keys = latency_keys(file, team)
    return (
        None
        if keys is None
        else LatencyLimits(
            p50_at_most=keys.p50_at_most,
            p95_at_most=keys.p95_at_most,
            p99_at_most=keys.p99_at_most,
            severity=_first(keys.severity, LATENCY_SEVERITY),
        )
    )


def _errors(file: PolicyFile, team: TeamFile) -> ErrorShare | None:
    keys = errors_keys(file, team)
    return (
        None
        if keys is None
        else ErrorShare(at_most=_first(keys.at_most), severity=_first(keys.severity, ERRORS_SEVERITY))
    )


def show(policy: Policy) -> str:
    """Write a resolved policy as a policy file, marking what was filled in with `# default`.

    The text is a valid policy file that resolves to an equal policy without any `team.yaml`.
    """
    marks = dict.fromkeys(policy.filled, "  # default")
    marks |= dict.fromkeys(policy.filled_by_team, "  # default of the team")
    return "\n".join(_lines(_plain(policy), "", marks)) + "\n"


def _lines(tree: Mapping[str, Any], prefix: str, marks: Mapping[str, str]) -> Iterator[str]:
    indent = "  " * prefix.count(".")
    for key, value in tree.items():
        if isinstance(value, dict):
            yield f"{indent}{_inline(key)}:"
            yield from _lines(value, f"{prefix}{key}.", marks)
        else:
            yield f"{indent}{_inline(key)}: {_inline(value)}{marks.get(prefix + key, '')}"


def _inline(value: Any) -> str:
    # inside a flow list, so that the text is quoted for every position it may stand in
    if value is False:
        return "off"
    return yaml.safe_dump([value], default_flow_style=True, width=1_000_000, allow_unicode=True).strip()[1:-1]


def _plain(policy: Policy) -> dict[str, Any]:
    """Return what a policy file that says everything would hold, in the order people read it."""
    return {
        "version": 1,
        "model": policy.model,
        "registered_as": policy.registered_as,
        "alias": policy.alias,
        "task": policy.task,
        "traffic": _keys_of(policy.traffic),
        **({"labels": _keys_of(policy.labels)} if policy.labels else {}),
        "cadence": str(policy.cadence),
        "allowed_lateness": spelled(policy.allowed_lateness),
        "minimum_rows": policy.minimum_rows,
        **({"segments": list(policy.segments)} if policy.segments else {}),
        **({"baselines": [_calendar(each) for each in policy.baselines]} if policy.baselines else {}),
        "owners": list(policy.owners),
        "objectives": {
            name: _keys_of(getattr(policy, name), without=() if policy.segments else ("segments",))
            for name in _OBJECTIVES
        },
        "false_pages": _keys_of(policy.false_pages),
        "automation": policy.automation,
        "authority": policy.authority,
    }


def _keys_of(part: Any, without: Sequence[str] = ()) -> dict[str, Any] | bool:
    """Return the written form of one section, without what is not set; False for one that is off."""
    if part is None:
        return False
    return {
        _KEYS.get(name, name): _value(name, value)
        for name, value in vars(part).items()
        if value is not None and name not in without and not (name in _WHERE_USED and not value)
    }


def _calendar(baseline: CalendarBaseline) -> dict[str, Any]:
    when = {
        "dates": [day.isoformat() for day in baseline.dates],
        "weekdays": list(baseline.weekdays),
        "months": list(baseline.months),
    }
    return {"name": baseline.name, "when": {key: days for key, days in when.items() if days}}


def _value(name: str, value: Any) -> Any:
    if isinstance(value, FalsePages):
        return _keys_of(value)
    if isinstance(value, timedelta):
        return spelled(value)
    if isinstance(value, float) and name not in _NO_SHARES:
        percent = f"{100 * value:.10g}%"
        return percent if "e" not in percent and float(percent[:-1]) / 100 == value else value
    if isinstance(value, tuple):
        return list(value)
    return str(value) if isinstance(value, str) else value


def _written(part: Written, prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys that a person wrote."""
    for name in part.model_fields_set:
        value = getattr(part, name)
        if isinstance(value, Written):
            yield from _written(value, f"{prefix}{name}.")
        elif isinstance(value, dict):
            yield from (f"{prefix}{name}.{key}" for key in value)
        else:
            yield prefix + name


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
