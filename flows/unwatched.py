"""Looking for what nobody watches: in the model registry, and beside the traffic that is read."""

from flows.world import Clock, wall_clock
from policies.load import Fleet
from policies.unwatched import Unwatched, paths_read, unwatched_models
from profiles.neighbours import unread_folders
from registry.remembered import remember
from registry.settings import Settings
from registry.versions import MlflowVersions


def look(settings: Settings, fleet: Fleet, clock: Clock = wall_clock) -> tuple[Unwatched, ...]:
    """Return the registered models and the folders of rows without a policy, and remember them.

    Raises RegistryUnavailable when MLflow does not answer. A thousand models cost two to three seconds.
    """
    policies = [each.policy for each in fleet.policies]
    broken = {fault.model for fault in fleet.faults if fault.model is not None}
    registered = MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts).aliases()
    root = settings.traffic_root
    found = (
        *unwatched_models(registered, policies, broken),
        *(
            Unwatched("traffic", str(each.relative_to(root) if each.is_relative_to(root) else each), "rows")
            for each in unread_folders(paths_read(policies), root)
            if not each.is_relative_to(settings.state)
        ),
    )
    remember(settings.state, clock(), [each.name for each in found])
    return found
