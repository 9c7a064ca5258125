"""From what a team wrote to the policy that holds, and back to text that shows every default."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, TypeVar

import yaml

from policies.contradictions import contradictions
from policies.defaults import (
    ALIAS,
    AT_RISK_AFTER,
    DRIFT,
    FRESHNESS_SEVERITY,
    LABELS_ARRIVE_WITHIN,
    MINIMUM_COVERAGE,
    MINIMUM_ROWS,
    PERFORMANCE_SEVERITY,
    QUALITY,
    REQUEST_ID,
    VOLUME_AT_LEAST,
    VOLUME_SEVERITY,
    format_of,
    freshness_limit,
    lateness,
    merged,
    performance_keys,
)
from policies.faults import Problem, dotted
from policies.policy import Drift, Freshness, Performance, Policy, Quality, Volume
from policies.schema import DriftFile, FreshnessFile, PolicyFile, QualityFile, TeamFile, VolumeFile, Written
from profiles.errors import PolicyInvalid
from profiles.layout import Format, LabelLayout, TrafficLayout
from profiles.window import Cadence, spelled

_T = TypeVar("_T")
_KEYS = {"at_most_worse": "at_most_worse_than_baseline"}
_NO_SHARES = ("minor", "significant", "limit")  # distances and scores, never written as percentages
_OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance")


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


def _format(given: Format | None, path: str) -> Format:
    return _first(given, format_of(path))


def _traffic(file: PolicyFile) -> TrafficLayout:
    log = file.traffic
    return TrafficLayout(
        path=log.path,
        format=_format(log.format, log.path),
        timestamp=log.timestamp,
        prediction=log.prediction,
        # labels are joined by it: without labels nobody needs one
        request_id=log.request_id or (REQUEST_ID if file.labels else None),
        version=log.version,
        features=log.features,
        ignore=log.ignore,
    )


def _labels(file: PolicyFile) -> LabelLayout | None:
    labels = file.labels
    if labels is None:
        return None
    return LabelLayout(
        path=labels.path,
        format=_format(labels.format, labels.path),
        label=labels.label,
        request_id=_first(labels.request_id, file.traffic.request_id, REQUEST_ID),
        arrives_within=_first(labels.arrives_within, LABELS_ARRIVE_WITHIN),
        arrived_at=labels.arrived_at,
    )


def _freshness(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Freshness | None:
    keys = merged(file.objectives.freshness, team.defaults.objectives.freshness, FreshnessFile)
    return (
        None
        if keys is None
        else Freshness(
            at_most=_first(keys.at_most, freshness_limit(cadence)),
            severity=_first(keys.severity, FRESHNESS_SEVERITY),
        )
    )


def _volume(file: PolicyFile, team: TeamFile) -> Volume | None:
    keys = merged(file.objectives.volume, team.defaults.objectives.volume, VolumeFile)
    return (
        None
        if keys is None
        else Volume(
            at_least=_first(keys.at_least, VOLUME_AT_LEAST), severity=_first(keys.severity, VOLUME_SEVERITY)
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
        )
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
            yield f"{indent}{key}:"
            yield from _lines(value, f"{prefix}{key}.", marks)
        else:
            yield f"{indent}{key}: {_inline(value)}{marks.get(prefix + key, '')}"


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
        "owners": list(policy.owners),
        "objectives": {name: _keys_of(getattr(policy, name)) for name in _OBJECTIVES},
        "automation": policy.automation,
        "authority": policy.authority,
    }


def _keys_of(part: Any) -> dict[str, Any] | bool:
    """Return the written form of one section, without what is not set; False for one that is off."""
    if part is None:
        return False
    return {
        _KEYS.get(name, name): _value(name, value) for name, value in vars(part).items() if value is not None
    }


def _value(name: str, value: Any) -> Any:
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
        else:
            yield prefix + name


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
