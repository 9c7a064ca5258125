"""Which models could not be rolled back if it had to be now."""

from collections.abc import Iterator

from flows.predicting import open_copies
from policies.load import Fleet
from registry.ledger import Ledger
from registry.settings import Settings
from serving.targets import refused


def complaints(settings: Settings, fleet: Fleet, ledger: Ledger) -> Iterator[tuple[str, str]]:
    """Yield what a rollback would fail on, each with what mends it.

    Models that somebody else's delivery moves are rolled back there.
    """
    models = open_copies(settings)
    for loaded in fleet.policies:
        policy = loaded.policy
        standing = ledger.standing(policy.model)
        if refused(policy) is not None or standing.champion is None:
            continue
        back = next(iter(standing.earlier), policy.remediation.fallback)
        if back in {None, standing.champion}:
            wrong = f"{policy.model} has no champion before version {standing.champion} to roll back to"
            yield wrong, "name a version that is known to be good as remediation.fallback in its policy"
            continue
        recorded = ledger.version(policy.model, str(back))
        if recorded is None:
            yield (
                f"{policy.model} would be rolled back to version {back}, which the ledger does not know",
                ("correct remediation.fallback in its policy"),
            )
        elif recorded.source != "traffic" and not models.has(policy.registered_as, str(back)):
            wrong = f"version {back} of {policy.model} was not copied: MLflow has to live for its test"
            yield wrong, "prefect deployment run rehearse/fleet"
