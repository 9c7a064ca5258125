"""Following a registry that somebody else decides about."""

from collections.abc import Sequence
from datetime import datetime

from policies.policy import Policy
from profiles.errors import BaselineMissing
from profiles.held_out import HeldOut
from profiles.sensitive import discreet
from registry.canonical import dump
from registry.ledger import Ledger
from registry.model_registry import AttachedBaseline, ServedVersion, Versions
from registry.profile_store import ProfileStore
from registry.records import (
    PROPOSED,
    UNVERSIONED,
    Actor,
    Assignment,
    ModelVersion,
    RegisteredBaseline,
    TransitionRequest,
)


def adopt(
    policy: Policy,
    policy_digest: str,
    versions: Versions,
    ledger: Ledger,
    profiles: ProfileStore,
    at: datetime,
) -> Assignment:
    """Return who serves a model, taking over what its alias says where Muster does not decide.

    Under `external` authority every change of the alias becomes a transition by the actor `external`.
    Under `muster` authority only the first version is taken over; from then on the ledger decides.
    A registry that knows nobody leaves whoever serves by the ledger, such as the version that `muster init`
    registered. Raises BaselineMissing when nobody serves: no model of that name, or no such alias.
    """
    current = ledger.assignment(policy.model)
    if current is not None and policy.authority == "muster":
        return current
    served = versions.served(policy.registered_as, policy.alias)
    if served is None:
        if current is not None:
            return current
        raise BaselineMissing(
            f"nobody serves {policy.model}: the registry has no version of {policy.registered_as} "
            f"under the alias {policy.alias}; register one, or set registered_as and alias in the policy. "
            f"Without a model registry: muster baseline set {policy.model} --from TIME --to TIME"
        )
    if current is not None and (
        current.champion == served.version or _is_awaited(policy.model, served, ledger)
    ):
        return current
    bind(policy, served, versions, ledger, profiles, at)
    return ledger.transit(_adoption(policy, policy_digest, served, current), at=at)


def _is_awaited(model: str, served: ServedVersion, ledger: Ledger) -> bool:
    """Say whether the alias only has not followed yet: a delivery was asked to leave what it names."""
    if not ledger.intents(model, ("carry_out",), open_only=True):
        return False
    moved = [
        each
        for each in ledger.transitions(model)
        if each.before is not None and each.before.champion != each.after.champion
    ]
    last = moved[-1] if moved else None
    return (
        last is not None
        and last.kind in {"promoted", "rolled_back"}
        and last.before is not None
        and last.before.champion == served.version
    )


def adopt_unregistered(
    policy: Policy, policy_digest: str, version: str, ledger: Ledger, at: datetime
) -> Assignment:
    """Record that a version serves which no model registry knows, and return who serves now.

    `version` is what the traffic says of itself, or UNVERSIONED. Nothing changes where somebody serves.
    """
    current = ledger.assignment(policy.model)
    if current is not None:
        return current
    ledger.record_version(ModelVersion(policy.model, version, run_id=None, source="traffic"), (), at)
    return ledger.transit(
        TransitionRequest(
            model=policy.model,
            seen_revision=0,
            key=f"adopt unregistered version {version}",
            kind="adopted",
            actor="external",
            actor_kind="registry",
            reason=f"no model registry knows {policy.model}; {_told(version)}",
            champion=version,
            evidence={"source": "traffic"},
            policy_digest=policy_digest,
        ),
        at=at,
    )


def _told(version: str) -> str:
    if version == UNVERSIONED:
        return "its traffic names no version"
    return f"its traffic says that version {version} answers"


def set_baseline(
    baseline: RegisteredBaseline,
    current: Assignment,
    actor: Actor,
    ledger: Ledger,
    at: datetime,
    slices: Sequence[RegisteredBaseline] = (),
) -> None:
    """Bind a baseline to a version and record who did it, with the evidence; doing it again changes nothing.

    `slices` are the baselines of its segments. The version is recorded when the ledger does not know it.
    Raises LedgerConflict when it has another baseline of that name.
    """
    model, version, name = baseline.model, baseline.version, baseline.name
    known = ledger.version(model, version) or ModelVersion(model, version, run_id=None, source="traffic")
    ledger.record_version(known, (baseline, *slices), at)
    key = f"baseline {name} of version {version}"
    if any(each.key == key for each in ledger.transitions(model)):
        return
    ledger.transit(_binding(baseline, current, actor, key), at=at)


def _binding(baseline: RegisteredBaseline, current: Assignment, actor: Actor, key: str) -> TransitionRequest:
    """Return the wish that leaves everybody where they serve and tells of a baseline."""
    version, name = baseline.version, baseline.name
    return TransitionRequest(
        model=baseline.model,
        seen_revision=current.revision,
        key=key,
        kind="baselined",
        actor=actor.name,
        actor_kind=actor.kind,
        reason=f"version {version} is compared with the baseline {name}, {baseline.rows:,} rows"
        + ("" if baseline.period is None else f" of {baseline.period}"),
        champion=current.champion,
        previous=current.previous,
        challenger=current.challenger,
        challenger_role=current.challenger_role,
        weight=current.weight,
        bake_until=current.bake_until,
        frozen_by=current.frozen_by,
        evidence={
            "baseline": name,
            "version": version,
            "profile": baseline.profile_digest,
            "rows": baseline.rows,
            "confirmed": name != PROPOSED,
            "period": None if baseline.period is None else str(baseline.period),
        },
    )


def bind(
    policy: Policy,
    served: ServedVersion,
    versions: Versions,
    ledger: Ledger,
    profiles: ProfileStore,
    at: datetime,
) -> None:
    """Copy the version's baselines into Muster's own store, so that watching needs no registry."""
    baselines = tuple(
        _registered(policy, served.version, attached, profiles, at) for attached in versions.baselines(served)
    )
    ledger.record_version(
        ModelVersion(
            model=policy.model,
            version=served.version,
            run_id=served.run_id,
            source=served.source,
            registered_at=served.registered_at,
        ),
        baselines,
        at=at,
    )


def _registered(
    policy: Policy, version: str, attached: AttachedBaseline, profiles: ProfileStore, at: datetime
) -> RegisteredBaseline:
    facts = attached.facts
    # Windows keep digests of sensitive values, so the baseline that they are compared with does.
    begin = at if facts.period is None else facts.period.start
    profile = attached.profile
    if not facts.discreet:
        profile = discreet(profile, policy.traffic.sensitive, policy.model, at=begin)
    return RegisteredBaseline(
        model=policy.model,
        version=version,
        name=facts.name,
        profile_digest=profiles.put(profile),
        kind=facts.kind,
        rows=facts.rows,
        period=facts.period,
        scores=facts.scores,
        held_out=_kept(attached.held_out, policy, profiles),
    )


def _kept(held_out: HeldOut | None, policy: Policy, profiles: ProfileStore) -> str | None:
    """Store what held-out rows tell; a stratum's limits are values, which sensitive columns keep."""
    if held_out is None or set(held_out.strata.columns) & set(policy.traffic.sensitive):
        return None
    return profiles.put(dump(held_out).encode())


def _adoption(
    policy: Policy, policy_digest: str, served: ServedVersion, current: Assignment | None
) -> TransitionRequest:
    seen = 0 if current is None else current.revision
    return TransitionRequest(
        model=policy.model,
        seen_revision=seen,
        key=f"adopt version {served.version} after revision {seen}",
        kind="adopted",
        actor="external",
        actor_kind="registry",
        reason=f"the alias {policy.alias} of {policy.registered_as} names version {served.version}",
        champion=served.version,
        previous=None if current is None else current.champion,
        frozen_by=None if current is None else current.frozen_by,
        evidence={"alias": policy.alias, "source": served.source},
        policy_digest=policy_digest,
    )
