"""From the keys of `remediation` that a model and its team wrote to the limits that hold."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from policies.defaults import COMPARE_EVERY, first
from policies.faults import Problem
from policies.remediation import (
    Bake,
    Canary,
    ChangeFreeze,
    GateLimits,
    Recipe,
    Remediation,
    Retrain,
    Shadow,
    Trainer,
    TrainerKind,
)
from policies.schema import PolicyFile, TeamFile
from policies.written_remediation import TrainerFile
from policies.written_types import Written

_PLACE = ("remediation",)
_ENTRIES: tuple[TrainerKind, ...] = ("function", "command", "deployment")


def remediation(file: PolicyFile, team: TeamFile) -> Remediation:
    """Fill in every default of every section: the model's value, else the team's, else Muster's."""
    own, teams, ours = file.remediation, team.defaults.remediation, Remediation()

    def said(section: str, part: Any) -> dict[str, Any]:
        written = (getattr(teams, section), getattr(own, section))
        known = {name: getattr(part, name) for name in vars(part)}
        return {**known, **{key: value for each in written for key, value in _set(each).items()}}

    plain = {
        key: value
        for each in (teams, own)
        for key, value in _set(each).items()
        if key in {"fallback", "rolls_with", "claimed_promotions"}
    }
    freezes = own.change_freezes if own.change_freezes is not None else teams.change_freezes
    return Remediation(
        retrain=_retrain(said("retrain", ours.retrain), file, team),
        recipe=Recipe(**said("recipe", ours.recipe)),
        trainer=_trainer(file, team),
        shadow=Shadow(**said("shadow", ours.shadow)),
        canary=Canary(**said("canary", ours.canary)),
        gate=GateLimits(**said("gate", ours.gate)),
        bake=Bake(**said("bake", ours.bake)),
        change_freezes=tuple(ChangeFreeze(each.first, each.last) for each in freezes or ()),
        **plain,
    )


def remedies_contradict(file: PolicyFile, team: TeamFile) -> Iterator[Problem]:
    """Yield what is wrong with `remediation` although every key by itself is right."""
    own, found = file.remediation, remediation(file, team)
    entries = [name for name in _ENTRIES if getattr(own.trainer, name) is not None]
    if len(entries) > 1:
        message = f"names {' and '.join(entries)}; one of them fits a challenger"
        yield Problem((*_PLACE, "trainer", entries[1]), message)
    steps = found.canary.steps
    if list(steps) != sorted(set(steps)):
        yield Problem((*_PLACE, "canary", "steps"), "has to rise from step to step, such as [10%, 50%]")
    if not found.recipe.recent and not found.recipe.all_history:
        message = "leaves nothing to fit on; write a span under recent, or all_history: true"
        yield Problem((*_PLACE, "recipe", "all_history"), message)
    for index, freeze in enumerate(own.change_freezes or ()):
        if freeze.last < freeze.first:
            message = f"{freeze.last} is before the first day, {freeze.first}"
            yield Problem((*_PLACE, "change_freezes", index, "last"), message)
    if file.model in found.rolls_with:
        yield Problem((*_PLACE, "rolls_with"), "names the model itself; name the others")


def _retrain(said: dict[str, Any], file: PolicyFile, team: TeamFile) -> Retrain:
    """Return when a challenger is made; only where Muster acts do comparisons ask nobody for anything."""
    found = Retrain(**said)
    acts = first(file.automation, team.defaults.automation, "observe") == "act"
    return replace(found, compare_every=COMPARE_EVERY) if acts and found.compare_every is None else found


def _trainer(file: PolicyFile, team: TeamFile) -> Trainer:
    """Return who fits; a model that names an entry does not inherit its team's."""
    own, teams = file.remediation.trainer, team.defaults.remediation.trainer
    kind, entry = _entry(own) or _entry(teams) or ("refit", None)
    written = {**_set(teams), **_set(own)}
    limit = written.get("at_most", Trainer.at_most)
    return Trainer(kind, entry, written.get("folder"), written.get("python"), limit)


def _entry(trainer: TrainerFile) -> tuple[TrainerKind, str] | None:
    named = [(kind, entry) for kind in _ENTRIES if (entry := getattr(trainer, kind)) is not None]
    return named[0] if named else None


def _set(part: Written) -> dict[str, Any]:
    """Return the keys that a person wrote, with their values."""
    return {name: value for name in part.model_fields_set if (value := getattr(part, name)) is not None}
