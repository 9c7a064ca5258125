"""The fleet's deployments as a prefect.yaml for plain `prefect deploy --all`."""

from collections.abc import Sequence
from typing import Any

import yaml

from flows.deployments import SCHEDULE_SLUG, DeploymentSpec

_HEAD = """\
# Generated from the policy files by `muster render`: change those, not this file.
# Deploy it with `prefect --no-prompt deploy --all`; the work pool has to exist (`prefect work-pool create
# --type process NAME`). `muster apply` makes the same deployments, creates the work pool and, on request,
# removes deployments that no policy needs any more; `prefect deploy` never removes one.
"""


class _Dumper(yaml.SafeDumper):
    """Writes texts of several lines as blocks, because a person reads them."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def render(specs: Sequence[DeploymentSpec]) -> str:
    """Return the text of a prefect.yaml that makes exactly the deployments `specs`, in their order.

    It names no directory and no address, so it can be committed and deployed from anywhere: entrypoints
    are modules of the installed package, and the empty `pull` keeps `prefect deploy` from writing the
    directory in which it happened to run into every deployment.
    """
    document = {"name": "muster", "pull": [], "deployments": [_deployment(spec) for spec in specs]}
    body = yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    return f"{_HEAD}{body}"


def _deployment(spec: DeploymentSpec) -> dict[str, Any]:
    """Return one entry of the `deployments` list."""
    pool = {"name": spec.work_pool}
    if spec.work_queue is not None:
        pool["work_queue_name"] = spec.work_queue
    entry: dict[str, Any] = {
        "name": spec.name,
        "version": spec.version,
        "flow_name": spec.flow_name,
        "entrypoint": spec.entrypoint,
        "description": spec.description,
        "tags": list(spec.tags),
        "parameters": dict(spec.parameters),
        "enforce_parameter_schema": True,
        "work_pool": pool,
        "concurrency_limit": {
            "limit": spec.concurrency_limit,
            "collision_strategy": spec.collision_strategy,
        },
    }
    if spec.cron is not None:
        # Without `active`: a deploy must not wake a schedule that a person has paused.
        entry["schedules"] = [{"cron": spec.cron, "timezone": spec.timezone, "slug": SCHEDULE_SLUG}]
    return entry
