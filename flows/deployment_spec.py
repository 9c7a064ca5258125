"""What a Prefect deployment is, in Muster's words. Pure."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property

FLEET = "fleet"


@dataclass(frozen=True)
class DeploymentSpec:
    """One Prefect deployment, in Muster's words.

    `cron` is in `timezone`; None means that only a person or an event starts it. While
    `concurrency_limit` runs are going on, `collision_strategy` decides what becomes of the next one.
    `parameters` are JSON values, `description` is markdown for Prefect's pages, and `work_queue` None
    is the work pool's default queue.
    """

    flow_name: str
    name: str
    entrypoint: str
    parameters: Mapping[str, str | int]
    cron: str | None
    tags: tuple[str, ...]
    work_pool: str
    description: str
    timezone: str = "UTC"
    work_queue: str | None = None
    concurrency_limit: int = 1
    collision_strategy: str = "CANCEL_NEW"
    # Fields that runs keep up to date on the server: made once, then neither compared nor changed.
    living: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """The name by which Prefect's commands know it: `flow/deployment`."""
        return f"{self.flow_name}/{self.name}"

    @cached_property
    def version(self) -> str:
        """Twelve hexadecimal digits of the SHA-256 of everything above, as canonical JSON."""
        content = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(content.encode()).hexdigest()[:12]


def instance_tag(instance: str) -> str:
    """Return the tag that marks a deployment as made, and therefore owned, by one Muster instance."""
    return f"muster-instance:{instance}"


def origin(instance: str, *, scheduled: bool = True) -> str:
    """Return where a deployment comes from, and what of it may be changed on Prefect's pages (markdown)."""
    made = f"Made from the policy files of Muster instance `{instance}`."
    if not scheduled:
        return f"{made} Changes belong there: the next `muster apply` overwrites what is changed here."
    return (
        f"{made} To stop it for a while, pause its schedule here: `muster apply` keeps the pause. Any other"
        " change belongs into the policy files; the next `muster apply` overwrites it here."
    )


def for_fleet(
    flow_name: str, entrypoint: str, what: str, instance: str, work_pool: str, cron: str | None = None
) -> DeploymentSpec:
    """Return the one deployment of a flow that is for all models; `what` it does is markdown."""
    return DeploymentSpec(
        flow_name=flow_name,
        name=FLEET,
        entrypoint=entrypoint,
        parameters={},
        cron=cron,
        tags=("muster", instance_tag(instance)),
        work_pool=work_pool,
        description=f"{what}\n\n{origin(instance, scheduled=cron is not None)}",
    )
