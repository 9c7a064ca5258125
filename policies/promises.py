"""From the keys of the objectives that a model and its team wrote to the limits that hold."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, TypeAlias, TypedDict, cast

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
from policies.written_objectives import DriftFile, FreshnessFile, QualityFile, Section, VolumeFile
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


Keys: TypeAlias = Callable[[PolicyFile, TeamFile], Any]


@dataclass(frozen=True)
class _Promise:
    """How an objective is made of its keys, which are called as its fields, or as `written` says.

    `keys` gives those that hold, None where the objective is off. A field without a key has its value in
    `defaults`, else None. `follows` are defaults that depend on the rest of the file; `only` are fields that
    stay None unless the file and the keys say so.
    """

    made: type[Any]
    keys: Keys
    defaults: Mapping[str, Any]
    follows: Mapping[str, Callable[[PolicyFile, Cadence], Any]] = field(default_factory=dict)
    only: Mapping[str, Callable[[PolicyFile, Any], bool]] = field(default_factory=dict)
    written: Mapping[str, str] = field(default_factory=dict)


def _both(objective: str, kind: type[Section]) -> Keys:
    """Return what gives the keys of an objective that is on by default."""

    def keys(file: PolicyFile, team: TeamFile) -> Section | None:
        own, teams = (getattr(of, objective) for of in (file.objectives, team.defaults.objectives))
        return merged(own, teams, kind)

    return keys


def _worth_comes_with_labels(file: PolicyFile, _keys: Any) -> bool:
    return file.labels is not None and file.labels.value is not None


_RELATIVE = {"at_most_worse": "at_most_worse_than_baseline"}
_SEGMENTS: Mapping[str, Callable[[PolicyFile, Cadence], Any]] = {
    "segments": lambda file, _cadence: bool(file.segments)
}
_PROMISES: Mapping[str, _Promise] = {
    "freshness": _Promise(
        Freshness,
        _both("freshness", FreshnessFile),
        {"severity": FRESHNESS_SEVERITY, "persistence": PERSISTENCE},
        follows={"at_most": lambda _file, cadence: freshness_limit(cadence)},
    ),
    "volume": _Promise(
        Volume,
        _both("volume", VolumeFile),
        {"at_least": VOLUME_AT_LEAST, "severity": VOLUME_SEVERITY, "persistence": PERSISTENCE},
    ),
    "quality": _Promise(
        Quality, _both("quality", QualityFile), {**asdict(QUALITY), "persistence": PERSISTENCE}
    ),
    "drift": _Promise(Drift, _both("drift", DriftFile), asdict(DRIFT), follows=_SEGMENTS),
    "performance": _Promise(
        Performance,
        performance_keys,
        {
            "at_risk_after": AT_RISK_AFTER,
            "minimum_coverage": MINIMUM_COVERAGE,
            "severity": PERFORMANCE_SEVERITY,
            "persistence": PERSISTENCE,
            "k": RANKING_PLACES,
        },
        follows=_SEGMENTS,
        only={"k": lambda _file, keys: bool(keys.metric == "ndcg")},
        written=_RELATIVE,
    ),
    "value": _Promise(
        ValuePerPrediction,
        value_keys,
        {"severity": VALUE_SEVERITY, "minimum_coverage": MINIMUM_COVERAGE},
        only={"minimum_coverage": _worth_comes_with_labels},
        written=_RELATIVE,
    ),
    "latency": _Promise(LatencyLimits, latency_keys, {"severity": LATENCY_SEVERITY}),
    "errors": _Promise(ErrorShare, errors_keys, {"severity": ERRORS_SEVERITY}),
}


def promises(file: PolicyFile, team: TeamFile, cadence: Cadence) -> Promises:
    """Fill in every default of every objective: the model's value, else the team's, else Muster's."""
    found = {name: _resolved(name, promise, file, team, cadence) for name, promise in _PROMISES.items()}
    return cast("Promises", found)


def _resolved(name: str, promise: _Promise, file: PolicyFile, team: TeamFile, cadence: Cadence) -> Any:
    keys = promise.keys(file, team)
    if keys is None:
        return None
    defaults = {**promise.defaults, **{of: default(file, cadence) for of, default in promise.follows.items()}}
    limits: dict[str, Any] = {}
    for each in fields(promise.made):
        if each.name == "budget" or (each.name in promise.only and not promise.only[each.name](file, keys)):
            continue
        written = getattr(keys, promise.written.get(each.name, each.name))
        limits[each.name] = written if each.name not in defaults else first(written, defaults[each.name])
    budget = resolved_budget(keys.budget, name, limits["severity"], cadence)
    return promise.made(**limits, budget=budget)
