"""Following a registry that somebody else decides about."""

from datetime import datetime

from policies.policy import Policy
from profiles.errors import BaselineMissing
from registry.ledger import Ledger
from registry.profile_store import ProfileStore
from registry.records import (
    Assignment,
    ModelVersion,
    RegisteredBaseline,
    TransitionRequest,
)
from registry.versions import AttachedBaseline, ServedVersion, Versions


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
    Raises BaselineMissing when nobody serves: no model of that name, or no such alias.
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
            f"under the alias {policy.alias}; register one, or set registered_as and alias in the policy"
        )
    if current is not None and current.champion == served.version:
        return current
    _bind(policy.model, served, versions, ledger, profiles, at)
    return ledger.transit(_adoption(policy, policy_digest, served, current), at=at)


def _bind(
    model: str,
    served: ServedVersion,
    versions: Versions,
    ledger: Ledger,
    profiles: ProfileStore,
    at: datetime,
) -> None:
    """Copy the version's baselines into Muster's own store, so that watching needs no registry."""
    baselines = tuple(
        _registered(model, served.version, attached, profiles) for attached in versions.baselines(served)
    )
    ledger.record_version(
        ModelVersion(
            model=model,
            version=served.version,
            run_id=served.run_id,
            source=served.source,
            registered_at=served.registered_at,
        ),
        baselines,
        at=at,
    )


def _registered(
    model: str, version: str, attached: AttachedBaseline, profiles: ProfileStore
) -> RegisteredBaseline:
    facts = attached.facts
    return RegisteredBaseline(
        model=model,
        version=version,
        name=facts.name,
        profile_digest=profiles.put(attached.profile),
        kind=facts.kind,
        rows=facts.rows,
        period=facts.period,
        scores=facts.scores,
    )


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
        evidence={"alias": policy.alias, "source": served.source},
        policy_digest=policy_digest,
    )
