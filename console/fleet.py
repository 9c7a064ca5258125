"""The policy files that the settings name, as commands need them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from profiles.errors import MusterError

if TYPE_CHECKING:
    from policies.load import Fleet
    from registry.settings import Settings


def policy_roots(settings: Settings) -> tuple[Path, ...]:
    """Return the roots of policy folders; MusterError when the settings name none.

    No root is not an empty fleet: it would check nothing and call it well, or remove everything.
    """
    if not settings.policies:
        raise MusterError(
            "the settings name no policy roots; write `policies = [...]` in a muster.toml, or set "
            "MUSTER_POLICIES"
        )
    return tuple(Path(root) for root in settings.policies)


def load_fleet(settings: Settings) -> Fleet:
    """Return all policies with all their faults; MusterError when the settings name no roots."""
    from policies.load import load_policies

    return load_policies(policy_roots(settings))
