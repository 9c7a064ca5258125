"""Versions that answer in production, and Muster's own copies of them, as the settings say."""

from collections.abc import Iterable, Iterator

from flows.world import World
from policies.load import Fleet
from policies.policy import Policy
from profiles.errors import MusterError
from registry.ledger import Ledger
from registry.model_files import ModelStore
from registry.settings import Settings
from registry.versions import TRUSTED, MlflowVersions
from serving.predictions import Predictions
from serving.targets import refused

# The source of versions that only their traffic tells of.
UNREGISTERED = "traffic"


def open_copies(settings: Settings) -> ModelStore:
    """Return Muster's own copies, filled from the model registry of the settings."""
    versions = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts)
    return ModelStore(settings.models_root, versions.fetch)


def open_predictions(settings: Settings) -> Predictions:
    """Return `Predict` by child processes; leave it to end them."""
    return Predictions(open_copies(settings), settings.environments, settings.traffic_root, TRUSTED)


def keep_copies(fleet: Fleet, world: World, copies: ModelStore) -> tuple[str, ...]:
    """Copy every version that serves, served before or contends; return what could not be copied, and why.

    So they can be asked, and restored, while the model registry is away.
    """
    notes: list[str] = []
    for policy in (loaded.policy for loaded in fleet.policies):
        now = world.ledger.assignment(policy.model)
        wanted = () if now is None else (now.champion, now.previous, now.challenger)
        notes += _copied(policy, wanted, world.ledger, copies)
    return tuple(notes)


def keep(policy: Policy, ledger: Ledger, copies: ModelStore) -> tuple[str, ...]:
    """Copy the champion of one model and the version that a rollback would restore; see `keep_copies`."""
    if refused(policy) is not None:  # somebody else's delivery rolls it back
        return ()
    standing = ledger.standing(policy.model)
    wanted = (standing.champion, *standing.earlier[:1], policy.remediation.fallback)
    return tuple(_copied(policy, wanted, ledger, copies))


def _copied(
    policy: Policy, versions: Iterable[str | None], ledger: Ledger, copies: ModelStore
) -> Iterator[str]:
    """Copy those that are registered and not copied yet; yield what could not be copied, and why."""
    for version in filter(None, versions):
        known = ledger.version(policy.model, version)
        if known is None or known.source == UNREGISTERED or copies.has(policy.registered_as, version):
            continue
        try:
            copies.files(policy.registered_as, version, known.artifact_digest)
        except MusterError as error:
            yield f"there is no copy of version {version} of {policy.model}: {error}"
