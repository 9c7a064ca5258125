"""A policy that holds, written as a policy file in which every default shows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import is_dataclass
from datetime import timedelta
from typing import Any

import yaml

from policies.policy import Budget, BurnTier, CalendarBaseline, FalsePages, Policy
from policies.remediation import Remediation, Trainer
from policies.written_target import written
from profiles.window import spelled

_KEYS = {"at_most_worse": "at_most_worse_than_baseline"}
# distances, scores and milliseconds, never written as percentages
_NO_SHARES = (
    *("minor", "significant", "limit", "at_least_per_prediction"),
    *("p50_at_most", "p95_at_most", "p99_at_most", "minor_shift", "significant_shift"),
    *("minor_mmd", "significant_mmd"),
)
_OBJECTIVES = ("freshness", "volume", "quality", "drift", "performance", "value", "latency", "errors")
_WHERE_USED = ("probabilities", "ok", "text", "embeddings")  # empty, they say nothing


def show(policy: Policy) -> str:
    """Write a resolved policy as a policy file, marking what was filled in with `# default`.

    The text is a valid policy file that resolves to an equal policy without any `team.yaml`.
    """
    marks = dict.fromkeys(policy.filled, "  # default")
    marks |= dict.fromkeys(policy.filled_by_team, "  # default of the team")
    return "\n".join(_lines(_plain(policy), "", marks)) + "\n"


def keys(policy: Policy) -> tuple[str, ...]:
    """Return the dotted keys of a resolved policy, in the order that they are shown."""
    return tuple(_leaves(_plain(policy)))


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
        "late_rows": spelled(policy.late_rows) if policy.late_rows else False,
        "minimum_rows": policy.minimum_rows,
        **({"segments": list(policy.segments)} if policy.segments else {}),
        **({"baselines": [_calendar(each) for each in policy.baselines]} if policy.baselines else {}),
        "owners": list(policy.owners),
        **({"routes": routes} if (routes := _routes(policy)) else {}),
        "objectives": {
            name: _keys_of(getattr(policy, name), without=() if policy.segments else ("segments",))
            for name in _OBJECTIVES
        },
        "false_pages": _keys_of(policy.false_pages),
        "remediation": _remedies(policy.remediation),
        "automation": policy.automation,
        "authority": policy.authority,
        "target": {key: _value(key, value) for key, value in written(policy.target).items()},
    }


def _routes(policy: Policy) -> dict[str, Any]:
    return {tier: list(channels) for tier, channels in vars(policy.routes).items() if channels}


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


def _remedies(remediation: Remediation) -> dict[str, Any]:
    written = {name: _remedy(name, part) for name, part in vars(remediation).items()}
    return {name: part for name, part in written.items() if part not in (None, {}, [])}


def _remedy(name: str, part: Any) -> Any:
    if isinstance(part, Trainer):
        entry = {} if part.entry is None else {part.kind: part.entry}
        where = {key: value for key in ("folder", "python") if (value := getattr(part, key)) is not None}
        return {**entry, **where}
    if name == "change_freezes":
        return [{"first": str(each.first), "last": str(each.last)} for each in part]
    return _keys_of(part) if is_dataclass(part) else _value(name, part)


def _value(name: str, value: Any) -> Any:
    if isinstance(value, FalsePages | Budget | BurnTier):
        return _keys_of(value)
    if isinstance(value, timedelta):
        return spelled(value)
    if isinstance(value, float) and name not in _NO_SHARES:
        percent = f"{100 * value:.10g}%"
        return percent if "e" not in percent and float(percent[:-1]) / 100 == value else value
    if isinstance(value, tuple):
        return [_value(name, each) for each in value]
    return str(value) if isinstance(value, str) else value


def _leaves(tree: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield prefix + key
