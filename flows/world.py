"""Everything around a step that is not the step: clock, traffic, registry and ledger."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from policies.policy import Policy
from profiles.see import Sight
from registry.ledger import Ledger
from registry.model_registry import Versions
from registry.profile_store import ProfileStore
from registry.settings import Settings
from registry.versions import MlflowVersions

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return the present in UTC; the only place where Muster asks for it."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class World:
    """What steps work on. A replay gives another clock, a test gives fakes."""

    clock: Clock
    ledger: Ledger
    profiles: ProfileStore
    versions: Versions
    root: Path
    flow_run: str | None = None

    def sight(self, policy: Policy) -> Sight:
        """Return where and how to look at a model's traffic."""
        return sight_of(policy, self.root)


def sight_of(policy: Policy, root: Path) -> Sight:
    """Return where and how to look at a model's traffic, relative paths starting at `root`."""
    return Sight(
        traffic=policy.traffic,
        labels=policy.labels,
        metrics=() if policy.performance is None else (policy.performance.score,),
        root=root,
        segments=policy.segments,
        minimum_rows=policy.minimum_rows,
        salt=policy.model,
        classes=policy.task == "classification",
    )


def open_world(settings: Settings, clock: Clock = wall_clock, flow_run: str | None = None) -> World:
    """Open the ledger and the stores that the settings name."""
    return World(
        clock=clock,
        ledger=Ledger.open(settings.database_url),
        profiles=ProfileStore(settings.profiles_root),
        versions=MlflowVersions(settings.mlflow_uri, settings.mlflow_artifacts),
        root=settings.traffic_root,
        flow_run=flow_run,
    )
