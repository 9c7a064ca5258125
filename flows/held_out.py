"""What held-out rows tell of the version that serves, by the ledger's baselines. No Prefect here."""

from dataclasses import replace

from flows.world import World
from policies.baselines import baseline_for
from policies.policy import Policy
from profiles.errors import ProfileUnreadable
from profiles.held_out import HeldOut
from profiles.reading import BaselineRef
from profiles.window import Window
from registry.canonical import load


def held_out_of(policy: Policy, version: str | None, window: Window, world: World) -> HeldOut | None:
    """Return what is told of a version: by the window's baseline, else by another baseline of the version.

    None where nobody learned about it, or what was stored is lost: windows are judged without it too.
    """
    if version is None:
        return None
    chosen = world.ledger.baseline(policy.model, version, baseline_for(window, policy.baselines))
    others = (each for each in world.ledger.baselines(policy.model) if each.version == version)
    first = next((each.held_out for each in (chosen, *others) if each is not None and each.held_out), None)
    if first is None:
        return None
    try:
        return load(HeldOut, world.profiles.get(first))
    except ProfileUnreadable:
        return None


def with_held_out(baseline: BaselineRef, held_out: HeldOut | None) -> BaselineRef:
    """Return the reference with the losses and the importance that a diagnosis goes by."""
    if held_out is None:
        return baseline
    return replace(baseline, losses=held_out.losses, importance=held_out.importance)
