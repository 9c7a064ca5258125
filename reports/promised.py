"""A policy in short, for who has to know what was promised and not how each key is spelled."""

from policies.objectives.wording import percent
from policies.policy import Budget, Policy
from profiles.window import spelled
from registry.records import RecordedPolicy


def in_short(recorded: RecordedPolicy) -> list[tuple[str, str]]:
    """Return what was promised, as pairs of a name and a phrase."""
    policy = recorded.policy
    return [
        ("owned by", ", ".join(policy.owners) or f"team {policy.team}"),
        ("watched", f"every {policy.cadence}, {spelled(policy.allowed_lateness)} after each window's end"),
        ("task", policy.task),
        ("needs", f"at least {policy.minimum_rows:,} rows for a verdict on columns and scores"),
        *_with_budgets(policy),
        ("automation", policy.automation),
        ("who decides", "the model registry's alias" if policy.authority == "external" else "Muster"),
    ]


def _with_budgets(policy: Policy) -> list[tuple[str, str]]:
    """Return the objectives, each with what its error budget allows."""
    found = []
    for name, said in _objectives(policy):
        budget: Budget | None = getattr(policy, name).budget
        if budget is not None:
            may = f"{percent(budget.allow)} of the {budget.of} in {spelled(budget.over)}"
            said = f"{said}; {may} may fall short"  # noqa: PLW2901 - the same phrase, longer
        found.append((name, said))
    return found


def _objectives(policy: Policy) -> list[tuple[str, str]]:
    found = []
    if policy.freshness:
        found.append(("freshness", f"no silence longer than {spelled(policy.freshness.at_most)}"))
    if policy.volume:
        found.append(("volume", f"at least {percent(policy.volume.at_least)} of the expected rows"))
    if policy.quality:
        quality = policy.quality
        values = f"missing values rise by at most {percent(quality.missing)}"
        beyond, new = percent(quality.out_of_range), percent(quality.new_categories)
        found.append(("quality", f"{values}, at most {beyond} out of range, {new} in new categories"))
    if policy.drift:
        drift = policy.drift
        found.append(("drift", f"minor from psi {drift.minor:g}, significant from psi {drift.significant:g}"))
    if policy.performance:
        target = policy.performance
        worse = "" if target.at_most_worse is None else percent(target.at_most_worse)
        bound = (
            f"limit {target.limit:g}"
            if target.limit is not None
            else f"at most {worse} worse than the baseline"
        )
        found.append(("performance", f"{target.score}: {bound}"))
    if policy.value:
        found.append(("value", _value(policy)))
    if policy.latency:
        found.append(("latency", _latency(policy)))
    if policy.errors:
        found.append(("errors", f"at most {percent(policy.errors.at_most)} of the requests fail"))
    return found


def _value(policy: Policy) -> str:
    target = policy.value
    if target is not None and target.at_least_per_prediction is not None:
        return f"at least {target.at_least_per_prediction:g} per prediction"
    worse = 0.0 if target is None else target.at_most_worse or 0.0
    return f"at most {percent(worse)} worse than the baseline per prediction"


def _latency(policy: Policy) -> str:
    target = policy.latency
    bounds = [] if target is None else [
        f"{name} at most {bound:g} ms"
        for name, bound in (
            ("p50", target.p50_at_most), ("p95", target.p95_at_most), ("p99", target.p99_at_most)
        )
        if bound is not None
    ]  # fmt: skip
    return ", ".join(bounds)
