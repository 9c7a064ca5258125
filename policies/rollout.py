"""What an unseen rollout, a foreign change and an old version that is not ready do to incidents. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal, TypeAlias

from policies.incidents import Incident, IncidentChange
from policies.objectives.wording import percent
from policies.target import TARGET
from policies.verdict import Severity

RolloutKind: TypeAlias = Literal["not_verified", "foreign_change", "not_ready"]
# What stands in notes and sentences until a version was seen to answer.
REQUESTED = "requested, not verified"
# The newest rows of a log that have to name one version: fewer, where fewer came.
NEWEST = 10
# The newest rows that have to show the share of a canary. What is sticky by its users moves in lumps, so that
# only a share is refuted whose odds are surely less than half or more than twice those that were ordered.
NEWEST_OF_SPLIT = 200
_SURELY, _ODDS = 0.999, 2.0
_SEVERITY: Mapping[RolloutKind, Severity] = {
    "not_verified": Severity.HIGH,
    "foreign_change": Severity.HIGH,
    "not_ready": Severity.LOW,  # a finding by day: nobody is woken for a rehearsal
}


@dataclass(frozen=True)
class Sighting:
    """Which versions answered since an order went out, the newest rows last, or what a probe said.

    `told` is False where nothing can say who answers: the log names no versions and there is no probe.
    """

    versions: tuple[str, ...] = ()
    told: bool = True
    where: str = "the prediction log"


def is_verified(sighting: Sighting, version: str) -> bool:
    """Say whether a version was seen to answer, and nobody else any more."""
    newest = sighting.versions[-NEWEST:]
    return bool(newest) and set(newest) == {version}


def is_split(sighting: Sighting, champion: str, challenger: str, share: float) -> bool:
    """Say whether both versions were seen to answer, nobody else, and the challenger about its share.

    The share is refuted when the Clopper-Pearson interval (`scipy.stats.binomtest`) of what was seen lies
    beyond the odds that are still taken for it.
    """
    newest = sighting.versions[-NEWEST_OF_SPLIT:]
    if set(newest) != {champion, challenger}:
        return False
    # scipy comes with it, which orders without a canary do not pay
    from scipy.stats import binomtest

    seen = binomtest(newest.count(challenger), len(newest)).proportion_ci(_SURELY, method="exact")
    odds = share / (1 - share)
    low, high = (each / (1 + each) for each in (odds / _ODDS, odds * _ODDS))
    return bool(seen.low <= high and seen.high >= low)


def not_split(sighting: Sighting, challenger: str, share: float) -> str:
    """Say in a sentence why a canary was not seen to answer its share."""
    newest = sighting.versions[-NEWEST_OF_SPLIT:]
    if not newest:
        return f"{sighting.where} has named nobody since"
    rows = f"{newest.count(challenger)} of the {len(newest)} newest rows"
    others = ", ".join(sorted(set(newest) - {challenger})) or "nobody"
    return f"{sighting.where} names version {challenger} in {rows} instead of {percent(share)}, else {others}"


def seen(sighting: Sighting, version: str) -> str:
    """Say in a sentence that a version was seen to answer, and in how many rows without a gap."""
    others = (back for back, each in enumerate(reversed(sighting.versions)) if each != version)
    rows = next(others, len(sighting.versions))
    counted = f": its {rows:,} newest rows name it" if rows > 1 else ""
    return f"{sighting.where} says that version {version} answers{counted}"


def unseen(sighting: Sighting, version: str) -> str:
    """Say in a sentence why a version was not seen to answer."""
    others = sorted({each for each in sighting.versions[-NEWEST:] if each != version})
    if others:
        return f"{sighting.where} still names version {' and '.join(others)} instead of {version}"
    return f"{sighting.where} has named nobody since"


def found(
    known: Sequence[Incident], model: str, kind: RolloutKind, sentence: str, at: datetime
) -> tuple[IncidentChange, ...]:
    """Return the incident that is opened for a finding; nothing while one of its kind is open."""
    if any(each.kind == kind and each.resolved is None for each in known):
        return ()
    incident = Incident(
        model=model,
        name=f"{kind}@{at:%Y-%m-%dT%H:%MZ}",
        objective=TARGET,
        kind=kind,
        began=at,
        last=at,
        severity=_SEVERITY[kind],
        sentence=sentence,
    )
    return (IncidentChange("opened", incident, sentence),)


def over(
    known: Sequence[Incident], kinds: Collection[RolloutKind], reason: str, at: datetime
) -> tuple[IncidentChange, ...]:
    """Return the ends of the open incidents of some kinds."""
    return tuple(
        IncidentChange("resolved", replace(each, last=max(at, each.last), resolved=reason), reason)
        for each in known
        if each.kind in kinds and each.resolved is None
    )
