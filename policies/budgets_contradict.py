"""Error budgets that allow less than one event, cannot be counted, or whose burns can never be too fast."""

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from math import ceil

from policies.budget import burn_limit, by_windows, exact
from policies.budget_defaults import period, unit
from policies.defaults import (
    MINIMUM_ROWS,
    errors_keys,
    first,
    latency_keys,
    merged,
    performance_keys,
    value_keys,
)
from policies.faults import Problem, Where
from policies.objectives.wording import percent
from policies.policy import Budget, BurnTier
from policies.schema import PolicyFile, TeamFile
from policies.written_budget import BudgetFile
from policies.written_objectives import DriftFile, FreshnessFile, QualityFile, VolumeFile
from profiles.window import Cadence, spelled

_LEAST = 4  # windows of a period: of fewer, no share says anything
_MOST = 10_000  # windows of a period: each verdict counts them
_PLACES = (2, 4, 6, 8, 10)  # of a percentage, as many as show two digits
_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)


def budgets(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    """Yield what is wrong with the budgets that hold, a model's own or its team's."""
    cadence = file.cadence or team.defaults.cadence
    if cadence is None:
        return
    minimum_rows = first(file.minimum_rows, team.defaults.minimum_rows, MINIMUM_ROWS)
    for objective, keys in _written(file, team):
        place = ("objectives", objective, "budget")
        if (wrong := _refused(objective, keys, cadence)) is not None:
            yield Problem((*place, wrong[0]) if wrong[0] else place, wrong[1])
            continue
        budget = Budget(unit(keys, objective), first(keys.allow, 0.0), keys.over or period(cadence))
        least = Fraction(1 if budget.of == "windows" else minimum_rows)
        if (too_small := _too_small(budget, cadence, least)) is not None:
            yield Problem((*place, "allow"), too_small)
            continue
        yield from _burns(objective, keys, budget, cadence)


def _written(file: PolicyFile, team: TeamFile) -> Iterator[tuple[str, BudgetFile]]:
    own, ours = file.objectives, team.defaults.objectives
    written = {
        "freshness": merged(own.freshness, ours.freshness, FreshnessFile),
        "volume": merged(own.volume, ours.volume, VolumeFile),
        "quality": merged(own.quality, ours.quality, QualityFile),
        "drift": merged(own.drift, ours.drift, DriftFile),
        "performance": performance_keys(file, team),
        "value": value_keys(file, team),
        "latency": latency_keys(file, team),
        "errors": errors_keys(file, team),
    }
    for objective, keys in written.items():
        if keys is not None and isinstance(keys.budget, BudgetFile):
            yield objective, keys.budget


def _refused(objective: str, keys: BudgetFile, cadence: Cadence) -> tuple[str, str] | None:
    """Return the key and the reason for which a budget cannot be counted at all."""
    over = keys.over or period(cadence)
    windows = cadence.count(over)
    if keys.of == "rows" and objective == "freshness":
        return "of", "a silence has no rows to count; write of: windows"
    if keys.allow is None:
        return "", "needs the share that may fall short; write allow: 1%"
    if keys.allow in (0.0, 1.0):
        said = "allows nothing, as without a budget" if keys.allow == 0 else "allows everything"
        return "allow", f"{percent(keys.allow)} {said}; write a share between, or budget: off"
    if windows < _LEAST:
        asked = f"write {spelled(_LEAST * cadence.length)} or longer"
        return (
            "over",
            f"{spelled(over)} holds {windows} of the windows of {cadence}, too few to count; {asked}",
        )
    if windows > _MOST:
        asked = f"write {_days(_MOST * cadence.length, -1)} or shorter"
        return "over", f"{spelled(over)} holds {windows:,} windows of {cadence}, too many to count; {asked}"
    return None


def _too_small(budget: Budget, cadence: Cadence, least: Fraction) -> str | None:
    windows, share = cadence.count(budget.over), exact(budget.allow)
    if share * least * windows >= 1:
        return None
    one, enough = budget.of.removesuffix("s"), ceil(1 / (share * least)) * cadence.length
    said = f"{percent(budget.allow)} of the {windows} windows in {spelled(budget.over)}"
    if budget.of == "rows":
        said = f"{percent(budget.allow)} of the least rows in {spelled(budget.over)}"
        said += f", {windows} windows of {least},"
    longer = f", or over: {_days(enough, 1)} or longer" if enough <= _MOST * cadence.length else ""
    return f"{said} is less than one {one}; write {_percent_up(1 / (least * windows))} or more{longer}"


def _burns(objective: str, keys: BudgetFile, budget: Budget, cadence: Cadence) -> Iterator[Problem]:
    seen = set()
    for index, each in enumerate(keys.burn or ()):
        place: Where = ("objectives", objective, "budget", "burn", index)
        tier = BurnTier(each.severity, each.spends, each.within)
        wrong = _never(tier, budget) or _at_once(tier, objective, budget, cadence)
        if wrong is not None:
            yield Problem((*place, wrong[0]), wrong[1])
        elif (tier.severity, tier.within) in seen:
            message = (
                f"another burn within {spelled(tier.within)} is {tier.severity} already; write one of them"
            )
            yield Problem((*place, "within"), message)
        seen.add((tier.severity, tier.within))


def _never(tier: BurnTier, budget: Budget) -> tuple[str, str] | None:
    """Return the key and the reason for which a tier is no burn, or one that cannot be."""
    within, over, share = spelled(tier.within), spelled(budget.over), exact(budget.allow)
    if tier.within > budget.over:
        return "within", f"{within} is longer than the budget's {over}; write a part of it"
    part = Fraction(tier.within // _SECOND, budget.over // _SECOND)
    limit = burn_limit(tier, budget)
    if tier.spends == 1:
        return "spends", "a budget that is spent is a breach by itself; write less than 100%"
    if limit < 1:
        asked = f"write {_percent_up(part)} or more"
        return "spends", f"{percent(tier.spends)} within {within} would last longer than {over}; {asked}"
    if limit * share >= 1:
        most = percent(float(part / share))
        return (
            "spends",
            f"within {within} no more than {most} can be spent; write less, or within: a longer span",
        )
    return None


def _at_once(tier: BurnTier, objective: str, budget: Budget, cadence: Cadence) -> tuple[str, str] | None:
    """Return the key and the reason for which a single window that fell short would be a burn."""
    long, share = cadence.count(tier.within), exact(budget.allow)
    if not by_windows(objective, budget) or burn_limit(tier, budget) * share * long >= 1:
        return None
    enough = Fraction(tier.within // _SECOND, budget.over // _SECOND) / (share * long)
    asked = f"write {_percent_up(enough)} or more" if enough < 1 else "write within: a longer span"
    said = f"{percent(tier.spends)} of this budget within {spelled(tier.within)} is less than one window"
    return "spends", f"{said}; {asked}"


def _days(span: timedelta, direction: int) -> str:
    """Write a span in whole days, rounded up (1) or down (-1), where it has any."""
    whole = span // _DAY if direction < 0 else -(-span // _DAY)
    return spelled(whole * _DAY if span >= _DAY else span)


def _percent_up(share: Fraction) -> str:
    """Write a share that is no smaller, in hundredths of a percent or as exactly as it takes."""
    places = next((n for n in _PLACES if share * 10 ** (n + 1) >= 1), _PLACES[-1])
    return f"{ceil(share * 10 ** (places + 2)) / 10**places:.{places}f}".rstrip("0").rstrip(".") + "%"
